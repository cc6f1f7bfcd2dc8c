"""How much of what one wants to know a simple classifier can read off the ids."""
