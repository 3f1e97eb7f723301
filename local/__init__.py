"""The whole stack on one laptop, in one command."""
