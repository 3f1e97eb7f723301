"""Training of prosa-tiny, the model that ships in the repository. `python -m training.train`."""
