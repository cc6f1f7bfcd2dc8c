"""TempMe against its recorded upstream runs: counts, maps and sizes exact, at every block."""

from typing import Any

import torch
from golden_case import Case
from torch import Tensor

from zoo.models.tempme.block import State
from zoo.models.tempme.config import TempMeConfig
from zoo.models.tempme.keys import CLIP
from zoo.models.tempme.merge import match
from zoo.models.tempme.model import TempMeModel, build_model
from zoo.models.tempme.retrieval import cosine_logits
from zoo.models.tempme.source_map import group_mean, group_sizes, unmerge
from zoo.typed import from_mapping
from zoo.weights import fill

TOKENS = 1e-4
METRIC = 1e-5
FEATURE = 1e-5
LOGITS = 1e-4
POSITIONS = "TVPt_Video_Positional_embedding"


def check(case: Case) -> None:
    for run in case.config["cases"]:
        model = model_of(case, run)
        with torch.inference_mode():
            Run(case, run, model).blocks()
            if f"{run['name']}/text_ids" in case.io:
                texts(case, run["name"], model)


def model_of(case: Case, run: dict[str, Any]) -> TempMeModel:
    """The trunk that all runs share, with the positions of one run."""
    prefix = f"{run['name']}/state/"
    own = {name: case.input(name) for name in case.io if name.startswith(prefix)}
    state = {name: tensor for name, tensor in case.state.items() if POSITIONS not in name}
    state |= {name.removeprefix(prefix): tensor for name, tensor in own.items()}
    assert bool(own) == bool(run["frame_pos"])
    with torch.device("meta"):
        model = build_model(config_of(case.config, run))
    fill(model, [state], CLIP)
    return model.eval()


def config_of(given: dict[str, Any], run: dict[str, Any]) -> TempMeConfig:
    trunk, text = given["trunk"], given["text"]
    assert trunk["layer_norm_eps"] == torch.nn.LayerNorm(1).eps
    cross, intra = map(int, run["merge_token_proportion"].split("-"))
    config = from_mapping(
        TempMeConfig,
        {
            "trunk": {
                "image_size": trunk["image_size"],
                "patch": trunk["patch_size"],
                "width": trunk["width"],
                "depth": trunk["layers"],
                "heads": trunk["heads"],
                "hidden": trunk["mlp_ratio"] * trunk["width"],
            },
            "merging": {
                "frames": run["frames"],
                "per_frame": run["tome_r"],
                "join_blocks": [int(block) for block in run["merge_layer"].split("-")],
                "joins": [int(joins) for joins in run["merge_frame_num"].split("-")],
                "cross_percent": cross,
                "intra_percent": intra,
                "size_bias": run["prop_attn"],
            },
            "retrieval": {
                "embedding": trunk["projection_dim"],
                "text": {
                    "words": text["vocab"],
                    "context": text["context"],
                    "longest": text["context"],
                    "width": text["width"],
                    "depth": text["layers"],
                    "heads": text["heads"],
                    "hidden": 4 * text["width"],
                },
            },
        },
        "golden",
    )
    assert [config.trunk.side] * 2 == trunk["grid"]
    assert 1 + config.trunk.side**2 == trunk["tokens_per_frame"]
    return config


