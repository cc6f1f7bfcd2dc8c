"""Cards with nothing but what a registry looks at."""

CARD = """\
---
license: mit
zoo:
  schema: 1
  family: flextok
  id_revision: 1
  aliases: [{alias}]
  source: [{{name: model, role: both, {source}, format: zoo}}]
  config: {{}}
  input: {input}
  tokens: {{order: raster, vocab_sizes: [8], positions: 4}}
  deterministic_decode: true
---
"""

IMAGE = (
    "{modality: image, size: [8, 8], fit: crop, interpolation: bilinear, "
    "mean: [0, 0, 0], std: [1, 1, 1]}"
)
AUDIO = "{modality: audio, sample_rate: 16000, channels: 1}"


def text(alias: str = "", source: str = "file: model.safetensors", media: str = IMAGE) -> str:
    return CARD.format(alias=alias, source=source, input=media)
