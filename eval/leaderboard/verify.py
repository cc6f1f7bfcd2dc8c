"""Does a result still say what its samples say?"""

import json
import math
from typing import Any

from zoo.errors import ZooError
from zoo.files.checksum import sha256_of

from ..results.fingerprint import fingerprint
from .load import Result

TOLERANCE = 1e-9


def sample_rows(result: Result) -> list[dict[str, Any]]:
    """The rows of a result's samples, checked against their hash.

    Raises:
        ZooError: if the file is missing or is another one.
    """
    said = result.body["samples"]
    path = result.path.parent / said["file"]
    if not path.is_file():
        raise ZooError(f"{result.path}: its samples are missing: {path}")
    if sha256_of(path) != said["sha256"]:
        raise ZooError(f"{path}: changed since {result.path.name} was written")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def problems(result: Result) -> list[str]:
    """What is wrong with a measured result: hashes, counts, fingerprints, means of its samples."""
    try:
        rows = sample_rows(result)
    except ZooError as error:
        return [str(error)]
    found, data = [], result.body["data"]
    if len(rows) != result.body["samples"]["rows"] or len(rows) != data["scored"]:
        found.append(f"{len(rows)} rows, but {data['scored']} samples were scored")
    if data["scored"] + data["failed"] != data["listed"]:
        found.append("samples that were scored and that failed do not add up to those listed")
    for name, key in (("fingerprint", "seen_sha256"), ("source_fingerprint", "data_sha256")):
        if fingerprint((row["id"], row[key]) for row in rows) != data[name]:
            found.append(f"{name} is not that of the samples")
    for quality in result.body["qualities"]:
        name = "full" if quality["prefix"] is None else str(quality["prefix"])
        for metric, figure in quality["metrics"].items():
            wrong = _figure(rows, name, metric, figure)
            if wrong:
                found.append(f"prefix {name}: {metric} {wrong}")
    return found


def _figure(
    rows: list[dict[str, Any]], quality: str, metric: str, figure: dict[str, Any]
) -> str | None:
    """What is wrong with the mean of a per-sample metric; set metrics have no rows."""
    column = metric if metric in rows[0]["qualities"][quality] else metric.removeprefix("accuracy_")
    if column not in rows[0]["qualities"][quality]:
        return None
    values = [row["qualities"][quality][column] for row in rows]
    numbers = [float(value) for value in values if value is not None]
    finite = [value for value in numbers if math.isfinite(value)]
    counts = (len(finite), len(values) - len(numbers), len(numbers) - len(finite))
    if counts != (figure["n"], figure["failed"], figure["infinite"]):
        return f"counts {counts} of its samples are not those it says"
    mean = math.fsum(finite) / len(finite) if finite else None
    if mean is None or figure["value"] is None:
        return None if mean is figure["value"] else "has a value without samples"
    if not math.isclose(mean, figure["value"], rel_tol=TOLERANCE, abs_tol=TOLERANCE):
        return f"is {figure['value']}, the mean of its samples {mean}"
    return None
