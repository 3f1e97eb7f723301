"""What the parts cost, each as a ratio to a floor timed in the same run.

`make bench` runs all of it. Machines are noisy and differ: the ratio is the figure, the
milliseconds beside it only say on what. Nothing here is ever asserted in a test.
"""
