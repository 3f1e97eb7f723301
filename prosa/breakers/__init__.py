"""Which models are left alone for a while: circuit breakers, shared by all through Redis."""
