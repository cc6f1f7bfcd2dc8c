"""Numbers out of upstream's own configuration file, by known names.

Upstream instantiates the classes that its config.json names; here nothing is instantiated: the
few numbers that no shape shows are read, and everything else stands in our card.

Source: module names of apple/ml-flextok 87d00cc; ``config.json`` on the Hub, or the same tree in
the safetensors metadata, where every top-level value is the text of a Python literal.
"""

import ast
from collections.abc import Mapping
from typing import Any

from zoo.errors import CheckpointCorruptError


def read_hub_config(content: Mapping[str, Any]) -> dict[str, Any]:
    """scaling_factor, sample_posterior and max_timestep; those that are not there are left out.

    Raises:
        CheckpointCorruptError: for a value of the wrong type.
    """
    tree = {key: _literal(value) for key, value in content.items()}
    vae = _find(tree, "vae")
    time = _find(tree, "decoder", "module_dict", "dec_time_embedder")
    found: dict[str, Any] = {}
    for name, place in (("scaling_factor", vae), ("max_timestep", time)):
        value = place.get(name)
        if value is not None:
            if not isinstance(value, int | float) or isinstance(value, bool):
                raise CheckpointCorruptError(f"the configuration's {name} is {value!r}, no number")
            found[name] = float(value)
    if vae.get("sample_posterior") is not None:
        if not isinstance(vae["sample_posterior"], bool):
            raise CheckpointCorruptError(
                "the configuration's sample_posterior is neither true nor false"
            )
        found["sample_posterior"] = vae["sample_posterior"]
    return found


def _literal(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value


def _find(tree: Any, *path: str) -> Mapping[str, Any]:
    for name in path:
        tree = tree.get(name) if isinstance(tree, Mapping) else None
    return tree if isinstance(tree, Mapping) else {}
