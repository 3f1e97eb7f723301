"""Takes jobs off the queue, asks a model, streams and commits the reply."""
