"""Who may open a socket, and for how long: tickets, admission by one, and sessions that were ended.

The Lambdas issue tickets and end sessions, the gateway redeems and admits. Everything here expires
by itself; what Redis loses of it signs nobody in.
"""
