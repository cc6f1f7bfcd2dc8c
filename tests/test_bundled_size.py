"""What the bundled weights add to the wheel, which packs every file by itself."""

import zlib
from pathlib import Path

import zoo
from zoo.files import resolve

EACH, TOGETHER = 8_000_000, 32_000_000  # bytes


def packed(path: Path) -> int:
    return len(zlib.compress(path.read_bytes()))


def test_bundled_weights_are_small() -> None:
    cards = [zoo.card(name) for name in zoo.list_models(bundled=True)]
    files = {Path(resolve(part, card)) for card in cards for part in card.source if part.bundled}
    home = Path(__file__).parent.parent / "models"
    assert files == set(home.rglob("*.safetensors"))  # nothing else is shipped
    assert len(files) == 5
    sizes = {path.name: packed(path) for path in files}
    assert max(sizes.values()) < EACH, sizes
    assert sum(sizes.values()) < TOGETHER, sizes
