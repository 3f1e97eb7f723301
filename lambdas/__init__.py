"""The HTTP edge: API Gateway calls `handlers/<function>.py`, which answers at once.

A handler reads the request, calls a use case beside it (`submit_message.py`, `read_history.py`,
`sign_in.py`, ...) and returns a model. `api.py` runs them all: limits, errors, log line.
"""
