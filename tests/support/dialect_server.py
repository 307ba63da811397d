#!/usr/bin/python3
"""Imitates registries and their token servers, each with the dialect of a real one, in a single program.

    dialect_server.py --table FILE --address IP --certificate FILE --key FILE --state FILE --log FILE

The table (see dialects.toml) defines the hosts and ports and how they respond. The state file is JSON and is read for
every request: {"dialect name": {"username": "…", "passwords": {"secret": until}}}, where `until` is the time in seconds
since the epoch until which the secret is accepted (null: indefinitely). A token expires at the end of its lifetime, to the
millisecond, or when the secret it was issued for is no longer accepted.

Images are kept in memory. Every request adds a JSON line to the log, without secrets: the client, its kind of credential and the
request.
"""

import argparse
import base64
import collections
import datetime
import hashlib
import json
import secrets
import ssl
import sys
import threading
import time
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

DEFAULTS = {
    "ping_challenge": [],  # if empty: `challenge` without its scope
    "with_authorization": [],  # the challenge for a request with an Authorization header; if empty: `challenge`
    "token_url": "",  # if empty: HTTP Basic on every request
    "get": 200,  # status of a valid GET (and, below, POST) of the token URL
    "post": 404,
    "answer": '{"token":"{token}"}',
    "token": "jwt",  # or opaque
    "issuer": "",
    "audience": "",
    "life": 300,
    "honours": "all",  # which of several scopes are granted: all, first, last
    "denied": 401,  # status for a request that the token does not cover
    "server": "",
    "location": "path",  # form of an upload's Location: path or url
    "storage": "",  # where a GET of a blob is redirected to; if empty, it is served directly
    "upload_takes": 0.0,  # seconds that each upload request takes; uploads are processed one at a time
    "refused_manifests": [],  # media types that the registry rejects
    "refuses": {},  # a refusal for a method and paths that contain a text: method, path, status, type and body
    "leeway": 0.0,  # seconds for which an expired token is still accepted, in addition to the machine's scheduling delay (Lag)
}
JWT_HEADER = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9"  # {"alg":"RS256","typ":"JWT"}
ACTIONS = {"GET": {"pull"}, "HEAD": {"pull"}, "DELETE": {"delete"}}  # others: pull and push


