"""T20 T23 T24 the TLS that regpass offers to clients, tested with openssl s_client through CONNECT.

Versions, ciphers, renegotiation, compression, early data, resumption, SNI, ALPN, and the certificate it issues.
"""

import os
import re
import subprocess
import sys

import sandbox

HOSTS = ["origin.test", "other.test"]
sandbox.enter(HOSTS, programs=["openssl"])

import certificates  # noqa: E402
from origin import Origin  # noqa: E402
from tls_servers import server_context  # noqa: E402

REGISTRIES = "".join(f'[[registry]]\nhost = "{host}"\n' for host in HOSTS)
GET = "GET /v2/ HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n"
WEAK = "@SECLEVEL=0:ALL:COMPLEMENTOFALL:!ECDHE+AESGCM:!ECDHE+CHACHA20"
failures = []


def expect(good: bool, name: str, output: str = "") -> None:
    print(f"{'passed' if good else 'FAILED'}: {name}")
    if not good:
        failures.append(name)
        print(output[-1500:])


class Client:
    def __init__(self, ca):
        self._ca = ca

    def __call__(self, *options, host="origin.test", sent=GET, lenient=False) -> str:
        """The output of s_client, which includes the response to `sent`."""
        argv = ["openssl", "s_client", "-proxy", f"127.0.0.1:{sandbox.PROXY_PORT}", "-connect", f"{host}:443"]
        argv += ["-CAfile", str(self._ca), "-verify_return_error", "-verify_hostname", host, "-ign_eof"]
        if "-noservername" not in options and "-servername" not in options:
            argv += ["-servername", host]
        environment = {"PATH": os.environ["PATH"]} | ({"OPENSSL_CONF": str(lenient)} if lenient else {})
        result = subprocess.run([*argv, *options], input=sent, env=environment, capture_output=True, text=True,
                              errors="replace", timeout=20, check=False)
        return result.stdout + result.stderr


def handshake_completed(output: str) -> bool:
    return "Verify return code: 0 (ok)" in output and "Cipher is (NONE)" not in output


def served(output: str) -> bool:
    return handshake_completed(output) and "HTTP/1.1 200" in output


def versions(client, lenient) -> None:
    for version in ("-tls1", "-tls1_1"):
        output = client(version, "-cipher", "ALL@SECLEVEL=0", lenient=lenient)
        expect(not handshake_completed(output) and "alert protocol version" in output, f"{version} is refused with an alert", output)
    for version in ("-tls1_2", "-tls1_3"):
        expect(served(output := client(version)), f"{version} is served", output)
    output = client("-tls1_2", "-fallback_scsv")
    expect("inappropriate fallback" in output, "an unnecessary version fallback is refused", output)


def ciphers(client, lenient) -> None:
    output = client("-tls1_2", "-cipher", WEAK, lenient=lenient)
    expect(not handshake_completed(output), "TLS 1.2 has no cipher without ephemeral keys or authenticated encryption", output)
    for suite in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"):
        expect(f"Cipher is {suite}" in (output := client("-tls1_2", "-cipher", suite)), f"{suite} is supported", output)
    output = client("-tls1_3")
    expect("Compression: NONE" in output and "No ALPN negotiated" in output, "no compression", output)
    expect("Peer Temp Key: X25519" in output or "Server Temp Key: X25519" in output, "key exchange uses X25519", output)


def renegotiation(client) -> None:
    output = client("-tls1_2", sent="R\n" + GET)
    expect(handshake_completed(output) and "HTTP/1.1 200" not in output, "a client that renegotiates gets no response", output)
    expect("Secure Renegotiation IS supported" in output, "the secure renegotiation extension is present", output)


def resumption(client, directory) -> None:
    for version in ("-tls1_2", "-tls1_3"):
        saved = str(directory / f"session{version}")
        expect(served(output := client(version, "-sess_out", saved)), f"{version}: the first session is established", output)
        again = client(version, "-sess_in", saved)
        expect(served(again) and "Reused, TLS" in again, f"{version}: the session is resumed", again)
        expect("Max Early Data: 0" in output or version == "-tls1_2", f"{version}: no early data", output)
        other = client(version, "-sess_in", saved, host="other.test", sent=GET.replace("origin", "other"))
        expect("New, TLS" in other and served(other), f"{version}: the session is not resumed for another name", other)


def names(client) -> None:
    output = client("-servername", "other.test")
    expect("HTTP/1.1 200" not in output, "an SNI that differs from CONNECT's host is not served", output)
    output = client("-noservername")
    expect(served(output), "without SNI the certificate is for CONNECT's host", output)
    output = client(sent=GET.replace("origin.test", "other.test"))
    expect("HTTP/1.1 421" in output, "a Host that differs from CONNECT's gets 421", output)


def protocols(client) -> None:
    for offered, chosen in {"h2": "h2", "http/1.1": "http/1.1", "h2,http/1.1": "h2", "http/1.1,h2": "h2"}.items():
        output = client("-alpn", offered, sent="Q\n")
        expect(f"ALPN protocol: {chosen}" in output, f"from {offered} it selects {chosen}", output)
    output = client("-alpn", "spdy/3")
    expect("ALPN protocol: spdy/3" not in output, "it never selects an unsupported protocol", output)


def certificate(client, directory, ca) -> None:
    output = client("-showcerts")
    leaf = directory / "leaf.crt"
    leaf.write_text(re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", output, re.DOTALL)[0])
    show = ["openssl", "x509", "-noout", "-text", "-in"]
    text = subprocess.run([*show, leaf], capture_output=True, text=True, check=True).stdout
    for name in ("DNS:origin.test", "CA:FALSE", "TLS Web Server Authentication", "ecdsa-with-SHA256", "prime256v1"):
        expect(name in text, f"the certificate has {name}", text)
    expect("other.test" not in text, "the certificate contains no other name", text)
    text = subprocess.run([*show, ca], capture_output=True, text=True, check=True).stdout
    for name in ("pathlen:0", "X509v3 Name Constraints: critical", "DNS:origin.test"):
        expect(name in text, f"the CA has {name}", text)


def main() -> int:
    with sandbox.Directory() as directory:
        authority = directory.authority()
        certificates.write_pair(directory.path / "origin", *authority.issue(*HOSTS))
        Origin((sandbox.ADDRESS, 443), tls=server_context(directory.path / "origin"))
        lenient = directory.path / "lenient.cnf"
        lenient.write_text("openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = low\n"
                           "[low]\nMinProtocol = TLSv1\nCipherString = ALL@SECLEVEL=0\n")
        trust = {"SSL_CERT_FILE": str(directory.path / "upstream.crt")}
        with sandbox.Regpass(directory.path, REGISTRIES, trust) as regpass:
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
