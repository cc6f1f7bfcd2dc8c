"""Training: one loop for all families; losses and recipes stand beside their family."""
