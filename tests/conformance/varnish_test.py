"""T08 T16 T19 HTTP/1.1 as varnishtest's scripts (vtc/*.vtc) play it: a client before regpass, an origin behind it."""

import re
import subprocess
import sys

import ground

HOST = "origin.test:8080"
ground.enter(["origin.test"], programs=["varnishtest"])

# `observe`: what an origin is sent is the client's request, and not a question of regpass's own before it.
SETTINGS = f"""\
[[mirror]]
listen = "127.0.0.1:5000"
registry = "{HOST}"
[[registry]]
host = "{HOST}"
plain_http = true
authorization = "observe"
push = ["*"]
[limits]
workers = 1  # each has a pool of its own, and the scripts say which connection is used again
"""
PLACES = {"origin": f"{ground.ADDRESS}:8080", "mirror": "127.0.0.1:5000", "proxy": f"127.0.0.1:{ground.PROXY_PORT}"}
# Lines of varnishtest that say what went wrong, behind the name of the client or server.
TELLING = re.compile(r"^(?:----|\*{2,3}) +\S+ +(?!.*\btop\b).*", re.MULTILINE)


def main() -> int:
    failed = 0
    scripts = sorted((ground.HERE / "vtc").glob("*.vtc"))
    with ground.Directory() as directory, ground.Regpass(directory.path, SETTINGS):
        for script in scripts:
            places = [f"-D{name}={place}" for name, place in PLACES.items()]
            argv = ["varnishtest", "-v", "-t", "20", *places, str(script)]
            done = subprocess.run(argv, capture_output=True, text=True, errors="replace", timeout=40, check=False)
            good = done.returncode == 0
            failed += not good
            print(f"{'passed' if good else 'FAILED'}: {script.stem}")
            if not good:
                print("\n".join(TELLING.findall(done.stdout + done.stderr)[-25:]))
    print(f"{len(scripts)} scripts, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
