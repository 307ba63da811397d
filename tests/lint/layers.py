"""Every #include against the layer picture in docs/architecture.md, and each library only where the design keeps it."""

import pathlib
import re

import tree

# What each module builds on directly; it may include that and whatever lies below that.
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

# Umbrella headers cost seconds of every build. CLI11 is the command line's business.
UMBRELLA = re.compile(r"boost/(asio|beast|json|url)\.hpp|boost/beast/(core|http|ssl|websocket)\.hpp|boost/asio/ssl\.hpp")

# Which files may include a library: the first pattern that fits decides.
LIBRARIES = (
    # Only socket addresses, which config and net both read.
    ("boost/asio/ip/", r"(base/endpoint\.|config/|async|platform|net|transport|forward|admin|daemon|cli)", "Asio is the I/O arm's and its users'"),
    ("boost/asio", r"(async|platform|net|transport|forward|admin|daemon|cli)/", "Asio is the I/O arm's and its users'"),
    ("boost/beast", r"http/.*", "one file of http feeds Beast's parser"),
    ("nghttp2/", r"http/.*", "the HTTP/2 codec hides nghttp2"),
    # Forward declarations, for the pointers the TLS headers pass on. The sources include what they need.
    ("openssl/types.h", r"tls/", "only tls has OpenSSL's types in its headers"),
    # Wiping memory (secrets, and the JSON that holds them), base64, and the version that `regpass version` prints.
    ("openssl/", r"tls/.*\.cpp|tls/(openssl_ptr|memory_bio)\.hpp|base/(secret|base64)\.cpp|auth/json_text\.cpp"
                 r"|cli/commands/version\.cpp", "OpenSSL stays inside the sources of tls"),
    ("spdlog/", r"base/log\.cpp|base/fd_sink\.(cpp|hpp)", "logs go through base/log"),
    ("toml++/", r"config/.*\.cpp", "only config reads TOML"),
    ("prometheus/", r"forward/record/metrics\.cpp", "only the counters are prometheus-cpp's"),
    ("CLI/", r"cli/commands/(command_line|usage)\.cpp", "only the command line is CLI11's"),
    ("ares.h", r"net/names/", "names are resolved in one place"),
    ("libpsl.h", r"registry/", "only registry names are judged by the public suffix list"),
)

_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def below(module):
    """All that `module` may include, itself too."""
    return {module}.union(*(below(lower) for lower in BELOW[module]))


def module_of(path):
    """The module a file of the tree belongs to, and its path from there: config/ stands at the top, others in proxy/."""
    parts = path.parts
    if parts[0] == "config":
        return "config", "/".join(parts)
    start = 2 if parts[0] == "include" else 1
    return parts[start], "/".join(parts[start:])


def own_header(path, name):
    """The module of the header of ours that `path` names by `name`, as a path from proxy/, from the tree or from its own folder; None if there is none."""
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
            return f"<{name}>: our own headers are included with quotes"
        return None if used in below(module) else f"{module} may not include {used} ({name})"
    if quote == '"':
        used = own_header(path, name)
        if used is None:
            return f'"{name}": there is no such header'
        return None if used in below(module) else f"{module} may not include {used} ({name})"
    if UMBRELLA.fullmatch(name):
        return f"<{name}> is an umbrella header: include what is used"
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
