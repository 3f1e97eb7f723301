"""The HTTP edge: validates what a browser sends and puts jobs on the queue."""
