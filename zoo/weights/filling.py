"""Tensors by their published names -> a module, completely or not at all."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import cast

import torch
from torch import Tensor, nn

from ..errors import CheckpointCorruptError
from .keys import KeyTable, Rule, find_rule, zero_reason
from .reading import SafeTensors
from .report import Report, Shape


def fill(
    module: nn.Module,
    sources: Iterable[Mapping[str, Tensor]],
    tables: KeyTable | Sequence[KeyTable],
    *,
    absent_ok: Container[str] = (),
    wanted: tuple[str, ...] = (),
    dtype: torch.dtype | None = None,
    where: str = "the checkpoint",
) -> Report:
    """Give every tensor of ``module`` its values, or raise and leave the module untouched.

    The module is built on the meta device and its tensors are replaced. Every parameter and
    buffer of its state dict must come from a source or be zero by a rule, every tensor of a source
    must have a place or a rule that drops it. Buffers outside the state dict (``persistent=False``) are the
    module's own business: make them on the CPU, ``torch.arange(n, device="cpu")``, even while
    the rest is built on the meta device; one that is still on meta afterwards is an error.

    Args:
        module: the network, on the meta device or not.
        sources: tensors by published name, as :func:`read_tensors` gives them.
        tables: one key table for all sources, or one for each.
        absent_ok: our names that files may lack, if the module already holds their values.
        wanted: our prefixes to load, such as ``("encoder.",)``; what a table sends elsewhere
            stays in the file unread. Empty: all.
        dtype: of floating-point tensors, float32 by default; half-precision files are widened.
            A tensor that the module declares as float64 keeps that.
        where: names the checkpoint in the error.

    Returns:
        The report, with what was dropped on purpose.

    Raises:
        CheckpointCorruptError: with a report of all that is missing, left over, of another shape
            or kind, not finite, or still without values.
    """
    sources = list(sources)
    plan = _plan(module, sources, _paired(tables, len(sources)), absent_ok, wanted)
    _raise_unless_ok(plan.report, where)
    values, kinds, bad = {}, [], []
    for name, take in plan.takes.items():
        theirs = take.source[take.key]
        if theirs.is_floating_point() != take.like.is_floating_point():
            kinds.append((name, _kind(theirs), _kind(take.like)))
            continue
        values[name] = _converted(theirs, take, dtype or torch.float32)
        if not is_sound(values[name], name in plan.parameters):
            bad.append(name)
    for name, like in plan.zeros.items():
        kind = _target_dtype(like, dtype or torch.float32)
        values[name] = torch.zeros(like.shape, dtype=kind, device="cpu")
    report = replace(plan.report, kinds=tuple(kinds), nonfinite=tuple(bad))
    _raise_unless_ok(report, where)
    module.load_state_dict(values, strict=False, assign=True)
    return report


def compare_shapes(
    module: nn.Module,
    key_shapes: Mapping[str, Sequence[int]],
    table: KeyTable,
    *,
    absent_ok: Container[str] = (),
) -> Report:
    """Compare a module (on the meta device) with a recorded list of names and shapes.

    The proof that a network has exactly the tensors of an official checkpoint, without it:
    ``report.ok`` holds, or ``str(report)`` says what differs.
    """
    source = {key: torch.empty(tuple(shape), device="meta") for key, shape in key_shapes.items()}
    return _plan(module, [source], [table], absent_ok, ()).report


@dataclass(frozen=True)
class _Take:
    """Where one of our tensors comes from."""

    source: Mapping[str, Tensor]
    key: str
    rule: Rule
    like: Tensor
    others: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """All that the rule's change takes."""
        return (self.key, *self.others)


@dataclass(frozen=True)
class _Plan:
    takes: dict[str, _Take]
    zeros: dict[str, Tensor]  # our names that no file has, by a rule
    report: Report
    parameters: frozenset[str]


