"""T24 the TLS that regpass accepts from registries: each bad one leads to a 502 with the reason, and receives not one byte of HTTP.

Certificates, versions, ciphers, servers that do not speak TLS, and what regpass offers in its ClientHello.
"""

import datetime
import json
import socket
import ssl
import sys
import threading

import sandbox

HOST = "origin.test"
sandbox.enter([HOST])

import certificates  # noqa: E402
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import hashes  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from hello import ClientHello  # noqa: E402
from origin import ANSWER  # noqa: E402
from tls_servers import server_context  # noqa: E402

FIRST_PORT, FIRST_MIRROR = 4430, 5000
PASSWORD = "canary-password-of-the-registry"
day = datetime.timedelta(days=1)


class Server:
    """A registry on its own port that records the HTTP it receives."""

    def __init__(self, number: int, context: ssl.SSLContext | None):
        self.received = b""
        self.raw = b""
        self._context = context
        self._listener = socket.create_server((sandbox.ADDRESS, FIRST_PORT + number))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client) -> None:
        client.settimeout(5)
        try:
            self.raw = client.recv(4096, socket.MSG_PEEK)
            if self._context:
                client = self._context.wrap_socket(client, server_side=True)
            elif not self.raw.startswith(b"GET"):
                client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            while piece := client.recv(65536):
                self.received += piece
                if self.received.endswith(b"\r\n\r\n"):
                    client.sendall(ANSWER)
        except OSError:
            pass
        finally:
            client.close()


class Cases:
    """Each case: a name, its server, and the cause that regpass must report, or None if the connection must succeed."""

    def __init__(self, directory, authority):
        self._directory, self._authority = directory, authority
        self.all = []

    def add(self, name: str, context: ssl.SSLContext | None, cause: str | None) -> None:
        self.all.append((name, context, cause))

    def issued(self, name: str, certificate_and_key, cause: str | None, **options) -> None:
        pair = self._directory / f"pair-{len(self.all)}"
        certificates.write_pair(pair, *certificate_and_key)
        self.add(name, server_context(pair, **options), cause)

    def good(self):
        return self._authority.issue(HOST)


def of_certificates(cases, authority, directory) -> None:
    wrong = "upstream-certificate"
    cases.issued("a good one", cases.good(), None)
    cases.issued("expired", authority.issue(HOST, valid=(-2 * day, -day)), wrong)
    cases.issued("not yet valid", authority.issue(HOST, valid=(day, 2 * day)), wrong)
    cases.issued("for another name", authority.issue("other.test"), wrong)
    cases.issued("for what is below the name", authority.issue(f"*.{HOST}"), wrong)
    cases.issued("for everything", authority.issue("*"), wrong)
    cases.issued("for all of a top-level domain", authority.issue("*.test"), wrong)
    cases.issued("for the name and NUL", authority.issue(f"{HOST}\0.evil.test"), wrong)
    cases.issued("the name as subject only", certificates.signing_pair(HOST), wrong)
    cases.issued("self-signed", self_signed(HOST), wrong)
    cases.issued("of an unknown CA", certificates.Authority("unknown CA").issue(HOST), wrong)
    cases.issued("of a CA with the same name", certificates.Authority("conformance CA").issue(HOST), wrong)
    cases.issued("a client's", authority.issue(HOST, client=True), wrong)
    cases.issued("of regpass's own CA", of_our_own_ca(directory, HOST), wrong)


def of_protocols(cases) -> None:
    low = "ALL@SECLEVEL=0"
    good = cases.good
    cases.issued("TLS 1.2", good(), None, newest=ssl.TLSVersion.TLSv1_2)
    cases.issued("TLS 1.1", good(), "upstream-broken", newest=ssl.TLSVersion.TLSv1_1, ciphers=low)
    cases.issued("TLS 1.0", good(), "upstream-broken", newest=ssl.TLSVersion.TLSv1, ciphers=low)
    newest = ssl.TLSVersion.TLSv1_2
    cases.issued("no encryption", good(), "upstream-broken", newest=newest, ciphers="eNULL@SECLEVEL=0")
    cases.issued("no certificate", good(), "upstream-broken", newest=newest, ciphers="aNULL@SECLEVEL=0")
    cases.add("plain HTTP", None, "upstream-plain-http")


