"""The image's bill of materials, in SPDX 2.3 (spdx.github.io/spdx-spec/v2.3)."""

import hashlib
import json
import re
import subprocess
from datetime import datetime, timezone
from pathlib import Path

from packages import Package

_NO_CLAIM = "NOASSERTION"


def document(program: Path, linked: list[Package], compiled_in: list[Package], epoch: int) -> str:
    digest = hashlib.sha256(program.read_bytes()).hexdigest()
    version, commit = version_of(program)
    name = f"regpass-{version}"
    main = {
        "SPDXID": "SPDXRef-regpass",
        "name": "regpass",
        "versionInfo": version,
        "sourceInfo": f"commit {commit}",
        "downloadLocation": _NO_CLAIM,
        "filesAnalyzed": False,
        "licenseConcluded": "Apache-2.0",
        "licenseDeclared": "Apache-2.0",
        "copyrightText": _NO_CLAIM,
        "checksums": [{"algorithm": "SHA256", "checksumValue": digest}],
        "primaryPackagePurpose": "APPLICATION",
    }
    relations = [relation("SPDXRef-DOCUMENT", "DESCRIBES", main["SPDXID"])]
    relations += [relation(main["SPDXID"], "DYNAMIC_LINK", identifier(package)) for package in linked if package.name.startswith("lib")]
    relations += [relation(main["SPDXID"], "DEPENDS_ON", identifier(package)) for package in linked if not package.name.startswith("lib")]
    relations += [relation(main["SPDXID"], "STATIC_LINK", identifier(package)) for package in compiled_in]
    contents = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": f"https://spdx.org/spdxdocs/{name}-{digest}",
        "creationInfo": {
            "created": datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: regpass-deploy-image"],
        },
        "packages": [main, *map(described, [*linked, *compiled_in])],
        "relationships": relations,
    }
    return json.dumps(contents, indent=1) + "\n"


def described(package: Package) -> dict:
    return {
        "SPDXID": identifier(package),
        "name": package.name,
        "versionInfo": package.version,
        "supplier": "Organization: Debian",
        "downloadLocation": _NO_CLAIM,
        "filesAnalyzed": False,
        "homepage": package.homepage or _NO_CLAIM,
        "licenseConcluded": _NO_CLAIM,
        "licenseDeclared": _NO_CLAIM,  # the licence texts are in the image's /usr/share/doc
        "copyrightText": _NO_CLAIM,
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": package.purl}
        ],
    }


def identifier(package: Package) -> str:
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", package.name)


def relation(of: str, kind: str, to: str) -> dict:
    return {"spdxElementId": of, "relationshipType": kind, "relatedSpdxElement": to}


def version_of(program: Path) -> tuple[str, str]:
    output = subprocess.run([program, "version"], check=True, capture_output=True, text=True).stdout
    match = re.match(r"regpass (\S+) \(commit (\S+)\)", output)
    assert match, f"unexpected version output: {output}"
    return match[1], match[2]
