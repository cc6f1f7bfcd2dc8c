"""A measured result in the two forms of the Hugging Face Hub.

``model-index`` of a model card keeps a metric with its settings and interval; its task types are the
Hub's own (huggingface.co/tasks). A file of ``.eval_results/`` keeps one number per data set and
task, and shows up on the data set's page once the Hub knows that benchmark; the rest goes into its
note. Its task ids must stand in the ``eval.yaml`` of the data set's repository, so a file to put
there is written too.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from zoo.atomic import atomic_write
from zoo.errors import ZooError

from .load import Result

FOLDER = ".eval_results"
DATASET_FOLDER = "for-the-dataset"
MODEL_INDEX = "model-index.yaml"
BENCHMARK = "eval.yaml"
FRAMEWORK = "tokenizer-zoo"
HUB_TASKS = {
    "image_reconstruction": "image-to-image",
    "audio_reconstruction": "audio-to-audio",
    "video_reconstruction": "video-to-video",
    "retrieval": "feature-extraction",
    "probe": "{modality}-classification",
}
"""Task ids of the Hub (``PIPELINE_DATA`` of the npm package @huggingface/tasks) for ours."""


def submit(result: Result, dataset: str, folder: Path, url: str | None) -> list[Path]:
    """Write the forms of a result into ``folder``: copy them to the model's repository.

    Args:
        result: a measured one.
        dataset: the data set's id on the Hub, ``owner/name``.
        folder: may exist; its other files are left alone.
        url: where the result file itself can be read.

    Raises:
        ZooError: for a result of somebody else, an id that is none, and one without a value.
        OSError: if a file cannot be written.
    """
    if not result.measured:
        raise ZooError(
            f"{result.path}: quoted from {result.body['source']['title']}; submit what you measured"
        )
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", dataset):
        raise ZooError(
            f"--dataset {dataset!r}: expected the id of a data set of the Hub, owner/name"
        )
    texts = {MODEL_INDEX: yaml_text({"model-index": model_index(result, dataset, url)})}
    for quality in result.body["qualities"]:
        name = f"{dataset.rpartition('/')[2]}-{result.body['task']['name']}-{label(quality)}.yaml"
        entries = eval_results(result, quality, dataset, url)
        if entries:
            texts[f"{FOLDER}/{name}"] = yaml_text(entries)
    if len(texts) == 1:
        raise ZooError(f"{result.path}: none of its metrics has a value")
    texts[f"{DATASET_FOLDER}/{BENCHMARK}"] = yaml_text(benchmark(result))
    for name in (FOLDER, DATASET_FOLDER):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        with atomic_write(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def model_index(result: Result, dataset: str, url: str | None) -> list[dict[str, Any]]:
    """What stands under ``model-index`` of a card: every quality's metrics with all they need."""
    from huggingface_hub.repocard_data import EvalResult, eval_results_to_model_index

    body = result.body
    found = [
        EvalResult(
            task_type=hub_task(result),
            task_name=f"{body['task']['name']} {body['task']['version']}",
            dataset_type=dataset,
            dataset_name=body["data"]["name"],
            dataset_args={key: body["data"][key] for key in ("limit", "shuffle", "fingerprint")},
            metric_type=name,
            metric_name=f"{name} at {label(quality)}",
            metric_value=figure["value"],
            metric_args={
                "prefix": quality["prefix"],
                **{key: figure[key] for key in ("n", "failed", "ci95", "unit") if figure.get(key)},
                "settings": figure.get("settings"),
            },
            source_name=None if url is None else "zoo eval",
            source_url=url,
        )
        for quality in body["qualities"]
        for name, figure in _valued(quality)
    ]
    return eval_results_to_model_index(body["model"]["name"], found)


def eval_results(
    result: Result, quality: dict[str, Any], dataset: str, url: str | None
) -> list[dict[str, Any]]:
    """What one file of ``.eval_results/`` holds: an entry per metric of a quality."""
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

    return eval_result_entries_to_yaml(
        [
            EvalResultEntry(
                dataset_id=dataset,
                task_id=task_id(result, name),
                value=figure["value"],
                date=result.body["run"]["started_at"],
                source_url=url,
                source_name=None if url is None else "zoo eval",
                notes=note(result, quality, figure),
            )
            for name, figure in _valued(quality)
        ]
    )


def benchmark(result: Result) -> dict[str, Any]:
    """What the data set's ``eval.yaml`` has to say for these numbers to be shown on its page."""
    task = result.body["task"]["name"]
    names = {name for quality in result.body["qualities"] for name, _ in _valued(quality)}
    return {
        "name": f"{task} of {result.body['data']['name']}",
        "description": f"zoo eval NAME {task}; {result.body['data']['listed']} samples",
        "evaluation_framework": FRAMEWORK,
        "tasks": [
            {"id": task_id(result, name), "config": "default", "split": "test"}
            for name in sorted(names)
        ],
    }


def hub_task(result: Result) -> str:
    """The Hub's task id that is nearest."""
    body = result.body
    return HUB_TASKS.get(body["task"]["name"], "other").format(modality=body["model"]["modality"])


def task_id(result: Result, metric: str) -> str:
    """A data set has one number per task: each metric is a task of its own."""
    return f"{result.body['task']['name']}_{metric}"


def note(result: Result, quality: dict[str, Any], figure: dict[str, Any]) -> str:
    """What tells this number from others of the same task, in one line."""
    settings = result.body["task"].get("settings", {})
    words = [f"prefix {label(quality)}"]
    if quality.get("rate"):
        words.append(f"{quality['rate']['nominal_bits']:g} bits")
    words += [f"{key} {value}" for key, value in settings.get("decode", {}).items()]
    words += [f"seed {settings['seed']}"] if "seed" in settings else []
    words += [f"n {figure['n']}"] if "n" in figure else []
    if figure.get("ci95"):
        words.append("95 % {:g} to {:g}".format(*figure["ci95"]))
    return ", ".join(words)


def label(quality: dict[str, Any]) -> str:
    """How files and names call a quality."""
    return "full" if quality["prefix"] is None else str(quality["prefix"])


def yaml_text(value: Any) -> str:
    """Plain YAML in the order given."""
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)


def _valued(quality: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((name, one) for name, one in quality["metrics"].items() if one["value"] is not None)
