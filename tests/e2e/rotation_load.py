"""Pushes and pulls blobs over many connections for a given time: rotation_load.py PORT CA SECONDS HOST COUNT...

Prints as JSON the number of requests and the unexpected responses.
"""

import hashlib
import http.client
import json
import os
import ssl
import sys
import threading
import time
from urllib.parse import urlsplit

PAUSE = 0.2  # seconds between two images on the same connection


class Load:
    def __init__(self, port: int, ca: str, seconds: float):
        self._port = port
        self._tls = ssl.create_default_context(cafile=ca)
        self._until = time.monotonic() + seconds
        self._lock = threading.Lock()
        self.requests = 0
        self.failures: list[str] = []

    def run(self, host: str, number: int) -> None:
        try:
            connection = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=20, context=self._tls)
            connection.set_tunnel(host, 443)
            while time.monotonic() < self._until:
                self._push_and_pull(connection, f"/v2/team-a/app-{number}")
                time.sleep(PAUSE)
            connection.close()
        except Exception as problem:
            self._failed(f"{host} {number}: {problem!r}")

    def _push_and_pull(self, connection, repository: str) -> None:
        content = os.urandom(4096)
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        fields, _ = self._ask(connection, "POST", f"{repository}/blobs/uploads/", 202)
        where = urlsplit(fields.get("Location", "/"))
        fields, _ = self._ask(connection, "PATCH", f"{where.path}?{where.query}", 202, content)
        where = urlsplit(fields.get("Location", "/"))
        self._ask(connection, "PUT", f"{where.path}?{where.query}&digest={digest}", 201)
        _, body = self._ask(connection, "GET", f"{repository}/blobs/{digest}", 200)
        if body != content:
            self._failed(f"{repository}: a different blob came back")

    def _ask(self, connection, method: str, target: str, expected: int, body: bytes | None = None):
        connection.request(method, target, body)
        response = connection.getresponse()
        content = response.read()
        with self._lock:
            self.requests += 1
        if response.status != expected:
            self._failed(f"{method} {target}: {response.status} {response.reason}")
        return dict(response.getheaders()), content

    def _failed(self, reason: str) -> None:
        with self._lock:
            self.failures.append(reason)


def main() -> None:
    load = Load(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
    threads = []
    for host, count in zip(sys.argv[4::2], sys.argv[5::2], strict=True):
        threads += [threading.Thread(target=load.run, args=(host, number)) for number in range(int(count))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"requests": load.requests, "failures": load.failures[:20]}))


if __name__ == "__main__":
    main()
