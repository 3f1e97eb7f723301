"""Ways to the real parts that break on demand: to Redis and to AWS, by schedule and counted.

A scenario puts one between the product and a part (`tests/faults/ground.py` does), and asks it for
faults. Each runs in a thread with a loop of its own: a scenario whose loop is busy delays nothing.
"""
