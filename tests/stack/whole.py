"""Fixture for the whole deployed stack."""
