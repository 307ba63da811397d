"""What stands between the client and the origin. To add a peer, add a class and name it in TARGETS."""

import base64
import json

# regpass refuses upstreams on 127.0.0.0/8, so the origin has another address of the namespace's loopback device.
ORIGIN_ADDRESS = "10.231.9.1"
ORIGIN = "registry.test:8443"
NGINX = "nginx.test:8444"
REGPASS = "127.0.0.1:3128"
HOSTS = f"127.0.0.1 localhost nginx.test\n{ORIGIN_ADDRESS} registry.test\n"
CREDENTIAL = base64.b64encode(b"bench:bench").decode()


class Direct:
    """No proxy, for scale: a proxy that comes near this is measured against the load generator, not by it."""

    process = None

    def __init__(self, bench):
        self.client = ["--target", ORIGIN, "--ca", bench.file("ca.crt"), "--authorization", f"Basic {CREDENTIAL}"]


class Nginx:
    """A TLS-terminating reverse proxy with default buffers. It cannot intercept CONNECT, so it does less."""

    CONFIGURATION = """
daemon off;
user root;
pid {home}/nginx.pid;
error_log stderr;
worker_processes 1;
events {{ worker_connections 16384; }}
http {{
  access_log /dev/null;
  client_max_body_size 0;
  keepalive_requests 1000000000;
  upstream origin {{
    server {origin};
    keepalive 256;
    keepalive_requests 1000000000;
  }}
  server {{
    listen {listen} ssl backlog=4096;
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
      # Stream both ways: nothing is spooled to disk.
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
    }}
  }}
}}
"""

    def __init__(self, bench):
        text = self.CONFIGURATION.format(home=bench.home, origin=ORIGIN, listen=NGINX, credential=CREDENTIAL)
        bench.file("nginx.conf").write_text(text)
        self.process = bench.start(bench.proxy_cpu, "nginx", "nginx", "-c", bench.file("nginx.conf"))
        self.process.await_listener(NGINX)
        self.client = ["--target", NGINX, "--ca", bench.file("ca.crt")]


class Regpass:
    """Intercepts CONNECT; the log stays at its default level, as its cost belongs to the job."""

    CONFIGURATION = """
state_dir = "{home}/state"
[listen]
proxy = "{listen}"
[tls]
publish_dir = "{home}/published"
[credentials]
docker_config = ["{home}/docker"]
[[registry]]
host = "{origin}"
push = ["bench/*"]
ca_file = "{home}/ca.crt"
"""

    def __init__(self, bench):
        for directory in ("state", "published", "docker"):
            bench.file(directory).mkdir(mode=0o700)
        login = {"auths": {ORIGIN: {"auth": CREDENTIAL}}}
        bench.file("docker/config.json").write_text(json.dumps(login))
        text = self.CONFIGURATION.format(home=bench.home, listen=REGPASS, origin=ORIGIN)
        bench.file("regpass.toml").write_text(text)
        self.process = bench.start(
            bench.proxy_cpu, "regpass", bench.regpass, "serve", "--config", bench.file("regpass.toml")
        )
        self.process.await_listener(REGPASS)
        self.client = ["--target", ORIGIN, "--proxy", REGPASS, "--ca", bench.file("published/ca.crt")]


TARGETS = {"direct": Direct, "nginx": Nginx, "regpass": Regpass}
BASELINE = "nginx"
