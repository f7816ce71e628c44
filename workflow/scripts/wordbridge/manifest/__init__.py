"""What made each file of an experiment, and whether it still is as it was made."""
