"""The fault rig: the real parts of Prosa, broken on purpose, and a checker of what its users saw.

`make faults` runs every scenario at its full count; `make test` runs the short form of each.
"""
