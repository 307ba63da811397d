#!/usr/bin/python3
"""A token server for container registries (the "distribution" token protocol), for tests and demonstrations.

    token_server.py --config FILE --listen HOST:PORT --log FILE [--tls-cert FILE --tls-key FILE]

Answers GET (HTTP Basic, repeated `scope`) and POST (a form with grant_type=password or refresh_token) on any path
with a JWT for the part of the requested access that the user has; requesting more is not an error.
The configuration is JSON and is read for every request, so a password can change while the server runs:

    {"issuer": "tb-auth", "signing_key": "token.key", "signing_certificate": "token.crt", "token_life": 300,
     "users": {"alice": {"password": "…", "access": {"repository:team-a/*": ["pull", "push"]}}},
     "anonymous": {"repository:public/*": ["pull"]}}

Every request adds a JSON line to the log: the user, the kind of credential, and what was requested and granted.
"""

import argparse
import base64
import binascii
import datetime
import fnmatch
import hashlib
import hmac
import json
import secrets
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import load_pem_x509_certificate

LARGEST_FORM = 64 * 1024
ALGORITHMS = {"EllipticCurvePublicKey": "ES256", "RSAPublicKey": "RS256"}


class Refused(Exception):
    """The request gets no token; `status` and the text are sent to the client."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


class Issuer:
    """Decides what to grant and signs tokens."""

    def __init__(self, config_file: Path):
        self._config_file = config_file
        self._refresh_tokens: dict[str, str] = {}  # token -> user; lost when the server stops

    def config(self) -> dict:
        return json.loads(self._config_file.read_text())

    def check_password(self, user: str, password: str) -> None:
        account = self.config()["users"].get(user)
        if account is None or not hmac.compare_digest(account["password"].encode(), password.encode()):
            raise Refused(401, "incorrect user name or password")

    def user_of(self, refresh_token: str) -> str:
        user = self._refresh_tokens.get(refresh_token)
        if user is None:
            raise Refused(401, "unknown refresh token")
        return user

    def new_refresh_token(self, user: str) -> str:
        token = secrets.token_urlsafe(32)
        self._refresh_tokens[token] = user
        return token

    def granted(self, user: str, scopes: list[str]) -> list[dict]:
        """The intersection of the requested scopes and the user's permissions ("" for anonymous)."""
        config = self.config()
        allowed = config["users"][user]["access"] if user else config.get("anonymous", {})
        access = []
        for scope in scopes:
            kind, name, actions = parse_scope(scope)
            rights = {
                right
                for pattern, rights in allowed.items()
                if fnmatch.fnmatchcase(f"{kind}:{name}", pattern)
                for right in rights
            }
            actions = [action for action in actions if action in rights]
            if actions:
                access.append({"type": kind, "name": name, "actions": actions})
        return access

    def token(self, user: str, service: str, access: list[dict]) -> dict:
        """A signed token, as the fields of the response."""
        config = self.config()
        folder = self._config_file.parent
        key = serialization.load_pem_private_key((folder / config["signing_key"]).read_bytes(), None)
        certificate = load_pem_x509_certificate((folder / config["signing_certificate"]).read_bytes())
        now, life = int(time.time()), config.get("token_life", 300)
        claims = {
            "iss": config["issuer"],
            "sub": user,
            "aud": service,
            "iat": now,
            "nbf": now - 10,
            "exp": now + life,
            "jti": secrets.token_hex(8),
            "access": access,
        }
        algorithm = ALGORITHMS[type(certificate.public_key()).__name__.lstrip("_")]
        signed = jwt.encode(claims, key, algorithm, headers={"kid": key_id(certificate.public_key())})
        issued_at = datetime.datetime.fromtimestamp(now, datetime.timezone.utc)
        return {"access_token": signed, "expires_in": life, "issued_at": issued_at.strftime("%Y-%m-%dT%H:%M:%SZ")}


def parse_scope(scope: str) -> tuple[str, str, list[str]]:
    """Splits `repository:host:5000/name:pull,push` into its three parts; the name may contain colons."""
    kind, colon, rest = scope.partition(":")
    name, last_colon, actions = rest.rpartition(":")
    if not (kind and colon and name and last_colon):
        raise Refused(400, f"malformed scope {scope!r}")
    return kind, name, [action for action in actions.split(",") if action]


