"""Which position each patch of a video belongs to, where the tokens say so."""

from torch import Tensor

from .container import Tokens


def position_labels(tokens: Tokens, frames: int) -> Tensor | None:
    """Positions of the patches of one item's first frames, [frames, rows, columns], on the CPU.

    None where no extra of the tokens holds such labels.
    """
    for extra in tokens.spec.extras:
        if extra.labels and extra.axes == ("item", "frame", "row", "column"):
            return tokens.extras[extra.name][0][:frames].cpu()
    return None
