"""From spectra to sound: a head that predicts magnitude and phase, and the inverse transform."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LOUDEST = 100.0  # of a magnitude


class IstftHead(nn.Module):
    """Frames -> logarithm of the magnitude and phase -> sound of exactly frame * hop samples.

    Both ends lose (window - hop) / 2 samples, as a convolution that keeps its length. Spectra are
    in fp32 whatever the weights' dtype: half precision has no Fourier transform here.
    Source: Siuzdak 2023, arXiv 2306.00814, vocos/heads.py and spectral_ops.py.
    """

    window: Tensor

    def __init__(self, width: int, window: int, hop: int) -> None:
        super().__init__()
        if (window - hop) % 2:
            raise ValueError(f"window {window} and hop {hop}: their difference must be even")
        self.hop = hop
        self.out = nn.Linear(width, window + 2)
        with torch.device("cpu"):  # a constant that no state dict needs
            self.register_buffer("window", torch.hann_window(window), persistent=False)

    def forward(self, frames: Tensor, lengths: Tensor | None = None) -> Tensor:
        """[item, frame, width] -> [item, 1, frame * hop].

        ``lengths`` [item]: frames of each item; what stands beyond adds nothing.
        """
        magnitude, phase = self.out(frames).transpose(1, 2).float().chunk(2, dim=1)
        magnitude = magnitude.exp().clamp(max=LOUDEST)
        if lengths is None:
            there = torch.ones(1, frames.shape[1], dtype=torch.bool, device=frames.device)
        else:
            there = torch.arange(frames.shape[1], device=frames.device) < lengths[:, None]
        window = self.window.float()[:, None]  # [sample, 1]
        pieces = torch.fft.irfft(torch.polar(magnitude, phase), dim=1) * window
        pieces = pieces.masked_fill_(~there[:, None], 0)  # [item, sample, frame]
        weights = window.square() * there[:, None]  # [item or 1, sample, frame]
        # Beyond an item's end no window weighs anything: 1 instead, and the sound there is 0.
        whole = self._overlap_add(weights).clamp(min=torch.finfo(torch.float32).tiny)
        return self._overlap_add(pieces) / whole

    def _overlap_add(self, pieces: Tensor) -> Tensor:
        """[item, sample, frame] -> [item, 1, frame * hop]."""
        size, frames = pieces.shape[1:]
        cut = (size - self.hop) // 2
        total = (frames - 1) * self.hop + size
        added = F.fold(pieces, (1, total), kernel_size=(1, size), stride=(1, self.hop))
        return added[:, 0, :, cut : cut + frames * self.hop]