class Dialect:
    """A row of the table, with the state of its registry."""

    def __init__(self, row: dict):
        for name, value in (DEFAULTS | row).items():
            setattr(self, name, value)
        self.tokens: dict[str, dict] = {}
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.uploads: dict[str, bytes] = {}
        self.disk = threading.Lock()

    def issue(self, secret: str, scopes: list[str]) -> str:
        """Issues a token for everything requested. What it grants is recorded here, whatever its content says."""
        if len(scopes) > 1 and self.honours != "all":
            scopes = scopes[:1] if self.honours == "first" else scopes[-1:]
        now = time.time()
        access = [{"type": kind, "name": name, "actions": actions.split(",")}
                  for kind, name, actions in (scope.split(":") for scope in scopes)]
        claims = {"iss": self.issuer, "aud": self.audience, "sub": "test", "access": access, "jti": secrets.token_hex(8)}
        claims |= {"iat": int(now), "nbf": int(now), "exp": int(now) + self.life}
        text = json.dumps(claims).encode()
        if self.token == "jwt":
            signature = base64url(secrets.token_bytes(64))
            token = ".".join((JWT_HEADER, base64url(text), signature))
        else:
            token = base64.b64encode(secrets.token_bytes(96)).decode()
        granted = {item["name"]: set(item["actions"]) for item in access}
        self.tokens[token] = {"granted": granted, "ends": now + self.life, "secret": secret}
        return token

    def blob_url(self, digest: str) -> str:
        return self.storage.replace("{digest}", digest)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds for an idle connection
    server: "DialectServer"

    def do_GET(self) -> None:
        self._serve()

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    # Requests

    def _serve(self) -> None:
        self.arrived = time.time()  # token expiry is checked at the time of arrival, however long the body takes
        self.body = self._read_body()
        host = self.headers.get("Host", "")
        url = urlsplit(f"https://{host}{self.path}")
        self.record = {"time": self.arrived, "host": host, "method": self.command, "path": url.path, "query": url.query}
        header = self.headers.get("Authorization", "")
        self.record["authorization"] = header.split(" ")[0]
        realm, registry = self.server.realms.get(f"{host}{url.path}"), self.server.registries.get(host)
        if realm:
            self.record["dialect"] = realm.name
            self._token(realm, header, url.query)
        elif registry and url.path.startswith("/v2"):
            self.record["dialect"] = registry.name
            self._registry(registry, header, url)
        elif holder := self.server.storages.get(host):
            self.record["dialect"] = holder.name
            self._storage(holder, header, url)
        else:
            self._answer(404, b"nothing here")

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    # The token server

    def _token(self, dialect: Dialect, header: str, query: str) -> None:
        self.record["kind"] = "token"
        status = {"GET": dialect.get, "POST": dialect.post}.get(self.command, 405)
        if status != 200:
            self._answer(status, b"404 page not found" if status == 404 else b"")
            return
        fields = parse_qs(query if self.command == "GET" else self.body.decode(), keep_blank_values=True)
        secret = self._secret_of_form(dialect, fields) if self.command == "POST" else self._secret_of(dialect, header)
        self.record |= {"service": fields.get("service", [None])[0], "account": fields.get("account", [None])[0]}
        self.record |= {"grant_type": fields.get("grant_type", [None])[0]}
        self.record["scopes"] = [scope for value in fields.get("scope", []) for scope in value.split()]
        if secret is None:
            self._answer(401, b'{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}')
            return
        self.record["secret"] = self.server.number_of(dialect, secret)
        token = dialect.issue(secret, self.record["scopes"])
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        answer = dialect.answer.replace("{token}", token).replace("{now}", now)
        self._answer(200, answer.encode(), {"Content-Type": "application/json"})

    def _secret_of(self, dialect: Dialect, header: str) -> str | None:
        """The password of a valid Authorization: Basic, or None."""
        scheme, _, value = header.partition(" ")
        if scheme.lower() != "basic":
            return None
        username, _, password = base64.b64decode(value).decode().partition(":")
        self.record["username"] = username
        good = username == self.server.username(dialect) and self.server.accepts(dialect, password)
        return password if good else None

    def _secret_of_form(self, dialect: Dialect, fields: dict[str, list[str]]) -> str | None:
        kind = fields.get("grant_type", [""])[0]
        secret = fields.get("refresh_token" if kind == "refresh_token" else "password", [""])[0]
        return secret if self.server.accepts(dialect, secret) else None

    # The registry

    def _registry(self, dialect: Dialect, header: str, url) -> None:
        self.record["kind"] = "registry"
        repository = repository_of(url.path)
        needed = ACTIONS.get(self.command, {"pull", "push"}) if repository else set()
        status = self._refusal(dialect, header, repository, needed)
        if status:
            self._challenge(dialect, header, repository, needed, status)
        elif url.path.rstrip("/") == "/v2":
            self._answer(200, b"{}", {"Content-Type": "application/json"})
        elif self._is_refused(dialect, url.path):
            refusal = dialect.refuses
            self._answer(refusal["status"], refusal["body"].encode(), {"Content-Type": refusal["type"]})
        elif "/manifests/" in url.path:
            self._manifest(dialect, repository, url.path.rpartition("/")[2])
        elif "/blobs/uploads/" in url.path:
            self._upload(dialect, repository, url)
        else:
            self._blob(dialect, url.path.rpartition("/")[2])

    def _refusal(self, dialect: Dialect, header: str, repository: str, needed: set[str]) -> int:
        """The status with which the request is refused, or 0."""
        if not dialect.token_url:
            secret = self._secret_of(dialect, header)
            self.record["secret"] = self.server.number_of(dialect, secret) if secret else None
            return 0 if secret else 401
        token = dialect.tokens.get(header.partition(" ")[2]) if header.lower().startswith("bearer ") else None
        if not token or token["ends"] + dialect.leeway + self.server.lag.seconds() < self.arrived or not self.server.accepts(dialect, token["secret"]):
            self.record["why"] = "unknown" if not token else "over"
            return 401
        self.record["secret"] = self.server.number_of(dialect, token["secret"])
        covered = not repository or needed <= token["granted"].get(repository, set())
        return 0 if covered else dialect.denied

    def _challenge(self, dialect: Dialect, header: str, repository: str, needed: set[str], status: int) -> None:
        challenges = dialect.challenge
        if not repository:
            challenges = dialect.ping_challenge or [item.replace(',scope="{scope}"', "") for item in challenges]
        if header and dialect.with_authorization:
            challenges = dialect.with_authorization
        scope = f"repository:{repository}:{','.join(sorted(needed))}"
        fields = [("WWW-Authenticate", item.replace("{scope}", scope)) for item in challenges if item]
        body = b'{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":null}]}'
        self._answer(status, body, dict(), fields if status == 401 else [])

    def _is_refused(self, dialect: Dialect, path: str) -> bool:
        refusal = dialect.refuses
        return bool(refusal) and self.command == refusal["method"] and refusal["path"] in path

    def _manifest(self, dialect: Dialect, repository: str, reference: str) -> None:
        if self.command == "PUT" and self.headers.get("Content-Type", "") in dialect.refused_manifests:
            error = {"code": "MANIFEST_INVALID", "message": "manifest invalid", "detail": "unknown media type"}
            self._answer(400, json.dumps({"errors": [error]}).encode(), {"Content-Type": "application/json"})
        elif self.command == "PUT":
            kept = (self.headers.get("Content-Type", ""), self.body)
            for name in (reference, digest_of(self.body)):
                dialect.manifests[repository, name] = kept
            fields = {"Location": self.path, "Docker-Content-Digest": digest_of(self.body)}
            self._answer(201, b"", fields)
        elif kept := dialect.manifests.get((repository, reference)):
            self._answer(200, kept[1], {"Content-Type": kept[0], "Docker-Content-Digest": digest_of(kept[1])})
        else:
            self._answer(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')

    def _blob(self, dialect: Dialect, digest: str) -> None:
        content = dialect.blobs.get(digest)
        if content is None:
            self._answer(404, b'{"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown to registry"}]}')
        elif dialect.storage and self.command == "GET":
            self._answer(307, b"", {"Location": dialect.blob_url(digest)})
        else:
            self._answer(200, content, {"Content-Type": "application/octet-stream", "Docker-Content-Digest": digest})

    def _upload(self, dialect: Dialect, repository: str, url) -> None:
        query = parse_qs(url.query)
        name = url.path.rpartition("/")[2] or secrets.token_hex(8)
        content = dialect.uploads.pop(name, b"") + self.body
        if self.body and dialect.upload_takes:
            with dialect.disk:
                time.sleep(dialect.upload_takes)
        if self.command == "DELETE":
            self._answer(204, b"")
        elif "digest" not in query:  # started or continued
            dialect.uploads[name] = content
            begin = f"https://{self.headers['Host']}" if dialect.location == "url" else ""
            fields = {"Location": f"{begin}/v2/{repository}/blobs/uploads/{name}?_state={secrets.token_hex(16)}"}
            self._answer(202, b"", fields | {"Range": f"0-{max(len(content) - 1, 0)}", "Docker-Upload-UUID": name})
        elif query["digest"][0] == digest_of(content):
            dialect.blobs[digest_of(content)] = content
            self._answer(201, b"", {"Location": f"/v2/{repository}/blobs/{digest_of(content)}"})
        else:
            self._answer(400, b'{"errors":[{"code":"DIGEST_INVALID","message":"not what was sent"}]}')

    def _storage(self, dialect: Dialect, header: str, url) -> None:
        """Object storage accepts the signature in the URL and rejects any additional authorization."""
        self.record["kind"] = "storage"
        digest = next((item for item in dialect.blobs if item in unquote(url.path + url.query)), "")
        if header:
            self._answer(400, b"<Error><Code>InvalidArgument</Code></Error>", {"Content-Type": "application/xml"})
        else:
            self._answer(200 if digest else 404, dialect.blobs.get(digest, b""))

    # Responses

    def _answer(self, status: int, body: bytes, fields: dict[str, str] = {}, more: list[tuple[str, str]] = []) -> None:
        dialect = self.server.dialects.get(self.record.get("dialect", ""))
        self.send_response_only(status)
        if dialect and dialect.server:
            self.send_header("Server", dialect.server)
        if self.record.get("kind") == "registry":
            self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        for name, value in [*fields.items(), *more]:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        # Logged before the response is sent, because a client that has received it may check the log.
        self.server.log(self.record | {"status": status})
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_) -> None:
        """Suppresses http.server's own log."""


