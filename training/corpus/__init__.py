"""The texts the dialogues are written from, as TOML: adding a phrase needs no code."""