def self_signed(host):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    builder = certificates.builder(name, name, key).add_extension(
        x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    return builder.sign(key, hashes.SHA256()), key


def of_our_own_ca(directory, host):
    """A certificate issued by regpass's own CA, which must not be trusted upstream."""
    folder = directory / "state/ca"
    folder.mkdir(parents=True)
    ca_key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "regpass CA, given")])
    authority = certificates.builder(name, name, ca_key).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True).add_extension(
        certificates.key_usage(sign_certificates=True), critical=True).sign(ca_key, hashes.SHA256())
    certificates.write_pair(folder / "ca", authority, ca_key)
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = certificates.builder(x509.Name([]), name, key).add_extension(
        x509.SubjectAlternativeName([x509.DNSName(host)]), critical=True)
    return leaf.sign(ca_key, hashes.SHA256()), key


def configuration(count: int) -> str:
    hosts = [f"{HOST}:{FIRST_PORT + number}" for number in range(count)]
    text = "".join(f'[[mirror]]\nlisten = "127.0.0.1:{FIRST_MIRROR + number}"\nregistry = "{host}"\n'
                   for number, host in enumerate(hosts))
    return text + "".join(f'[[registry]]\nhost = "{host}"\n' for host in hosts)


def ask(number: int) -> tuple[int, str]:
    """The status of the mirror's response and the cause in it."""
    request = b"GET /v2/app/manifests/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = sandbox.exchange(("127.0.0.1", FIRST_MIRROR + number), request, 10)
    head = answer.partition(b"\r\n\r\n")[0].decode("latin-1")
    fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:])
    return int(head.split()[1]), fields.get("x-regpass-cause", "")


def complaints(server: Server, number: int, cause: str | None) -> list[str]:
    status, cause_reported = ask(number)
    problems = []
    if cause is None:
        if status != 200 or not server.received.startswith(b"GET /v2/app/manifests/1 HTTP/1.1\r\n"):
            problems.append(f"{status} {cause_reported}")
    else:
        if status not in (502, 503) or cause_reported != cause:
            problems.append(f"responded {status} {cause_reported}, not 502 {cause}")
        if server.received:
            problems.append(f"the server received {server.received[:80]!r}")
    if PASSWORD.encode() in server.raw:
        problems.append("the password was sent in cleartext")
    return problems


def complaints_of_hello(hello: ClientHello) -> list[str]:
    problems = []
    if hello.name != HOST:
        problems.append(f"SNI is {hello.name}")
    if hello.protocols != ["h2", "http/1.1"]:
        problems.append(f"ALPN is {hello.protocols}")
    if set(hello.versions) != {0x0304, 0x0303}:
        problems.append(f"versions are {[hex(item) for item in hello.versions]}")
    if hello.compressions != [0]:
        problems.append(f"compression {hello.compressions}")
    if weak := hello.weak_ciphers():
        problems.append(f"weak ciphers are offered: {weak}")
    if hello.early_data:
        problems.append("early data")
    return problems


def main() -> int:
    failed = []
    with sandbox.Directory() as directory:
        authority = directory.authority()
        cases = Cases(directory.path, authority)
        of_certificates(cases, authority, directory.path)
        of_protocols(cases)
        servers = [Server(number, context) for number, (_, context, _) in enumerate(cases.all)]
        trust = directory.path / "roots.crt"
        own_ca = (directory.path / "state/ca/ca.crt").read_text()
        trust.write_text((directory.path / "upstream.crt").read_text() + own_ca)
        config = directory.path / "config.json"
        login = {"username": "alice", "password": PASSWORD}
        config.write_text(json.dumps({"auths": {f"{HOST}:{FIRST_PORT + n}": login for n in range(len(servers))}}))
        environment = {"SSL_CERT_FILE": str(trust), "DOCKER_CONFIG": str(directory.path)}
        with sandbox.Regpass(directory.path, configuration(len(servers)), environment):
            for number, (name, _, cause) in enumerate(cases.all):
                problems = complaints(servers[number], number, cause)
                print(f"{'FAILED' if problems else 'passed'}: {name}")
                failed += [f"{name}: {item}" for item in problems]
            failed += [f"ClientHello: {item}" for item in complaints_of_hello(ClientHello(servers[0].raw))]
    print(f"{len(cases.all)} registries, {len(failed)} complaints")
    print("\n".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
