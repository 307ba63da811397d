"""TLS contexts for good and bad servers."""

import ssl
from pathlib import Path


def server_context(pair: Path, ciphers: str | None = None, newest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """A context with PAIR.crt and PAIR.key. A `newest` version older than TLS 1.2 requires ciphers of security level 0."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if newest:
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = newest
    if ciphers:
        context.set_ciphers(ciphers)
    context.load_cert_chain(f"{pair}.crt", f"{pair}.key")
    return context
