"""What Prosa costs to run: `python -m infra.costs` writes docs/cost.md."""