def key_id(public_key) -> str:
    """The key id that registries use: base32 of the key's truncated hash, in groups of four."""
    der = public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    text = base64.b32encode(hashlib.sha256(der).digest()[:30]).decode()
    return ":".join(text[i : i + 4] for i in range(0, len(text), 4))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30  # seconds for an idle connection
    server: "TokenServer"

    def do_GET(self) -> None:
        self._serve(self._get)

    def do_POST(self) -> None:
        self._serve(self._post)

    def _get(self, record: dict) -> dict:
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        user = ""
        if (header := self.headers.get("Authorization")) is not None:
            record["credential"] = "basic"
            record["user"], password = parse_basic(header)
            self.server.issuer.check_password(record["user"], password)
            user = record["user"]
        answer = self._grant(record, user, query.get("service", [""])[0], query.get("scope", []))
        if user and query.get("offline_token") == ["true"]:
            answer["refresh_token"] = self.server.issuer.new_refresh_token(user)
        return answer | {"token": answer["access_token"]}

    def _post(self, record: dict) -> dict:
        length = int(self.headers.get("Content-Length", 0))
        if length > LARGEST_FORM:
            self.close_connection = True  # the body is not read
            raise Refused(413, "form too large")
        form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
        issuer = self.server.issuer
        record["credential"] = form.get("grant_type")
        if record["credential"] == "password":
            user = record["user"] = form.get("username", "")
            issuer.check_password(user, form.get("password", ""))
        elif record["credential"] == "refresh_token":
            user = record["user"] = issuer.user_of(form.get("refresh_token", ""))
        else:
            raise Refused(400, "grant_type must be password or refresh_token")
        answer = self._grant(record, user, form.get("service", ""), [form.get("scope", "")])
        if form.get("access_type") == "offline":
            answer["refresh_token"] = issuer.new_refresh_token(user)
        return answer | {"scope": " ".join(record["granted"])}

    def _grant(self, record: dict, user: str, service: str, scopes: list[str]) -> dict:
        record["asked"] = [scope for value in scopes for scope in value.split()]
        access = self.server.issuer.granted(user, record["asked"])
        record["granted"] = [f"{entry['type']}:{entry['name']}:{','.join(entry['actions'])}" for entry in access]
        return self.server.issuer.token(user, service, access)

    def _serve(self, answer) -> None:
        header = self.headers.get("Authorization")
        record = {
            "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds"),
            "method": self.command,
            "path": urlsplit(self.path).path,
            "agent": self.headers.get("User-Agent"),
            "authorization": header.split(" ")[0] if header else None,
            "credential": "anonymous",
            "user": None,
            "asked": [],
            "granted": [],
        }
        try:
            status, body = 200, answer(record)
        except Refused as refusal:
            status = refusal.status
            code = "UNAUTHORIZED" if status == 401 else "UNSUPPORTED"
            body = {"errors": [{"code": code, "message": str(refusal), "detail": None}]}
        self.server.log(record | {"status": status})
        self._send(status, json.dumps(body).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="token server"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        """Suppresses http.server's own log, which has less detail."""


def parse_basic(header: str) -> tuple[str, str]:
    scheme, _, value = header.partition(" ")
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if scheme.lower() != "basic" or not colon:
        raise Refused(401, "the Authorization header is not valid Basic")
    return user, password


class TokenServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], issuer: Issuer, log_file: Path, tls: ssl.SSLContext | None):
        super().__init__(address, Handler)
        self.issuer = issuer
        self._log_file = log_file
        self._log_lock = threading.Lock()
        if tls:
            # Not during accept, because the handshake would block the accepting thread.
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def log(self, record: dict) -> None:
        with self._log_lock, self._log_file.open("a") as file:
            file.write(json.dumps(record) + "\n")

    def handle_error(self, request, client_address) -> None:
        """Ignores errors from clients that disconnected or rejected the certificate."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--config", required=True, type=Path)
    arguments.add_argument("--listen", required=True, metavar="HOST:PORT")
    arguments.add_argument("--log", required=True, type=Path)
    arguments.add_argument("--tls-cert", type=Path)
    arguments.add_argument("--tls-key", type=Path)
    options = arguments.parse_args()

    tls = None
    if options.tls_cert:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(options.tls_cert, options.tls_key)
    host, _, port = options.listen.rpartition(":")
    TokenServer((host, int(port)), Issuer(options.config), options.log, tls).serve_forever()


if __name__ == "__main__":
    main()
