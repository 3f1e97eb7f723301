"""Kubernetes: Kustomize is the source, and `chart` writes the Helm chart from it."""
