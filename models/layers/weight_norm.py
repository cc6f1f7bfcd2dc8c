"""Weight norm folded at load: w = v * g / ||v||, so that no forward pass computes it again."""

from torch import Tensor

from zoo.weights import KeyTable, Rule

_WHY = "length of weight norm's direction, folded into the weight"


def folded(direction: Tensor, length: Tensor) -> Tensor:
    """The weight; the norm runs over all axes but the one along which the lengths stand.

    Source: torch.nn.utils.weight_norm, ``dim`` 0 or another one.
    """
    along = next((axis for axis, size in enumerate(length.shape) if size > 1), 0)
    norm = direction.movedim(along, 0).flatten(1).norm(dim=1).reshape(length.shape)
    return direction * (length / norm)


def weight_norm(theirs: str, ours: str) -> KeyTable:
    """Rules for a layer named ``theirs``, in the old and the new spelling of torch, and its bias."""
    old, new = f"{theirs}.weight_", f"{theirs}.parametrizations.weight.original"
    return (
        Rule(f"{old}v", f"{ours}.weight", change=folded, beside=f"{old}g"),
        Rule(f"{old}g", None, _WHY),
        Rule(f"{new}1", f"{ours}.weight", change=folded, beside=f"{new}0"),
        Rule(f"{new}0", None, _WHY),
        Rule(f"{theirs}.bias", f"{ours}.bias"),
    )
