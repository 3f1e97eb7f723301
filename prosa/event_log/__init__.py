"""One log per user in Redis: what the user's sockets are told, numbered, resumable, capped.

Redis holds nothing here that cannot be rebuilt: lose it, and replies still complete in the table
while clients are told to `resync`. Read `protocol.py` first, then the scripts it speaks of.
"""