def _plan(
    module: nn.Module,
    sources: Sequence[Mapping[str, Tensor]],
    tables: Sequence[KeyTable],
    absent_ok: Container[str],
    wanted: tuple[str, ...],
) -> _Plan:
    state = {k: v for k, v in module.state_dict().items() if isinstance(v, Tensor)}
    takes: dict[str, _Take] = {}
    unexpected, doubled, dropped, shapes = [], [], [], []
    for source, table in zip(sources, tables, strict=True):
        for key in source:
            try:
                rule, name = find_rule(key, table)
            except KeyError:
                unexpected.append(key)
                continue
            if name is None:
                dropped.append((key, rule.why))
            elif wanted and not name.startswith(wanted):
                continue
            elif name not in state:
                unexpected.append(key if key == name else f"{key} (ours: {name})")
            elif name in takes:
                doubled.append(name)
            elif not set(others := rule.others(key)) <= set(source):
                continue  # without them there is no value: our name is missing
            else:
                takes[name] = _Take(source, key, rule, state[name], tuple(others))
                theirs = _shape(takes[name])
                if theirs != tuple(state[name].shape):
                    shapes.append((name, theirs, tuple(state[name].shape)))
    lacking = [name for name in state if name not in takes and name not in absent_ok]
    reasons = {name: why for name in lacking for t in tables if (why := zero_reason(name, t))}
    missing = [name for name in lacking if name not in reasons]
    known = {*takes, *lacking}
    unfilled = [name for name in _on_meta(module) if name not in known]
    report = Report(
        matched=len(takes) - len(shapes),
        missing=tuple(missing),
        unexpected=tuple(unexpected),
        shapes=tuple(shapes),
        doubled=tuple(doubled),
        unfilled=tuple(unfilled),
        dropped=tuple(dropped),
        zeros=tuple(reasons.items()),
    )
    zeros = {name: state[name] for name in reasons}
    return _Plan(takes, zeros, report, frozenset(name for name, _ in module.named_parameters()))


def _paired(tables: KeyTable | Sequence[KeyTable], count: int) -> list[KeyTable]:
    if all(isinstance(entry, Rule) for entry in tables):
        return [cast(KeyTable, tables)] * count
    if len(tables) != count:
        raise ValueError(f"{len(tables)} key tables for {count} sources")
    return list(cast(Sequence[KeyTable], tables))


def _on_meta(module: nn.Module) -> list[str]:
    tensors = chain(module.named_parameters(), module.named_buffers())
    return [name for name, tensor in tensors if tensor.is_meta]


def _shape(take: _Take) -> Shape:
    """The shape after the rule's change, worked out on the meta device: nothing is read."""
    if isinstance(take.source, SafeTensors):
        shapes = [take.source.shape(key) for key in take.keys]
    else:
        shapes = [tuple(take.source[key].shape) for key in take.keys]
    if take.rule.change is None:
        return shapes[0]
    try:
        return tuple(take.rule.change(*(torch.empty(s, device="meta") for s in shapes)).shape)
    except (RuntimeError, IndexError, ValueError, TypeError):
        return shapes[0]  # a change that does not fit this shape: reported as the other shape it is


def _converted(theirs: Tensor, take: _Take, dtype: torch.dtype) -> Tensor:
    change, changed = take.rule.change, theirs
    if change is not None and take.others:
        # Computed in fp32, whatever the file has and the model will have.
        together = (theirs, *(take.source[other] for other in take.others))
        changed = change(*(one.to(torch.float32, copy=True) for one in together))
    elif change is not None:
        changed = change(theirs)
    dtype = _target_dtype(take.like, dtype)
    # Always a copy: a mapped file may change under us, and its tensors are not aligned alike, so
    # that the same weights in another file could give results that differ in the last bit.
    return changed.to(dtype, copy=True, memory_format=torch.contiguous_format)


def _target_dtype(like: Tensor, dtype: torch.dtype) -> torch.dtype:
    """``dtype`` for floats; what the module declares as integers or float64 stays so."""
    keep = not like.is_floating_point() or like.dtype == torch.float64
    return like.dtype if keep else dtype


def is_sound(value: Tensor, is_parameter: bool) -> bool:
    """Parameters are finite; a buffer may hold infinities (masks), but never NaN."""
    if not value.is_floating_point():
        return True
    if torch.isfinite(value.sum(dtype=torch.float32)):  # one fast pass; an overflow is looked at
        return True
    return not bool(value.isnan().any() or (is_parameter and value.isinf().any()))


def _kind(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _raise_unless_ok(report: Report, where: str) -> None:
    if not report.ok:
        raise CheckpointCorruptError(
            f"{where} does not fit the model, which was left as it was:\n{report}\n"
            "Is this the file that the card means, and does the card's config belong to it?"
        )
