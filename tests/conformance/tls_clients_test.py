"""T20 T23 T24 what regpass offers its clients in TLS, asked with openssl s_client through CONNECT.

Versions, ciphers, renegotiation, compression, early data, resumption, SNI, ALPN, and the certificate it makes.
"""

import os
import re
import subprocess
import sys

import ground

HOSTS = ["origin.test", "other.test"]
ground.enter(HOSTS, programs=["openssl"])

import certificates  # noqa: E402
from origin import Origin  # noqa: E402
from tls_servers import server_context  # noqa: E402

REGISTRIES = "".join(f'[[registry]]\nhost = "{host}"\n' for host in HOSTS)
GET = "GET /v2/ HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n"
WEAK = "@SECLEVEL=0:ALL:COMPLEMENTOFALL:!ECDHE+AESGCM:!ECDHE+CHACHA20"
failures = []


def expect(good: bool, what: str, told: str = "") -> None:
    print(f"{'passed' if good else 'FAILED'}: {what}")
    if not good:
        failures.append(what)
        print(told[-1500:])


class Client:
    def __init__(self, ca):
        self._ca = ca

    def __call__(self, *options, host="origin.test", sent=GET, lenient=False) -> str:
        """What s_client prints; the answer to `sent` is in it."""
        argv = ["openssl", "s_client", "-proxy", f"127.0.0.1:{ground.PROXY_PORT}", "-connect", f"{host}:443"]
        argv += ["-CAfile", str(self._ca), "-verify_return_error", "-verify_hostname", host, "-ign_eof"]
        if "-noservername" not in options and "-servername" not in options:
            argv += ["-servername", host]
        environment = {"PATH": os.environ["PATH"]} | ({"OPENSSL_CONF": str(lenient)} if lenient else {})
        done = subprocess.run([*argv, *options], input=sent, env=environment, capture_output=True, text=True,
                              errors="replace", timeout=20, check=False)
        return done.stdout + done.stderr


def shaken(told: str) -> bool:
    return "Verify return code: 0 (ok)" in told and "Cipher is (NONE)" not in told


def served(told: str) -> bool:
    return shaken(told) and "HTTP/1.1 200" in told


def versions(client, lenient) -> None:
    for version in ("-tls1", "-tls1_1"):
        told = client(version, "-cipher", "ALL@SECLEVEL=0", lenient=lenient)
        expect(not shaken(told) and "alert protocol version" in told, f"{version} is refused by an alert", told)
    for version in ("-tls1_2", "-tls1_3"):
        expect(served(told := client(version)), f"{version} is served", told)
    told = client("-tls1_2", "-fallback_scsv")
    expect("inappropriate fallback" in told, "a fallback below what both can is refused", told)


def ciphers(client, lenient) -> None:
    told = client("-tls1_2", "-cipher", WEAK, lenient=lenient)
    expect(not shaken(told), "TLS 1.2 has no cipher without ephemeral keys or authenticated encryption", told)
    for suite in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"):
        expect(f"Cipher is {suite}" in (told := client("-tls1_2", "-cipher", suite)), f"{suite} is spoken", told)
    told = client("-tls1_3")
    expect("Compression: NONE" in told and "No ALPN negotiated" in told, "no compression", told)
    expect("Peer Temp Key: X25519" in told or "Server Temp Key: X25519" in told, "keys are agreed upon by X25519", told)


def renegotiation(client) -> None:
    told = client("-tls1_2", sent="R\n" + GET)
    expect(shaken(told) and "HTTP/1.1 200" not in told, "a client that renegotiates gets no answer", told)
    expect("Secure Renegotiation IS supported" in told, "the extension against old renegotiation is there", told)


def resumption(client, directory) -> None:
    for version in ("-tls1_2", "-tls1_3"):
        saved = str(directory / f"session{version}")
        expect(served(told := client(version, "-sess_out", saved)), f"{version}: a first session", told)
        again = client(version, "-sess_in", saved)
        expect(served(again) and "Reused, TLS" in again, f"{version}: it is resumed", again)
        expect("Max Early Data: 0" in told or version == "-tls1_2", f"{version}: no early data", told)
        other = client(version, "-sess_in", saved, host="other.test", sent=GET.replace("origin", "other"))
        expect("New, TLS" in other and served(other), f"{version}: not for another name", other)


def names(client) -> None:
    told = client("-servername", "other.test")
    expect("HTTP/1.1 200" not in told, "another SNI than CONNECT's host is not served", told)
    told = client("-noservername")
    expect(served(told), "without SNI the certificate is for CONNECT's host", told)
    told = client(sent=GET.replace("origin.test", "other.test"))
    expect("HTTP/1.1 421" in told, "another Host than CONNECT's is misdirected", told)


def protocols(client) -> None:
    for offered, chosen in {"h2": "h2", "http/1.1": "http/1.1", "h2,http/1.1": "h2", "http/1.1,h2": "h2"}.items():
        told = client("-alpn", offered, sent="Q\n")
        expect(f"ALPN protocol: {chosen}" in told, f"of {offered} it chooses {chosen}", told)
    told = client("-alpn", "spdy/3")
    expect("ALPN protocol: spdy/3" not in told, "it never chooses what it does not speak", told)


def certificate(client, directory, ca) -> None:
    told = client("-showcerts")
    leaf = directory / "leaf.crt"
    leaf.write_text(re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", told, re.DOTALL)[0])
    show = ["openssl", "x509", "-noout", "-text", "-in"]
    text = subprocess.run([*show, leaf], capture_output=True, text=True, check=True).stdout
    for what in ("DNS:origin.test", "CA:FALSE", "TLS Web Server Authentication", "ecdsa-with-SHA256", "prime256v1"):
        expect(what in text, f"the certificate has {what}", text)
    expect("other.test" not in text, "the certificate has no other name", text)
    text = subprocess.run([*show, ca], capture_output=True, text=True, check=True).stdout
    for what in ("pathlen:0", "X509v3 Name Constraints: critical", "DNS:origin.test"):
        expect(what in text, f"the CA has {what}", text)


def main() -> int:
    with ground.Directory() as directory:
        authority = directory.authority()
        certificates.write_pair(directory.path / "origin", *authority.issue(*HOSTS))
        Origin((ground.ADDRESS, 443), tls=server_context(directory.path / "origin"))
        lenient = directory.path / "lenient.cnf"
        lenient.write_text("openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = low\n"
                           "[low]\nMinProtocol = TLSv1\nCipherString = ALL@SECLEVEL=0\n")
        trust = {"SSL_CERT_FILE": str(directory.path / "upstream.crt")}
        with ground.Regpass(directory.path, REGISTRIES, trust) as regpass:
            client = Client(regpass.ca)
            versions(client, lenient)
            ciphers(client, lenient)
            renegotiation(client)
            resumption(client, directory.path)
            names(client)
            protocols(client)
            certificate(client, directory.path, regpass.ca)
    print(f"{len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
