"""What the Dockerfiles install, carried out without Docker: proof, and something to run."""
