"""What deploys Prosa: the Python here packs the functions and tries out the images."""
