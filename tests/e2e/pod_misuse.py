"""Attempts by a malicious build step to use or read the pod's credentials, or to reach forbidden destinations.

Each attempt prints `ATTEMPT name: first line of the answer`. The step itself asserts nothing: the tests check what the
registry, the token server and the canaries received, and what the step was able to read.
"""

import re
import subprocess
from pathlib import Path

from pod_network import API_SERVER, METADATA, NODE, POD_IP

FORBIDDEN = (  # T03: the different ways to write these addresses
    *(f"{METADATA}:80", "metadata.google.internal:80", "metadata.test:80", f"[::ffff:{METADATA}]:80", "2852039166:80"),
    *(f"{API_SERVER}:443", "kubernetes.default.svc.cluster.local:443", f"{NODE}:443"),
    *("127.0.0.1:443", "localhost:443", "loopback.test:443", "[::1]:443", "127.1:443", "0.0.0.0:443", "[::]:443"),
    *("127.0.0.1:3128", "127.0.0.1:9128", f"{POD_IP}:9128", f"{POD_IP}:443", "pod.test:443"),
)
SECRETIVE = ("/", "/status", "/history?last=10", "/config", "/log/level", "/debug", "/har", "/metrics/../status")

BEGIN = """
set -u
for applet in tr head timeout env; do
    eval "$applet() { busybox $applet \"\$@\"; }"
done
say() { # say NAME, the answer on stdin
    echo "ATTEMPT $1: $(head -n 1 | tr -d '\\r')"
}
talk() { # talk ADDRESS PORT, a request on stdin
    timeout 5 busybox nc "$1" "$2" 2>&1
}
talk_tls() { # talk_tls ADDRESS NAME, a request on stdin
    timeout 5 /usr/bin/openssl s_client -quiet -connect "$1" -servername "$2" 2>/dev/null
}
export OPENSSL_CONF=/dev/null
"""


def http(name: str, address: str, port: int, head: str, host: str) -> str:
    """A script line that sends a request over plain HTTP."""
    text = f"{head} HTTP/1.1\\r\\nHost: {host}\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n"
    return f"printf '{text}' | talk {address} {port} | say '{name}'\n"


def tls(name: str, address: str, head: str, host: str, sni: str = "") -> str:
    """Like `http`, over TLS that the step does not verify. SNI defaults to the host."""
    return http(name, address, 443, head, host).replace(f"talk {address} 443", f"talk_tls {address}:443 {sni or host}")


def openssl() -> dict[str, bytes]:
    """openssl and its libraries for the step's image: busybox's own TLS is not sufficient."""
    listed = subprocess.run(["ldd", "/usr/bin/openssl"], check=True, capture_output=True, text=True).stdout
    paths = ["/usr/bin/openssl", *re.findall(r"(?:=> |^\t)(/\S+) \(", listed, re.MULTILINE)]
    return {f"openssl{path}": Path(path).read_bytes() for path in paths}


def through_proxy(host: str, hidden: str, port: int = 3128) -> str:
    """T01 and T03 without the proxy password, which the step does not know."""

    def request(name: str, head: str) -> str:
        return f"printf '{head}\\r\\n' | talk 127.0.0.1 {port} | say '{name}'\n"

    end = "\\r\\nHost: x\\r\\n"
    script = request("connect", f"CONNECT {host}:443 HTTP/1.1{end}")
    script += request("absolute", f"GET http://{host}{hidden} HTTP/1.1{end}")
    script += request("wrong password", f"CONNECT {host}:443 HTTP/1.1{end}Proxy-Authorization: Basic eDp5\\r\\n")
    for target in FORBIDDEN:
        script += request(f"connect {target}", f"CONNECT {target} HTTP/1.1{end}")
        script += request(f"get {target}", f"GET http://{target}/ HTTP/1.1{end}")
    for path in SECRETIVE:
        script += request(f"own {path}", f"GET {path} HTTP/1.1{end}")
    return script


def looking_around(port: int = 9128) -> str:
    """T02: the health port, the builder's processes, and every file the step can find."""
    script = ""
    for path in SECRETIVE:
        script += f"printf 'GET {path} HTTP/1.0\\r\\n\\r\\n' | talk 127.0.0.1 {port} | say 'health {path}'\n"
    for method in ("PUT", "POST", "DELETE"):
        script += (
            f"printf '{method} /log/level HTTP/1.0\\r\\nContent-Length: 5\\r\\n\\r\\ndebug' | talk 127.0.0.1 {port} | "
            f"say 'health {method}'\n"
        )
    return (
        script
        + f"wget -q -O - http://127.0.0.1:{port}/metrics http://127.0.0.1:{port}/readyz\n"
        + "for process in /proc/[0-9]*; do\n"
        + "    cat $process/environ $process/cmdline 2>/dev/null | tr '\\0' '\\n'\n"
        + "    cat $process/root/run/regpass/*/* $process/root/run/secrets/regpass/* 2>/dev/null\n"
        + "done\n"
        + "env\n"
    )


def attempts(output: str) -> dict[str, str]:
    """The answers to the step's attempts, by name."""
    # A line of BuildKit's plain progress output: "#7 0.123 ATTEMPT connect: HTTP/1.1 407 …".
    return dict(re.findall(r"^#\d+ \S+ ATTEMPT (.+?): (.*)$", output, re.MULTILINE))
