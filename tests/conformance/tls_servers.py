"""TLS as servers may speak it, rightly or wrongly."""

import ssl
from pathlib import Path


def server_context(pair: Path, ciphers: str | None = None, newest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """With PAIR.crt and PAIR.key. `newest` older than TLS 1.2 needs the ciphers of level 0."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if newest:
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = newest
    if ciphers:
        context.set_ciphers(ciphers)
    context.load_cert_chain(f"{pair}.crt", f"{pair}.key")
    return context
