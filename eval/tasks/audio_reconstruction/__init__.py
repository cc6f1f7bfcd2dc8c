"""How near reconstructed sound comes to what the model heard, at each prefix."""
