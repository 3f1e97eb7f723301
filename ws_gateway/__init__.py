"""The WebSocket gateway: plays each user's event log to the user's sockets, in order, once.

Read `bootstrap.py` for the parts, then `socket_handler.py` for the life of one socket, then
`feed.py` for how an event reaches it.
"""