class Run:
    """One recorded schedule, block by block."""

    def __init__(self, case: Case, run: dict[str, Any], model: TempMeModel) -> None:
        self.case, self.run, self.model = case, run, model
        self.name, self.items = run["name"], run["batch"]

    def blocks(self) -> None:
        video = self.case.input(f"{self.name}/video")
        encoder = self.model.encoder
        state = encoder.start(video)
        self.close("tokens_after_ln_pre", state.tokens.unflatten(0, (self.items, -1)), TOKENS)
        for index, (block, expected) in enumerate(
            zip(encoder.blocks, self.run["schedule"], strict=True)
        ):
            where, step = f"layer{index:02}", block.step
            counts = [step.cross, step.intra] if step.joins > 1 else [step.intra]
            assert expected["layer"] == index
            assert expected["merges"] == counts
            assert expected["total_tokens"] == step.clips * step.tokens
            assert (
                expected["frames_joined"],
                expected["clips"],
                expected["tokens_per_clip"],
                expected["cls_per_clip"],
            ) == (step.joins, step.clips, step.tokens, step.classes)
            if step.joins > 1:
                joined = block.joined(state)
                found = match(joined.tokens, step.classes, step.cross)
                self.equal(f"{where}/cross_dest", with_classes(found.new_index, step.classes))
                state = block.cross(state)
                assert state.sizes is not None
                self.equal(f"{where}/after_cross_sizes", state.sizes)
                tokens = state.tokens.unflatten(0, (self.items, -1))
                self.close(f"{where}/after_cross_tokens", tokens[0], TOKENS)
            elif index == 0:
                self.first_merge(state)
            state = block.attend(state)
            self.after(where, state)
        self.end(state)

    def first_merge(self, state: State) -> None:
        block = self.model.encoder.blocks[0]
        metric = block.attention(block.norm1(state.tokens))[1]
        self.close("layer00/metric", metric[:2], METRIC)
        if f"{self.name}/layer00/intra_dest" in self.case.io:
            found = match(metric, 1, block.step.intra)
            self.equal("layer00/intra_dest", with_classes(found.new_index, 1))

    def after(self, where: str, state: State) -> None:
        """Tokens, sizes and map of a block; sizes also as they follow from the map alone."""
        name, items = f"{self.name}/{where}", self.items
        tokens = state.tokens.unflatten(0, (items, -1))  # [item, clip, token, width]
        clips, count = tokens.shape[1:3]
        frames = self.run["frames"]
        classes = frames // clips
        patches = state.source.unflatten(0, (items, -1))  # [item, clip, patch]
        source = patches.reshape(items, frames, -1) + classes
        own = torch.arange(frames) % classes  # a class token's place in its clip
        source = torch.cat([own[:, None].expand(items, -1, -1), source], dim=2)
        self.equal(f"{where}/source_map", source)
        sizes = group_sizes(state.source, count - classes).unflatten(0, (items, -1))
        ones = torch.ones(items, clips, classes, dtype=torch.long)
        if f"{name}/sizes" in self.case.io:
            assert state.sizes is not None
            self.equal(f"{where}/sizes", state.sizes.unflatten(0, (items, -1)))
            self.equal(f"{where}/sizes", torch.cat([ones, sizes], dim=2))
        else:
            assert state.sizes is None
            assert bool((sizes == 1).all())
        if f"{name}/tokens" in self.case.io:
            recorded = len(self.case.io[f"{name}/tokens"])
            self.close(f"{where}/tokens", tokens[:recorded], TOKENS)

    def end(self, state: State) -> None:
        """Canonical order, un-merging, class tokens and the video's vector."""
        video = self.model.encoder.finish(state)
        grid = unmerge(video.tokens, video.source)
        self.close("unmerged_grid", grid, TOKENS)
        assert torch.equal(group_mean(grid, video.source, video.tokens.shape[1]), video.tokens)
        self.close("cls_before_ln_post", video.classes, TOKENS)
        head = self.model.video_head
        assert head is not None
        self.close("frame_features", head.frames(video.classes), FEATURE)
        mask = self.case.input(f"{self.name}/video_mask")
        self.close("video_feature", head(video.classes, mask), FEATURE)
        if bool(mask.all()):
            self.close("video_feature", head(video.classes), FEATURE)

    def equal(self, name: str, ours: Tensor) -> None:
        theirs = self.case.io[f"{self.name}/{name}"]
        self.case.equal(f"{self.name}/{name}", ours.to(theirs.dtype))

    def close(self, name: str, ours: Tensor, atol: float) -> None:
        """Compare, where this run recorded it; some stages are of the first video only."""
        full = f"{self.name}/{name}"
        if full in self.case.io:
            self.case.close(full, ours[: len(self.case.io[full])], atol)


def with_classes(new_index: Tensor, classes: int) -> Tensor:
    """Destinations of patch tokens -> of all tokens: class tokens stay where they are."""
    own = torch.arange(classes).expand(len(new_index), -1)
    return torch.cat([own, new_index + classes], dim=1)


def texts(case: Case, name: str, model: TempMeModel) -> None:
    words, mask = case.input(f"{name}/text_ids"), case.input(f"{name}/text_mask")
    assert model.text is not None
    found = model.text(words, mask)
    case.close(f"{name}/text_feature", found, FEATURE)
    videos = case.io[f"{name}/video_feature"]
    case.close(
        f"{name}/logits_text_by_video", cosine_logits(found, videos, model.log_scale), LOGITS
    )
