"""The peers closest to regpass: squid and mitmproxy intercept CONNECT; docker-registry is a pull-through cache."""

import pwd
import shutil
import time

from addresses import CREDENTIAL, TOKENS
from peers import Intercepting, Terminating
from processes import call

SQUID = """
http_port 127.0.0.1:{port} ssl-bump tls-cert={home}/ca.pem generate-host-certificates=on dynamic_cert_mem_cache_size=16MB
sslcrtd_program /usr/lib/squid/security_file_certgen -s {home}/certificates -M 16MB
sslcrtd_children 1
acl first at_step SslBump1
ssl_bump peek first
ssl_bump bump all
tls_outgoing_options cafile={ca} min-version=1.3
request_header_add Authorization "Basic {credential}" all
visible_hostname proxy.test
hosts_file /etc/hosts
pid_filename none
cache_log stdio:/dev/null
access_log stdio:/dev/null
logfile_rotate 0
coredump_dir none
cache deny all
netdb_filename none
pinger_enable off
shutdown_lifetime 0 seconds
client_lifetime 1 day
http_access allow all
"""


class Squid(Intercepting):
    port = 3129
    package = {"/usr/lib/squid/security_file_certgen": "squid-openssl"}

    def command(self):
        home = self.bench.file("squid")
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        call("/usr/lib/squid/security_file_certgen", "-c", "-s", home / "certificates", "-M", "16MB")
        shutil.copy(self.bench.file("ca.pem"), home)
        text = SQUID.format(port=self.port, home=home, ca=self.bench.file("ca.crt"), credential=CREDENTIAL)
        (home / "squid.conf").write_text(text)
        owner = pwd.getpwnam("proxy")
        for file in (home, *home.rglob("*")):
            shutil.chown(file, owner.pw_uid, owner.pw_gid)
        return "squid", "-N", "-f", home / "squid.conf"

    def authority(self):
        return self.bench.file("ca.crt")


ADDING = f"""
def requestheaders(flow):  # before the body, which is streamed
    flow.request.headers["Authorization"] = "Basic {CREDENTIAL}"
"""


class Mitmproxy(Intercepting):
    port = 3130
    package = {"mitmdump": "mitmproxy"}
    resumes = False
    slow = True

    def command(self):
        home = self.bench.file("mitmproxy")
        script = self.bench.file("authorization.py")
        script.write_text(ADDING)
        return [
            *("mitmdump", "--quiet", "--listen-host", "127.0.0.1", "--listen-port", self.port),
            *("--set", f"confdir={home}", "--set", "stream_large_bodies=64k", "--set", "connection_strategy=lazy"),
            *("--set", f"ssl_verify_upstream_trusted_ca={self.bench.file('ca.crt')}"),
            *("--scripts", script),
        ]

    def authority(self):
        path = self.bench.file("mitmproxy/mitmproxy-ca-cert.pem")
        while not path.exists():
            time.sleep(0.05)
        return path


class DockerRegistry(Terminating):
    """docker-registry's pull-through cache. The blobs do not match their digests, so it stores and hashes them but is cold every time."""

    port = 8449
    package = {"docker-registry": "docker-registry"}
    uploads = False
    slow = True
    CONFIGURATION = """
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {home}/storage}}}}
http: {{addr: "127.0.0.1:{port}", tls: {{certificate: {home}/server.crt, key: {home}/server.key}}}}
proxy: {{remoteurl: "https://{tokens}", username: bench, password: bench}}
"""

    def command(self, name):
        configuration = self.write(name, self.CONFIGURATION, tokens=TOKENS)  # it sends passwords only to token servers
        return "env", f"SSL_CERT_FILE={self.bench.file('ca.crt')}", "docker-registry", "serve", configuration
