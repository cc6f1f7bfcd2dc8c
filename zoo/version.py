"""The version, where modules can read it without the package's front door."""

__version__ = "0.1.0"
