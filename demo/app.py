"""The page as a Space runs it: ``python app.py``, with the package installed."""

from zoo.demo.page import build, launch_options  # pyright: ignore[reportMissingImports]

demo = build()

if __name__ == "__main__":
    demo.launch(**launch_options())
