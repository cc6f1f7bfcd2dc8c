"""What the base class runs on: options, batches, noise, precision."""
