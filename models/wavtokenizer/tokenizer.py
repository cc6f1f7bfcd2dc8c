"""WavTokenizer as a tokenizer: one id per position."""

from collections.abc import Mapping
from typing import Annotated

from torch import Tensor

from zoo.engine.noise import Noise
from zoo.engine.options import Option

from ..layers.over_time import uneven
from ..layers.residual_tokenizer import ResidualTokenizer
from .config import WavTokenizerConfig
from .decoder import BANDWIDTHS
from .keys import FORMATS
from .model import WavTokenizerModel, build_model


class WavTokenizer(ResidualTokenizer):
    """One codebook, and so no prefixes. Decoding needs the whole clip: all frames see all.

    Source: Ji et al. 2024, arXiv 2408.16532; ids equal those of jishengpeng/WavTokenizer.
    """

    config_type = WavTokenizerConfig
    formats = FORMATS
    decode_parts = ("decoder", "head")

    config: WavTokenizerConfig
    module: WavTokenizerModel

    @classmethod
    def build(cls, config: WavTokenizerConfig) -> WavTokenizerModel:
        """Construct encoder, codebook, decoder and head."""
        return build_model(config)

    def _decode(
        self,
        codes: Tensor,
        *,
        lengths: Tensor,
        grid: Tensor | None,
        extras: Mapping[str, Tensor],
        noise: Noise,
        bandwidth: Annotated[
            int,
            Option(
                "row of the decoder's norms; the authors always take 0", low=0, high=BANDWIDTHS - 1
            ),
        ] = 0,
    ) -> list[Tensor]:
        codewords = self._heard(codes)
        ends = uneven(lengths, codewords)
        sound = self.module.head(self.module.decoder(codewords, bandwidth, ends), ends)
        return self._cut(sound, lengths)

    def _decode_steps(self, *, noise: Noise, bandwidth: int = 0) -> None:
        return None
