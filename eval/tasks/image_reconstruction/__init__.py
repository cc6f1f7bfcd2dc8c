"""How near reconstructed pictures come to what the model saw, at each prefix."""
