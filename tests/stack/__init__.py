"""Fixtures that run the real parts of the stack."""
