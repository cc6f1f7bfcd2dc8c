"""How near reconstructed videos come to the frames that the model saw, at each prefix."""
