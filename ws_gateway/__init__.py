"""Plays each user's event log to that user's sockets."""
