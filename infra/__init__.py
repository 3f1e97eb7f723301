"""What deploys Prosa, and the programs that check it."""
