"""Training of networks: loop, checkpoints, schedules, learning-rate finder, device."""
