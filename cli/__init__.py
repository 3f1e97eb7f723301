"""The terminal client, on the same API as the page."""
