"""HTTP/2 on both sides: curl uploads and downloads blobs, h2load opens many streams, against Go's server and nginx."""

import hashlib
import json
import re
import secrets

import expect
from e2e import Scenario

# h2load does not support proxies, so this listener forwards each connection through a CONNECT to the host.
THROUGH_CONNECT = """
import socket, sys, threading
listen, proxy, host = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]

def move(source, sink):
    while data := source.recv(65536):
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)

server = socket.create_server(("127.0.0.1", listen))
while True:
    client, _ = server.accept()
    tunnel = socket.create_connection(("127.0.0.1", proxy))
    tunnel.sendall(f"CONNECT {host} HTTP/1.1\\r\\nHost: {host}\\r\\n\\r\\n".encode())
    answer = b""
    while not answer.endswith(b"\\r\\n\\r\\n"):
        answer += tunnel.recv(1)
    for pair in ((client, tunnel), (tunnel, client)):
        threading.Thread(target=move, args=pair, daemon=True).start()
"""
STREAMS = 400

with Scenario("http2", programs=["curl", "h2load"], hosts=("split.test", "registry.test:5443")) as scenario:
    content = secrets.token_bytes(5 << 20)
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    layer = scenario.directory / "layer"
    layer.write_bytes(content)

    def curl(*arguments, version="2"):
        """curl's response status and the HTTP version."""
        head = scenario.directory / "head"
        flag = {"2": "--http2", "1.1": "--http1.1"}[version]
        output = scenario.succeed("curl", "-sS", flag, "-D", head, "-w", "%{http_version} %{http_code}", *arguments)
        used, status = output.split()[-2:]
        assert used == version, f"curl used HTTP/{used}, not HTTP/{version}"
        return int(status), head.read_text()

    def start_upload(registry):
        status, head = curl("-X", "POST", "-d", "", f"https://{registry.host}/v2/{scenario.repository}/blobs/uploads/")
        assert status == 202, f"the upload was not started: {status}"
        return re.findall(r"(?im)^location: (\S+)", head)[-1]

    def with_digest(location):
        return location + ("&" if "?" in location else "?") + f"digest={digest}"

    def download(registry, version):
        got = scenario.directory / "got"
        status, _ = curl("-o", got, f"https://{registry.host}/v2/{scenario.repository}/blobs/{digest}", version=version)
        assert status == 200, f"the blob was not served: {status}"
        assert got.read_bytes() == content, f"a different blob came back over HTTP/{version}"

    with scenario.regpass("alice") as regpass:
        for registry in scenario.registries:
            # Of known length, in one request.
            location = with_digest(start_upload(registry))
            status, _ = curl("-X", "PUT", "-H", "Content-Type: application/octet-stream", "-T", layer, location)
            assert status == 201, f"the blob was not accepted: {status}"
            assert registry.content(digest) == content, "the registry stored a different blob"
            assert registry.has_blob(scenario.repository, digest)
            download(registry, "2")
            download(registry, "1.1")

            # Of unknown length, as a stream.
            location = start_upload(registry)
            pipe = 'cat "$1" | curl -sS --http2 -D "$2" -o /dev/null -X PATCH -T - "$3"'
            head = scenario.directory / "patched"
            scenario.succeed("sh", "-c", pipe, "sh", layer, head, location)
            location = re.findall(r"(?im)^location: (\S+)", head.read_text())[-1]
            status, _ = curl("-X", "PUT", "-d", "", with_digest(location))
            assert status == 201, f"the streamed blob was not accepted: {status}"

            lines = expect.eventually(lambda: regpass.exchanges(registry=registry.host, repository=scenario.repository))
            versions = {(line["http"]["client"], line["http"]["upstream"]) for line in lines}
            wanted = {("2", "2"), ("2", "1.1"), ("1.1", "1.1")}  # blob content is transferred over HTTP/1.1
            assert versions == wanted, f"the versions to clients and {registry.host} were {versions}"
            expect.exchanged(regpass, registry, "alice", "push", scenario.repository)
            expect.no_challenge(scenario, regpass, "alice")

        port = scenario.port + 1  # below the ephemeral port range
        registry = scenario.registries[0]
        shim = ["/usr/bin/python3", "-c", THROUGH_CONNECT, str(port), str(scenario.port), f"{registry.host}:443"]
        ready = ["sh", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port}"]
        scenario.daemon(*shim, ready=["bash", *ready[1:]])
        url = f"https://{registry.host}/v2/{scenario.repository}/blobs/{digest}"
        options = ["-n", str(STREAMS), "-c", "2", "-m", "50", f"--connect-to=127.0.0.1:{port}"]
        output = scenario.succeed("h2load", *options, url)
        assert "Application protocol: h2" in output, "h2load did not use HTTP/2"
        assert f"{STREAMS} succeeded, 0 failed, 0 errored" in output, "not every stream succeeded"

    registry = scenario.registries[-1]  # the settings text ends in this registry's table
    for setting, version in (("off", "1.1"), ("always", "2")):
        with scenario.sidecar({"config.json": scenario.docker_config("alice")}, f'http2 = "{setting}"\n') as regpass:
            download(registry, version)
            lines = expect.eventually(lambda: regpass.exchanges(registry=registry.host, repository=scenario.repository))
            assert {json.dumps(line["http"]) for line in lines} == {json.dumps({"client": version, "upstream": version})}
