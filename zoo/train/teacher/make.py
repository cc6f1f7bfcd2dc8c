"""Train a teacher by its recipe: pictures with classes -> one file."""

from pathlib import Path

import torch
from torch import Tensor

from ...errors import MediaError
from ...files.checksum import sha256_of
from ...media.image import to_uint8
from ...media.labels import classes_of
from ...media.listing import Entry
from ...media.prepare import ImagePrepare
from ...version import __version__
from ...weights import SAME, fill, read_tensors, save_checkpoint
from ..data import build_bank, find_entries, keep_apart
from ..loop import run_stage
from ..recipe import read_recipe
from .files import save_teacher
from .network import Teacher, TeacherConfig
from .objective import ClassObjective

RECIPE = Path(__file__).parent / "recipe.yaml"
WIDTHS, BLOCKS = (32, 64, 128, 256), (1, 2, 2, 2)
SIDE = 64  # of pictures, in pixels


def make_teacher(
    data: Path,
    out: Path,
    *,
    recipe: Path = RECIPE,
    device: str | None = None,
    progress: bool = True,
) -> Path:
    """Train a teacher; call again to go on where a run was stopped.

    Args:
        data: folder of pictures in a folder per class, or of tar shards with ``.cls`` members;
            what is named ``val*`` is held out.
        out: where checkpoints, logs and the result go.
        recipe: its YAML file.
        device: ``"cpu"`` or what accelerate finds.
        progress: show bars.

    Returns:
        The teacher's file, for :func:`zoo.train.teacher.load_teacher`.

    Raises:
        MediaError: for data that cannot be used, or without classes.
    """
    plan = read_recipe(recipe)
    keep_apart(data, out)
    training, held_out = find_entries(data)
    held_out = held_out[: plan.validation_items]
    labels, names = find_labels(data, training, held_out)

    def as_pixels(content: bytes) -> Tensor:
        return to_uint8(ImagePrepare((SIDE, SIDE))(content).tensor)

    items = build_bank(training, as_pixels, out / "data" / "train.npy", progress)
    judged = build_bank(held_out, as_pixels, out / "data" / "val.npy", progress)
    pictures = judged[torch.arange(len(judged))]
    config = TeacherConfig(len(names), WIDTHS, BLOCKS)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        teacher = Teacher(config)
    for stage in plan.stages:
        done = out / f"{stage.name}.safetensors"
        objective = ClassObjective(teacher, config, stage.options, labels)
        if done.exists():
            fill(teacher, [read_tensors(done)], SAME, where=str(done))
            continue
        run_stage(
            objective,
            items,
            pictures,
            stage,
            seed=plan.seed,
            folder=out / stage.name,
            device=device,
            progress=progress,
        )
        teacher.to("cpu")
        save_checkpoint(teacher, done, {"stage": stage.name})
    last = ClassObjective(teacher.eval(), config, plan.stages[-1].options, labels)
    with torch.inference_mode():
        figures = last.validate(pictures)
    facts = {"zoo": __version__, "seed": str(plan.seed), "recipe": sha256_of(recipe)}
    path = out / "teacher.safetensors"
    save_teacher(teacher, path, facts | {"accuracy": f"{figures['accuracy']:.4f}"})
    return path


def find_labels(
    data: Path, training: list[Entry], held_out: list[Entry]
) -> tuple[Tensor, list[str]]:
    """Class numbers of training and then of held-out pictures, and the classes' names, sorted.

    Raises:
        MediaError: without at least two classes, and where a held-out picture is of another one.
    """
    classes = classes_of([*training, *held_out])
    names = sorted(set(classes[: len(training)]))
    strangers = sorted(set(classes[len(training) :]) - set(names))
    if len(names) < 2 or strangers:
        wrong = (
            f"held-out pictures of {strangers[0]!r}" if strangers else f"only class {names[0]!r}"
        )
        raise MediaError(
            f"training data: {data} has {wrong}; a teacher learns classes, so put pictures into "
            "train/CLASS and val/CLASS folders, or KEY.cls members beside KEY.jpg into tar shards"
        )
    numbers = {name: number for number, name in enumerate(names)}
    return torch.tensor([numbers[name] for name in classes]), names
