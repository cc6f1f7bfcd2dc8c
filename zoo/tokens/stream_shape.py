"""How many slots and positions a stream of ids holds."""

from torch import Tensor

from ..errors import TokenError
from .check import first
from .checks import show
from .layout import Layout


def exact(
    total: int,
    item: str,
    layout: Layout,
    widths: tuple[int, ...],
    legal: tuple[int, ...] | None,
) -> tuple[int, int]:
    """(slots, positions) of a stream of ``total`` ids, which must be whole."""
    if legal is not None and len(legal) == 1:
        sizes = [layout.total(slots, legal[0]) for slots in widths]
        if total in sizes:
            return widths[sizes.index(total)], legal[0]
        raise TokenError(f"{item}: {total} ids; expected {show(sizes)}")
    slots = widths[-1]
    length = _positions(total, slots, layout)
    if layout.total(slots, length) != total:
        raise TokenError(
            f"{item}: {total} ids are no whole number of positions of {slots} slots; "
            "errors='trim' drops what is too much"
        )
    if legal is not None and length not in legal:
        raise TokenError(f"{item}: {length} positions; the spec allows {show(legal)}")
    return slots, length


def trimmed(
    body: Tensor,
    item: str,
    layout: Layout,
    widths: tuple[int, ...],
    legal: tuple[int, ...] | None,
    holes: bool,
) -> tuple[int, int]:
    """(slots, positions) of the longest legal beginning of a stream."""
    slots = widths[-1]
    length = _positions(len(body), slots, layout)
    if layout.order == "slot" and slots > 1:
        if legal is not None and len(legal) == 1:
            fitting = [width for width in widths if width * legal[0] <= len(body)]
            if fitting:
                return fitting[-1], legal[0]
        elif length * slots == len(body) and (legal is None or length in legal):
            return slots, length
        else:
            raise TokenError(f"{item}: order 'slot' is trimmed to a known length; give positions")
    if layout.order == "delay" and not holes:
        ends = (body[layout.places(slots, length).to(body.device)] == layout.fill).any(0)
        length = (first(ends) or [length])[0]
    fitting = [length] if legal is None else [size for size in legal if size <= length]
    if not fitting:
        raise TokenError(
            f"{item}: {len(body)} ids are too few; the spec allows {show(legal or ())} "
            f"positions of {show(widths)} slots"
        )
    return slots, fitting[-1]


def _positions(total: int, slots: int, layout: Layout) -> int:
    """Whole positions in a stream of ``total`` ids."""
    gaps = layout.total(slots, 1) - slots
    return max(total - gaps, 0) // slots
