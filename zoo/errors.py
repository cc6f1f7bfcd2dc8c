"""Every error the library raises on purpose.

Each message says what was given, what was expected and what to do about it.
"""


class ZooError(Exception):
    """Base of all errors raised on purpose; catch it to catch them all."""


class UnknownTokenizerError(ZooError):
    """No tokenizer has this name; the message lists near names."""


class CheckpointUnavailableError(ZooError):
    """Weights could not be had: no network, no such repository, no such file."""


class CheckpointCorruptError(ZooError):
    """Weights were had but are not what the card says: hash, keys, shapes or format."""


class MediaError(ZooError):
    """Media that cannot be read or has no valid content; names the item of the batch."""


class TokenError(ZooError):
    """Tokens that do not fit: another code space, ids out of range, a damaged file."""


class CardError(ZooError):
    """A card that cannot be parsed or says something impossible; names file and line."""


class NotSupportedError(ZooError):
    """This checkpoint cannot do what was asked; the message names the way out."""
