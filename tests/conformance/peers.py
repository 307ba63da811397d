"""nginx and haproxy in front of the same origin: how other proxies interpret what regpass receives and sends."""

from pathlib import Path

import sandbox
import processes

NGINX = """\
daemon off;
user root;
worker_processes 1;
pid @DIR@/nginx.pid;
error_log stderr error;
events {}
http {
    access_log off;
    client_body_temp_path @DIR@/nginx-temp;
    proxy_temp_path @DIR@/nginx-temp;
    fastcgi_temp_path @DIR@/nginx-temp;
    scgi_temp_path @DIR@/nginx-temp;
    uwsgi_temp_path @DIR@/nginx-temp;
    upstream origin { server @ORIGIN@; keepalive 4; }
    server {
        listen 127.0.0.1:@PORT@;
        client_max_body_size 0;
        client_header_timeout 2s;
        client_body_timeout 2s;
        proxy_request_buffering off;
        proxy_buffering off;
        proxy_ignore_client_abort on;
        proxy_http_version 1.1;
        proxy_next_upstream off;
        proxy_set_header Host $http_host;
        proxy_set_header Connection "";
        location / { proxy_pass http://origin; }
    }
}
"""

HAPROXY = """\
global
    maxconn 100
defaults
    mode http
    timeout connect 2s
    timeout client 2s
    timeout server 2s
    timeout http-request 2s
    retries 0
listen front
    bind 127.0.0.1:@PORT@
    server origin @ORIGIN@
"""


class Peer:
    """nginx or haproxy as a reverse proxy for `origin`, on a loopback port."""

    def __init__(self, name: str, directory: Path, port: int, origin: tuple[str, int]):
        self.name = name
        self.address = ("127.0.0.1", port)
        home = directory / f"{name}-{port}"
        home.mkdir()
        text = {"nginx": NGINX, "haproxy": HAPROXY}[name]
        for mark, value in {"@DIR@": str(home), "@PORT@": str(port), "@ORIGIN@": "{}:{}".format(*origin)}.items():
            text = text.replace(mark, value)
        config = home / "config"
        config.write_text(text)
        argv = {"nginx": ["nginx", "-e", "stderr", "-c"], "haproxy": ["haproxy", "-q", "-db", "-f"]}[name]
        self._child = sandbox.serve_in_background([*argv, str(config)], self.address, home / "output")

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *_) -> None:
        processes.end_child(self._child, 5)
