"""Checks every #include against the layers (BELOW, shown in docs/diagrams/layers.svg), and that each library is used only where it belongs."""

import pathlib
import re

import tree

# The modules directly below each module; it may include those and everything below them.
BELOW = {
    "base": (),
    "registry": ("base",),
    "options": ("registry",),
    "http": ("options",),
    "tls": ("options",),
    "async": ("base",),
    "platform": ("async",),
    "auth": ("http", "registry"),
    "net": ("http", "tls", "async"),
    "diagnosis": ("auth",),
    "transport": ("net",),
    "forward": ("diagnosis", "transport", "platform"),
    "admin": ("forward",),
    "config": ("options", "http"),
    "daemon": ("config", "admin"),
    "cli": ("daemon",),
}

# Umbrella headers add seconds to every build.
UMBRELLA = re.compile(r"boost/(asio|beast|json|url)\.hpp|boost/beast/(core|http|ssl|websocket)\.hpp|boost/asio/ssl\.hpp")

# The files that may include a library; the first matching row decides.
LIBRARIES = (
    # Socket addresses only: config and net both read them.
    ("boost/asio/ip/", r"(base/endpoint\.|config/|async|platform|net|transport|forward|admin|daemon|cli)", "only modules that do I/O, and their users, include Asio"),
    ("boost/asio", r"(async|platform|net|transport|forward|admin|daemon|cli)/", "only modules that do I/O, and their users, include Asio"),
    ("boost/beast", r"http/.*", "only http uses Beast's parser"),
    ("nghttp2/", r"http/.*", "nghttp2 is hidden inside the HTTP/2 codec"),
    # Forward declarations for pointers in the TLS headers; sources include the full headers they need.
    ("openssl/types.h", r"tls/", "only headers of tls use OpenSSL's types"),
    # Also used to wipe memory (secrets and JSON that contains them), for base64, and for the version in `regpass version`.
    ("openssl/", r"tls/.*\.cpp|tls/(openssl_ptr|memory_bio)\.hpp|base/(secret|base64)\.cpp|auth/json_text\.cpp"
                 r"|cli/commands/version\.cpp", "OpenSSL is used only in the sources of tls"),
    ("spdlog/", r"base/log\.cpp|base/fd_sink\.(cpp|hpp)", "logging goes through base/log"),
    ("toml++/", r"config/.*\.cpp", "only config reads TOML"),
    ("prometheus/", r"forward/record/metrics\.cpp", "prometheus-cpp is used only for the metrics"),
    ("CLI/", r"cli/commands/(command_line|usage)\.cpp", "CLI11 is used only for the command line"),
    ("ares.h", r"net/names/", "names are resolved only in net/names"),
    ("libpsl.h", r"registry/", "the public suffix list is used only for registry names"),
)

_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def below(module):
    """All modules that `module` may include, including itself."""
    return {module}.union(*(below(lower) for lower in BELOW[module]))


def module_of(path):
    """The module of a file, and its path relative to the module's parent: config/ is at the top level, the others are in proxy/."""
    parts = path.parts
    if parts[0] == "config":
        return "config", "/".join(parts)
    start = 2 if parts[0] == "include" else 1
    return parts[start], "/".join(parts[start:])


def own_header(path, name):
    """The module of our own header that `path` includes as `name`, relative to proxy/, the top or its own folder; None if it does not exist."""
    for candidate in (pathlib.Path("proxy", name), pathlib.Path(name), pathlib.Path(*_resolved(path.parent / name))):
        if (tree.ROOT / candidate).is_file():
            return module_of(candidate)[0]
    return None


def _resolved(path):
    parts = []
    for part in path.parts:
        parts = parts[:-1] if part == ".." else parts + [part]
    return parts


def complaint_about(path, quote, name):
    module, place = module_of(path)
    if name.startswith("regpass/"):
        used = name.split("/")[1]
        if quote != '"':
            return f"<{name}>: include our own headers with quotes"
        return None if used in below(module) else f"{module} may not include {used} ({name})"
    if quote == '"':
        used = own_header(path, name)
        if used is None:
            return f'"{name}": no such header'
        return None if used in below(module) else f"{module} may not include {used} ({name})"
    if UMBRELLA.fullmatch(name):
        return f"<{name}> is an umbrella header: include only the headers you use"
    for library, places, reason in LIBRARIES:
        if name.startswith(library):
            return None if re.match(places, place) else f"<{name}>: {reason}"
    return None


def check(path, text):
    for found in _INCLUDE.finditer(text):
        complaint = complaint_about(path, found[1], found[2])
        if complaint:
            yield text.count("\n", 0, found.start(2)) + 1, complaint


if __name__ == "__main__":
    tree.main(check, tree.files("include", "proxy", "config", suffixes=tree.CPP))
