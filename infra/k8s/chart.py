"""`python -m infra.k8s.chart`: write the templates of the Helm chart from the overlay `helm`.

So that both give the same objects, from one source. Needs kubectl; `make chart` calls it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
OVERLAYS = ROOT / "infra" / "k8s" / "overlays"
CHART = ROOT / "infra" / "helm" / "prosa"
TEMPLATES = CHART / "templates" / "prosa.yaml"
_HEAD = "{{- /* Written by `make chart` from infra/k8s/overlays/helm. Change that. */ -}}\n"


def build(overlay: str) -> str:
    """Give the objects of `overlay` as YAML. Raises CalledProcessError with kubectl's words."""
    command = ["kubectl", "kustomize", str(OVERLAYS / overlay)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def templates() -> str:
    """Give the overlay `helm` in the words of Helm."""
    text = build("helm").replace("release-namespace", "{{ .Release.Namespace }}")
    # Quoted, a number would be a string to Kubernetes.
    return _HEAD + re.sub(r"'(\{\{ \.Values\.[\w.]+ \| int \}\})'", r"\1", text)


def main() -> int:
    """Write the file."""
    TEMPLATES.write_text(templates(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
