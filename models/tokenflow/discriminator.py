"""PatchGAN discriminator: one logit per patch of an image.

Source: Isola et al. 2017, arXiv 1611.07004; upstream ``discriminator_patchgan.py``.
"""

from torch import Tensor, nn

from zoo.weights import KeyTable, Rule


class PatchDiscriminator(nn.Module):
    """Images [b, 3, H, W] about -1..1 -> logits [b, 1, h, w].

    Strided 4x4 convolutions, doubling the width up to eight times; always used with the
    statistics of its batch.
    """

    def __init__(self, width: int = 64, layers: int = 3) -> None:
        super().__init__()
        widths = [width * min(2**i, 8) for i in range(layers + 1)]
        parts: list[nn.Module] = [nn.Conv2d(3, width, 4, stride=2, padding=1), _leaky()]
        for i, (before, after) in enumerate(zip(widths[:-1], widths[1:], strict=True), 1):
            stride = 2 if i < layers else 1
            parts += [
                nn.Conv2d(before, after, 4, stride=stride, padding=1, bias=False),
                nn.BatchNorm2d(after),
                _leaky(),
            ]
        parts.append(nn.Conv2d(widths[-1], 1, 4, padding=1))
        self.layers = nn.Sequential(*parts)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0.0, 0.02)
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.weight, 1.0, 0.02)

    def forward(self, images: Tensor) -> Tensor:
        """[b, 3, H, W] -> [b, 1, h, w]."""
        return self.layers(images)


def _leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)


ORIGINAL: KeyTable = (Rule("main.{rest*}", "layers.{rest*}"),)
"""Upstream's names, of a discriminator's own state dict."""
