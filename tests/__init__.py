"""The tests, by cost: unit, integration, e2e."""
