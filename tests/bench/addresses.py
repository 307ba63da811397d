"""Addresses and host names inside the namespaces."""

import base64

# regpass refuses upstreams on 127.0.0.0/8, so the origin has another address of the namespace's loopback device.
ORIGIN_ADDRESS = "10.231.9.1"
ORIGIN_PORT = 8443  # HTTP/1.1
ORIGIN_H2_PORT = 9443  # HTTP/2 for clients that offer it
ORIGIN = f"registry.test:{ORIGIN_PORT}"
ORIGIN_H2 = f"registry.test:{ORIGIN_H2_PORT}"
TOKENS = f"tokens.test:{ORIGIN_PORT}"  # the same origin, which requires tokens under this name
MANY = 100  # further names of the origin, to measure the effect of their number
HOSTS = "127.0.0.1 localhost proxy.test\n" + "".join(
    f"{ORIGIN_ADDRESS} {name}\n"
    for name in ("registry.test", "tokens.test", *(f"r{number}.registry.test" for number in range(MANY)))
)
CREDENTIAL = base64.b64encode(b"bench:bench").decode()
