"""Cards whose parts lie anywhere, for tests of files."""

import hashlib
from pathlib import Path

from zoo.cards import Card, parse_card

CONTENT = b"weights" * 1000
SHA = hashlib.sha256(CONTENT).hexdigest()
OTHER = hashlib.sha256(b"other").hexdigest()
HEAD = """\
---
license: {license}
zoo:
  schema: 1
  family: toy
  id_revision: 1
  # where the weights are
  source:
{source}
  # the numbers
  config: {{width: 4}}
{extra}  input: {{modality: audio, sample_rate: 16000, channels: 1}}
  tokens: {{order: time, vocab_sizes: [8], hop: 320, sample_rate: 16000}}
  deterministic_decode: true
---
# Toy
"""


def make(source: str, path: Path = Path("toy-a.md"), extra: str = "", license: str = "mit") -> Card:
    lines = [f"    {line}" for line in source.splitlines()]
    text = HEAD.format(source="\n".join(lines), extra=extra, license=license)
    if path.parent.is_dir() and path.parent != Path():
        path.write_text(text)
    return parse_card(text, path)
