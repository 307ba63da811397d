"""T08 T16 T19 HTTP/1.1 with varnishtest scripts (vtc/*.vtc) that act as a client of regpass and as its origin."""

import re
import subprocess
import sys

import sandbox

HOST = "origin.test:8080"
sandbox.enter(["origin.test"], programs=["varnishtest"])

# With `observe`, the origin receives only the client's request, without a ping from regpass before it.
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
workers = 1  # each worker has its own pool, and the scripts depend on which connection is reused
"""
PLACES = {"origin": f"{sandbox.ADDRESS}:8080", "mirror": "127.0.0.1:5000", "proxy": f"127.0.0.1:{sandbox.PROXY_PORT}"}
# varnishtest lines that describe the failure, after the name of the client or server.
TELLING = re.compile(r"^(?:----|\*{2,3}) +\S+ +(?!.*\btop\b).*", re.MULTILINE)


def main() -> int:
    failed = 0
    scripts = sorted((sandbox.HERE / "vtc").glob("*.vtc"))
    with sandbox.Directory() as directory, sandbox.Regpass(directory.path, SETTINGS):
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
