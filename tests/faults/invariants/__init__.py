"""What must hold of every history, whatever was broken: one module per kind of promise.

Each exposes `check_...(evidence)`, an iterator of violations; `tests/faults/checker.py` runs them.
"""
