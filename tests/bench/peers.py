"""The peers, as packaged by Debian. Those that terminate TLS do less than regpass: they neither intercept nor negotiate tokens."""

from addresses import CREDENTIAL, ORIGIN, ORIGIN_H2
from targets import Target


class Terminating(Target):
    """A reverse proxy that terminates TLS, adds a fixed `Authorization` and forwards over verified TLS."""

    port = None

    def __init__(self, bench):
        super().__init__(bench)
        self.arguments = ["--target", f"proxy.test:{self.port}", "--ca", bench.file("ca.crt")]
        self.http2_arguments = [*self.arguments, "--h2", 1]
        self.launch()

    def launch(self):
        name = f"{type(self).__name__.lower()}"
        self.process = self.bench.start(self.bench.proxy_cpu, name, *self.command(name))
        self.process.await_listener(f"proxy.test:{self.port}")

    def write(self, name, text, **more):
        """Writes a configuration, filling in the values that all peers need."""
        path = self.bench.file(f"{name}.conf")
        values = {"home": self.bench.home, "origin": ORIGIN, "port": self.port, "credential": CREDENTIAL, **more}
        path.write_text(text.format(**values))
        return path


class Nginx(Terminating):
    """One worker, default buffers, each request logged."""

    port = 8444
    package = {"nginx": "nginx-light"}
    buffers = ""
    CONFIGURATION = """
daemon off;
user root;
pid {home}/nginx-{port}.pid;
error_log stderr;
worker_processes 1;
events {{ worker_connections 15000; }}
http {{
  access_log /dev/null;
  client_max_body_size 0;
  client_body_timeout 600s;
  client_header_timeout 600s;
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  http2_max_concurrent_streams 250;
  upstream origin {{
    server {origin};
    keepalive 256;
    keepalive_requests 1000000000;
  }}
  server {{
    listen proxy.test:{port} ssl http2 backlog=4096;
    ssl_certificate {home}/server.crt;
    ssl_certificate_key {home}/server.key;
    ssl_protocols TLSv1.3;
    location / {{
      proxy_pass https://origin;
      proxy_http_version 1.1;
      proxy_set_header Host {origin};
      proxy_set_header Connection "";
      proxy_set_header Authorization "Basic {credential}";
      proxy_ssl_protocols TLSv1.3;
      proxy_ssl_verify on;
      proxy_ssl_trusted_certificate {home}/ca.crt;
      proxy_ssl_server_name on;
      proxy_ssl_name registry.test;
      # Stream in both directions without spooling to disk.
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
      {buffers}
    }}
  }}
}}
"""

    def command(self, name):
        return "nginx", "-c", self.write(name, self.CONFIGURATION, buffers=self.buffers)


class NginxLarge(Nginx):
    port = 8445
    twin = True
    buffers = (
        "proxy_buffer_size 64k; proxy_buffers 16 64k; proxy_busy_buffers_size 512k; client_body_buffer_size 256k;"
    )


class Haproxy(Terminating):
    """One thread, upstream connections shared by all clients, each request logged."""

    port = 8446
    package = {"haproxy": "haproxy"}
    CONFIGURATION = """
global
  nbthread 1
  maxconn 7000
defaults
  mode http
  log stdout format raw local0
  option httplog
  timeout connect 10s
  timeout client 600s
  timeout server 600s
  timeout http-request 600s
  timeout http-keep-alive 600s
frontend clients
  bind proxy.test:{port} ssl crt {home}/server.pem alpn h2,http/1.1 ssl-min-ver TLSv1.3
  default_backend origin
backend origin
  http-reuse always
  http-request set-header Authorization "Basic {credential}"
  http-request set-header Host {origin}
  server origin {origin} ssl verify required ca-file {home}/ca.crt sni str(registry.test) alpn http/1.1
"""

    def command(self, name):
        return "haproxy", "-q", "-db", "-f", self.write(name, self.CONFIGURATION)


class Nghttpx(Terminating):
    """One worker, each request logged."""

    port = 8447
    package = {"nghttpx": "nghttp2-proxy"}
    protocol, origin = "http/1.1", ORIGIN

    def command(self, name):
        host, port = self.origin.split(":")
        return [
            "nghttpx",
            f"--conf={self.write(name, '')}",
            f"--frontend=127.0.0.1,{self.port}",
            f"--backend={host},{port};;tls;proto={self.protocol};sni=registry.test",
            f"--cacert={self.bench.file('ca.crt')}",
            f"--add-request-header=authorization: Basic {CREDENTIAL}",
            "--host-rewrite",
            "--workers=1",
            "--tls13-ciphers=TLS_AES_256_GCM_SHA384",  # which the others choose following the client's preference
            "--backend-keep-alive-timeout=600s",
            "--frontend-http2-read-timeout=600s",
            "--frontend-read-timeout=600s",
            "--frontend-keep-alive-timeout=600s",
            "--accesslog-file=/dev/null",
            self.bench.file("server.key"),
            self.bench.file("server.crt"),
        ]


class NghttpxH2(Nghttpx):
    port = 8448
    twin = True
    protocol, origin = "h2", ORIGIN_H2


class Intercepting(Target):
    """A forward proxy with its own CA, like regpass."""

    http2 = False
    port = None

    def __init__(self, bench):
        super().__init__(bench)
        self.launch()
        self.arguments = ["--target", ORIGIN, "--proxy", f"127.0.0.1:{self.port}", "--ca", self.authority()]

    def launch(self):
        name = type(self).__name__.lower()
        self.process = self.bench.start(self.bench.proxy_cpu, name, *self.command())
        self.process.await_listener(f"127.0.0.1:{self.port}")
