"""Things to try: examples of what tokens are good for, and the interactive demo."""
