"""Clients that push blobs and read them back, clients that disconnect in the middle, and clients that send garbage."""

import hashlib
import http.client
import os
import random
import socket
import ssl
import subprocess
import threading
import time
from collections import Counter
from urllib.parse import urlsplit

import sandbox
from environment import HOST

LARGEST = 6 << 20
REPOSITORIES = 5
RUBBISH = (b"\x16\x03\x01\x00\x05hello", b"GET / HTTP/1.1\r\n\r\n", b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: a\r\n\r\n",
           b"CONNECT registry.test:443 HTTP/1.1\r\nHost: registry.test:443\r\n\r\nrubbish" * 3, bytes(range(256)) * 300)


class Failed(Exception):
    """A step got an unexpected response, which is normal while faults are active."""


class Load:
    def __init__(self, ca):
        self._ca = str(ca)
        self._tls = ssl.create_default_context(cafile=self._ca)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self.counts = Counter()
        self.troubles = Counter()  # failed steps, by reason
        self.lost: list[str] = []  # acknowledged blobs that could not be read back
        self.verified: list[str] = []  # digests read back since the last query
        self.pending: list[tuple[str, str]] = []  # repository and digest of blobs still to be read back

    def start(self, pushers: int) -> None:
        jobs = [self._push_for_ever] * pushers + [self._break_off, self._talk_rubbish, self._be_idle]
        self._threads = [threading.Thread(target=job, args=(number,), daemon=True) for number, job in enumerate(jobs)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(90)
            assert not thread.is_alive(), "a client did not finish"

    def read_back(self, repository: str, digest: str) -> None:
        """Reads a blob over HTTP/1.1, or over HTTP/2 with curl. Raises Failed unless it is complete."""
        target = f"https://{HOST}/v2/{repository}/blobs/{digest}"
        if random.random() < 0.3:
            argv = ["curl", "-sS", "--http2", "-f", "-x", f"http://127.0.0.1:{sandbox.PROXY_PORT}", "--cacert", self._ca]
            done = subprocess.run([*argv, "--max-time", "40", target], capture_output=True, check=False)
            if done.returncode:
                raise Failed(f"curl {done.returncode}")
            body = done.stdout
        else:
            connection = self._connect()
            _, body = self._ask(connection, "GET", target.partition(HOST)[2], 200)
            connection.close()
        if digest_of(body) != digest:
            # Whatever happens upstream, a blob that looks complete must be intact.
            self._lose(f"{repository} {digest}: {len(body)} bytes with a different digest came back and looked complete")
        self._count("read back", len(body))

    # The clients

    def _push_for_ever(self, number: int) -> None:
        connection = None
        while not self._ended.is_set():
            repository = f"team-{number % REPOSITORIES}/app"
            try:
                connection = connection or self._connect()
                digest, size = self._push(connection, repository)
                self._count("pushed", size)
            except (Failed, OSError, http.client.HTTPException, ValueError) as trouble:
                self._trouble(trouble)
                if connection:
                    connection.close()
                connection = None
                continue
            self._verify(repository, digest)

    def _push(self, connection, repository: str) -> tuple[str, int]:
        content = os.urandom(random.choice((100, 4096, 70_000, random.randrange(LARGEST))))
        digest = digest_of(content)
        fields, _ = self._ask(connection, "POST", f"/v2/{repository}/blobs/uploads/", 202)
        cut = random.randrange(len(content))
        for part in (content[:cut], content[cut:]):
            chunked = random.random() < 0.5
            fields, _ = self._ask(connection, "PATCH", place(fields), 202, iter([part]) if chunked else part, chunked)
        self._ask(connection, "PUT", f"{place(fields)}&digest={digest}", 201)
        return digest, len(content)

    def _verify(self, repository: str, digest: str) -> None:
        for _ in range(3):
            try:
                self.read_back(repository, digest)
            except (Failed, OSError, http.client.HTTPException) as trouble:
                self._trouble(trouble)
                continue
            with self._lock:
                self.verified.append(digest)
            return
        with self._lock:
            self.pending.append((repository, digest))

    def _break_off(self, _) -> None:
        """Uploads and downloads that are aborted in the middle."""
        while not self._ended.wait(0.3):
            try:
                connection = self._connect()
                fields, _ = self._ask(connection, "POST", "/v2/team-0/app/blobs/uploads/", 202)
                connection.putrequest("PATCH", place(fields))
                connection.putheader("Content-Length", "1000000")
                connection.endheaders()
                connection.send(os.urandom(random.randrange(1, 300_000)))
                self._count("broken off")
            except (Failed, OSError, http.client.HTTPException, ValueError) as trouble:
                self._trouble(trouble)
                continue
            connection.sock.close()

    def _talk_rubbish(self, _) -> None:
        while not self._ended.wait(0.5):
            try:
                sandbox.exchange(("127.0.0.1", sandbox.PROXY_PORT), random.choice(RUBBISH), 0.5)
                self._count("rubbish")
            except OSError as trouble:
                self._trouble(trouble)

    def _be_idle(self, _) -> None:
        """Connections that send nothing, or stop in the middle of a head."""
        held = []
        while not self._ended.wait(0.2):
            try:
                connection = socket.create_connection(("127.0.0.1", sandbox.PROXY_PORT), timeout=5)
                connection.sendall(random.choice((b"", b"CONNECT registry.test:443 HTT")) or b"G")
                held.append(connection)
            except OSError as trouble:
                self._trouble(trouble)
            while len(held) > 40:
                held.pop(0).close()
        for connection in held:
            connection.close()

    # Steps

    def _connect(self) -> http.client.HTTPSConnection:
        connection = http.client.HTTPSConnection("127.0.0.1", sandbox.PROXY_PORT, timeout=40, context=self._tls)
        connection.set_tunnel(HOST, 443)
        return connection

    def _ask(self, connection, method: str, target: str, expected: int, body=None, chunked: bool = False):
        fields = {"Transfer-Encoding": "chunked"} if chunked else {}
        connection.request(method, target, body, fields, encode_chunked=chunked)
        response = connection.getresponse()
        content = response.read()
        if response.status != expected:
            raise Failed(f"{response.status} {response.getheader('X-Regpass-Cause', 'of the registry')}")
        return response.headers, content

    def _lose(self, kind: str) -> None:
        with self._lock:
            self.lost.append(kind)

    def _count(self, kind: str, size: int = 0) -> None:
        with self._lock:
            self.counts[kind] += 1
            self.counts[f"{kind}, bytes"] += size

    def _trouble(self, trouble: Exception) -> None:
        with self._lock:
            self.troubles[str(trouble)[:60] if isinstance(trouble, Failed) else type(trouble).__name__] += 1
        time.sleep(0.1)


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def place(fields) -> str:
    where = urlsplit(fields["Location"])
    return f"{where.path}?{where.query}"
