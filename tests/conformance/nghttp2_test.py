"""T21 HTTP/2 with nghttp2's own tools: nghttp and h2load as clients of regpass, nghttpd as its upstream.

Padding, CONTINUATION, small windows, uploads, many streams on many connections: every body arrives intact.
"""

import re
import secrets
import subprocess
import sys

import sandbox

HOST = "origin.test"
sandbox.enter([HOST], programs=["nghttp", "h2load", "nghttpd"])

import certificates  # noqa: E402
import processes  # noqa: E402

SETTINGS = """\
[[mirror]]
listen = "127.0.0.1:5000"
registry = "origin.test"
[[registry]]
host = "origin.test"
push = ["*"]
"""
BLOB, SIZE = "/v2/app/blobs/sha256:" + "0" * 64, 3_000_000
SMALL = "/v2/app/manifests/small"
URL = "http://127.0.0.1:5000"
HEADS = {
    "plainly": [],
    "with padding": ["--padding=255"],
    "with CONTINUATION": ["--continuation", "-H", "x-long: " + "y" * 20_000],
    "with a window of 1 KiB": ["--window-bits=10"],
    "with the largest windows": ["--window-bits=30", "--connection-window-bits=30"],
    "with no table for heads": ["--header-table-size=0"],
    "without dependencies": ["--no-dep"],
    "with a large table for heads": ["--header-table-size=65536"],
}
UPLOADS = {"counted": [], "of unknown length": ["--no-content-length"], "with a trailer": ["--trailer", "x-sum: 1"]}
LOADS = {
    "one connection, one stream at a time": ["-n200", "-c1", "-m1"],
    "one connection, a hundred streams": ["-n2000", "-c1", "-m100"],
    "twenty connections, fifty streams each": ["-n3000", "-c20", "-m50"],
    "small windows": ["-n500", "-c4", "-m20", "-w10", "-W16"],
    "HTTP/1.1": ["-n500", "-c10", "--h1"],
}
failures = []


def expect(good: bool, name: str, diagnostics: str = "") -> None:
    print(f"{'passed' if good else 'FAILED'}: {name}")
    if not good:
        failures.append(name)
        print(diagnostics[-1500:])


def run(*argv: str) -> tuple[int, bytes, str]:
    result = subprocess.run(argv, capture_output=True, timeout=60, check=False)
    return result.returncode, result.stdout, result.stderr.decode(errors="replace")


def bodies(content: bytes) -> None:
    for variant, options in HEADS.items():
        status, body, diagnostics = run("nghttp", *options, URL + BLOB)
        expect(status == 0 and body == content, f"nghttp {variant}", diagnostics or f"{len(body)} bytes of {len(content)}")
    status, body, diagnostics = run("nghttp", "--multiply=50", URL + SMALL)
    expect(status == 0 and body == b"small" * 50, "nghttp, fifty streams", diagnostics)


def uploads(directory) -> None:
    file = directory / "layer"
    file.write_bytes(secrets.token_bytes(2_000_000))
    for variant, options in UPLOADS.items():
        # nghttpd accepts any body and responds with the file.
        status, printed, diagnostics = run("nghttp", "-nv", *options, f"--data={file}", "-H", ":method: PUT", URL + SMALL)
        good = status == 0 and b":status: 200" in printed
        expect(good, f"nghttp uploads, {variant}", printed.decode(errors="replace") + diagnostics)


def loads() -> None:
    for variant, options in LOADS.items():
        _, printed, diagnostics = run("h2load", *options, URL + SMALL)
        text = printed.decode()
        count = options[0].removeprefix("-n")
        good = f"{count} succeeded, 0 failed, 0 errored" in text and f"{count} 2xx" in text
        expect(good, f"h2load, {variant}", text + diagnostics)
    _, printed, diagnostics = run("h2load", "-n60", "-c3", "-m20", URL + BLOB)
    moved = re.search(r"\((\d+)\) data", printed.decode())
    expect(bool(moved) and int(moved[1]) == 60 * SIZE, "h2load, sixty large bodies", printed.decode() + diagnostics)


def main() -> int:
    with sandbox.Directory() as directory:
        authority = directory.authority()
        certificates.write_pair(directory.path / "origin", *authority.issue(HOST))
        content = secrets.token_bytes(SIZE)
        files = {BLOB: content, SMALL: b"small", "/v2/index.html": b"{}"}
        for path, text in files.items():
            file = directory.path / "files" / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text)
        pair = [str(directory.path / "origin.key"), str(directory.path / "origin.crt")]
        argv = ["nghttpd", f"--address={sandbox.ADDRESS}", f"--htdocs={directory.path}/files", "443", *pair]
        server = sandbox.serve_in_background(argv, (sandbox.ADDRESS, 443), directory.path / "nghttpd.output")
        trust = {"SSL_CERT_FILE": str(directory.path / "upstream.crt")}
        try:
            with sandbox.Regpass(directory.path, SETTINGS, trust) as regpass:
                bodies(content)
                uploads(directory.path)
                loads()
                spoken = {line["http"]["upstream"] for line in regpass.events("exchange")}
                expect(spoken == {"2"}, "upstream connections use only HTTP/2", str(spoken))
        finally:
            processes.end_child(server, 5)
    print(f"{len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
