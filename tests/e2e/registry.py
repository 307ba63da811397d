"""A docker-registry in the testbed: its configuration, and what it received and stored."""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

TOKEN_SERVICE = "testbed-registry"
TOKEN_ISSUER = "testbed-auth"


@dataclass(frozen=True)
class Registry:
    host: str  # as written in image names
    directory: Path
    realm: str | None  # None: HTTP Basic with an htpasswd file

    @property
    def name(self) -> str:
        return self.host.partition(":")[0]

    @property
    def log(self) -> Path:
        return self.directory / "registry.log"

    def config(self, address: tuple[str, int], certificate: Path | None, accounts: Path) -> dict:
        """docker-registry's configuration. `accounts` is the htpasswd file, or the token server's certificate."""
        if self.realm:
            auth = {
                "token": {
                    "realm": self.realm,
                    "service": TOKEN_SERVICE,
                    "issuer": TOKEN_ISSUER,
                    "rootcertbundle": str(accounts),
                }
            }
        else:
            auth = {"htpasswd": {"realm": self.name, "path": str(accounts)}}
        http = {"addr": "{}:{}".format(*address), "host": f"https://{self.host}"}
        if certificate:
            http["tls"] = {"certificate": f"{certificate}.crt", "key": f"{certificate}.key"}
        return {
            "version": "0.1",
            # Only at this level do log lines about successful requests contain the user.
            "log": {"level": "debug", "formatter": "json", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(self.directory / "storage")},
                "delete": {"enabled": True},
                "maintenance": {"uploadpurging": {"enabled": False}},
            },
            "http": http,
            "auth": auth,
        }

    def mark(self) -> int:
        """The current end of the log, for `received(since=…)`."""
        return self.log.stat().st_size

    def received(self, since: int = 0) -> list[dict]:
        """Every request answered after `since`: method, uri, repository, status, and the authenticated user."""
        with self.log.open("rb") as file:
            file.seek(since)
            lines = [json.loads(line) for line in file if line.startswith(b"{")]
        requests: dict[str, dict] = {}
        for line in lines:
            if "http.request.id" not in line:
                continue
            request = requests.setdefault(
                line["http.request.id"],
                {
                    "method": line["http.request.method"],
                    "uri": line["http.request.uri"],
                    "repository": line.get("vars.name"),
                    "status": None,
                    "user": None,
                },
            )
            # The details of a request are spread over several lines; a refused request has no "completed" line.
            if line["msg"].startswith("error authorizing context"):
                request["status"] = 401
            request["status"] = line.get("http.response.status", request["status"])
            request["user"] = line.get("auth.user.name", request["user"])
        return [request for request in requests.values() if request["status"]]

    def digest(self, repository: str, tag: str) -> str | None:
        """The digest stored for a tag, read from the registry's storage."""
        link = self._repository(repository) / "_manifests/tags" / tag / "current/link"
        return link.read_text() if link.exists() else None

    def content(self, digest: str) -> bytes:
        return self.file(digest).read_bytes()

    def file(self, digest: str) -> Path:
        """The file in which the registry stores a blob or manifest."""
        algorithm, _, hexadecimal = digest.partition(":")
        blobs = self.directory / "storage/docker/registry/v2/blobs"
        return blobs / algorithm / hexadecimal[:2] / hexadecimal / "data"

    def arrived(self, repository: str) -> int:
        """How many bytes of unfinished uploads have arrived."""
        total = 0
        for file in (self._repository(repository) / "_uploads").glob("*/data"):
            with contextlib.suppress(FileNotFoundError):  # the upload has finished
                total += file.stat().st_size
        return total

    def has_blob(self, repository: str, digest: str) -> bool:
        return (self._repository(repository) / "_layers" / digest.replace(":", "/") / "link").exists()

    def _repository(self, repository: str) -> Path:
        return self.directory / "storage/docker/registry/v2/repositories" / repository