def repository_of(path: str) -> str:
    for word in ("/manifests/", "/blobs/", "/tags/"):
        if word in path:
            return path.removeprefix("/v2/").partition(word)[0]
    return ""


class Lag(threading.Thread):
    """Measures recent scheduling delays on this machine: a token that was sent in time may be checked this much later."""

    STEP, REMEMBERED = 0.02, 3.0

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: collections.deque[tuple[float, float]] = collections.deque()
        self.start()

    def run(self) -> None:
        while True:
            before = time.monotonic()
            time.sleep(self.STEP)
            now = time.monotonic()
            self.seen.append((now, now - before - self.STEP))
            while self.seen[0][0] < now - self.REMEMBERED:
                self.seen.popleft()

    def seconds(self) -> float:
        """The allowance for a request, for which a few threads have to wake up one after another."""
        return 4 * max((late for _, late in list(self.seen)), default=0.0)


class DialectServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], dialects: list[Dialect], state: Path, log: Path, tls: ssl.SSLContext):
        super().__init__(address, Handler)
        self.lag = Lag()
        self.dialects = {item.name: item for item in dialects}
        self.registries = {item.host: item for item in dialects}
        self.realms = {item.token_url.removeprefix("https://"): item for item in dialects if item.token_url}
        self.storages = {urlsplit(item.storage).netloc: item for item in dialects if item.storage}
        self._state, self._log = state, log
        self._log_lock = threading.Lock()
        # Not during accept, because the handshake would block the accepting thread.
        self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def _account(self, dialect: Dialect) -> dict:
        return json.loads(self._state.read_text())[dialect.name]

    def username(self, dialect: Dialect) -> str:
        return self._account(dialect)["username"]

    def accepts(self, dialect: Dialect, secret: str) -> bool:
        passwords = self._account(dialect)["passwords"]
        return secret in passwords and (passwords[secret] is None or time.time() < passwords[secret])

    def number_of(self, dialect: Dialect, secret: str) -> int:
        """The index of the secret in its account, which is logged instead of the secret."""
        return list(self._account(dialect)["passwords"]).index(secret)

    def log(self, record: dict) -> None:
        with self._log_lock, self._log.open("a") as file:
            file.write(json.dumps(record) + "\n")

    def handle_error(self, request, client_address) -> None:
        """Ignores errors from clients that disconnected."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def port_of(authority: str) -> int:
    return int(authority.partition(":")[2] or 443)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("table", "certificate", "key", "state", "log"):
        arguments.add_argument(f"--{name}", required=True, type=Path)
    arguments.add_argument("--address", required=True)
    options = arguments.parse_args()
    dialects = [Dialect(row) for row in tomllib.loads(options.table.read_text())["dialect"]]
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(options.certificate, options.key)
    ports = {port_of(item.host) for item in dialects} | {443}
    servers = [DialectServer((options.address, port), dialects, options.state, options.log, tls) for port in ports]
    for item in servers:
        threading.Thread(target=item.serve_forever, daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
