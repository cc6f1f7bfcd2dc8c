"""Training objective: sound through any number of codebooks, judged by samples and spectra."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zoo.media.si_sdr import si_sdr
from zoo.media.spectrogram import level, spectrogram
from zoo.train.objective import Batches, Cell, Objective
from zoo.train.sounds import SoundBank

from .codebooks import CodebookLearner
from .config import CodecConfig
from .losses import EnvelopeDistance, SpectralDistance, wave_distance
from .model import Codec
from .start import settle_scale, start_as_transform, start_codebooks, trainable_scale

LOSSES = ("mel", "magnitude", "envelope", "wave", "commitment")
SHOWN = 4  # held-out sounds in a picture


class CodecObjective(Objective):
    """Every prefix decodes: each item of a batch is heard through its own number of codebooks."""

    def __init__(self, model: Codec, config: CodecConfig, options: Mapping[str, Any]) -> None:
        super().__init__(model, config, options)
        self.model: Codec
        self.config = config
        self.shares = options.get("shares", {})
        self.start = options.get("start")
        self.gain_db = (float(options["gain_db"][0]), float(options["gain_db"][1]))
        self.full_share = float(options["full_share"])
        self.weights = {name: float(options["weights"][name]) for name in LOSSES}
        self.samples = int(options["positions"]) * config.hop
        self.learner = CodebookLearner(
            model.quantizer, float(options["codebook_decay"]), float(options["codebook_least"])
        )
        self.rate = int(options["rate"])
        self.distance = SpectralDistance(self.rate, options["windows"], options["mel_bands"])
        self.envelopes = EnvelopeDistance(self.rate)
        model.quantizer.requires_grad_(False)
        for filters in (model.encoder.filters, model.decoder.filters):
            filters.requires_grad_(bool(options["train_filters"]))
        self.parts = nn.ModuleList([model, self.learner])

    @property
    def trained(self) -> nn.Module:
        """The networks, and the averages that the codebooks follow."""
        return self.parts

    def source(self, items: Batches) -> Batches:
        """Crops of the sounds, from every folder as often as its share says."""
        assert isinstance(items, SoundBank)
        return items.crops(self.samples, self.shares)

    def rescale(self) -> None:
        """Projections of a usual size: those of a finished codec are far from it."""
        trainable_scale(self.model)
        self.learner.restart(self.model.quantizer)

    def begin(self, items: Batches) -> None:
        """Start from the linear transform that suits the sounds best, and k-means, if asked to."""
        start = self.start
        if start is None:
            return
        source = self.source(items)
        random = torch.Generator().manual_seed(0)
        sounds = source[torch.randint(len(source), (int(start["crops"]),), generator=random)]
        start_as_transform(self.model, sounds, float(start["flatten"]))
        with torch.inference_mode():
            latents = torch.cat([self.model.encoder(part) for part in sounds.split(16)])
        vectors = latents.transpose(1, 2).flatten(0, 1).clone()
        start_codebooks(self.model.quantizer, vectors, int(start["rounds"]), random)
        self.learner.restart(self.model.quantizer)

    def forward(self, batch: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        """Sounds [b, 1, samples] -> losses."""
        sounds = self._louder_or_softer(batch, random)
        latents = self.model.encoder(sounds).float()
        with torch.autocast(batch.device.type, enabled=False):
            heard, commitment = self._quantized(latents, random)
        made = self.model.decoder(heard).float()[:, 0]
        with torch.autocast(batch.device.type, enabled=False):
            mel, magnitude = self.distance(made, sounds[:, 0])
            parts = {
                "mel": mel,
                "magnitude": magnitude,
                "envelope": self.envelopes(made, sounds[:, 0]),
                "wave": wave_distance(made, sounds[:, 0]),
                "commitment": commitment,
            }
        loss = sum(self.weights[name] * value for name, value in parts.items())
        return {"loss": torch.as_tensor(loss), **parts}

    def _louder_or_softer(self, batch: Tensor, random: torch.Generator) -> Tensor:
        low, high = self.gain_db
        gains = torch.rand(len(batch), generator=random) * (high - low) + low
        signs = torch.randint(2, (len(batch),), generator=random) * 2 - 1
        return batch * (signs * 10 ** (gains / 20)).to(batch.device)[:, None, None]

    def _quantized(self, latents: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Latents as the decoder hears them, gradients passing through, and the commitment."""
        items, dim, positions = latents.shape
        rows = latents.transpose(1, 2).flatten(0, 1)  # [item * position, dim]
        said = self.learner(self.model.quantizer, rows.detach(), random).cumsum(0)
        levels = len(said)
        keep = torch.randint(1, levels + 1, (items,), generator=random)
        full = torch.rand(items, generator=random) < self.full_share
        last = (torch.where(full, levels, keep) - 1).to(rows.device).repeat_interleave(positions)
        heard = said.gather(0, last[None, :, None].expand(1, -1, dim))[0]
        scale = rows.detach().square().mean().clamp(min=1e-6)
        commitment = F.mse_loss(rows, heard) / scale
        passed = rows + (heard - rows).detach()
        return passed.unflatten(0, (items, positions)).transpose(1, 2), commitment

    def validate(self, items: Tensor) -> dict[str, float]:
        """Mean SI-SDR in dB and mel distance at 1, at half and at all codebooks."""
        figures = {}
        items, count = items.to(self.device), self.config.codebooks
        for keep in sorted({1, max(1, count // 2), count}):
            rebuilt = self._rebuilt(items, keep)
            mel, _ = self.distance(rebuilt[:, 0], items[:, 0])
            ratios = [si_sdr(*pair) for pair in zip(items, rebuilt, strict=True)]
            figures[f"si_sdr_{keep}"] = sum(ratios) / len(ratios)
            figures[f"mel_{keep}"] = float(mel)
        return figures

    def pictures(self, items: Tensor) -> list[list[Cell]]:
        """Spectrograms: originals, and through 1, half and all codebooks."""
        count, shown = self.config.codebooks, items[:SHOWN]
        columns = {"original": shown}
        for keep in sorted({1, max(1, count // 2), count}):
            columns[f"{keep} codebooks"] = self._rebuilt(shown, keep)
        rate = self.rate
        return [
            [
                (spectrogram(sounds[row], rate, loudest=level(shown[row])), name)
                for name, sounds in columns.items()
            ]
            for row in range(len(shown))
        ]

    def finish(self, items: Batches) -> None:
        """Bring the latents to about unit size."""
        settle_scale(self.model)

    def _rebuilt(self, items: Tensor, keep: int) -> Tensor:
        """[item, 1, samples], whole positions, through ``keep`` codebooks; on the device."""
        model, parts = self.model, []
        for chunk in items.split(8):
            ids = model.quantizer.ids(model.encoder(chunk.to(self.device)), keep)
            parts.append(model.decoder(model.quantizer.vectors(ids)))
        return torch.cat(parts)


OBJECTIVES: dict[str, type[Objective]] = {"codec": CodecObjective}
