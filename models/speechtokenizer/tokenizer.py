"""SpeechTokenizer as a tokenizer: one slot per codebook, the first one semantic."""

from collections.abc import Mapping
from typing import Annotated

from torch import Tensor

from zoo.engine.noise import Noise
from zoo.engine.options import Option
from zoo.engine.stepping import Step
from zoo.errors import NotSupportedError
from zoo.tokenizer import Vectors
from zoo.tokens import Tokens

from ..layers.over_time import Memory
from ..layers.residual_tokenizer import ResidualTokenizer
from .config import SpeechTokenizerConfig
from .keys import FORMATS
from .model import SpeechTokenizerModel, build_model


class SpeechTokenizer(ResidualTokenizer):
    """The first codebook says what, the others how; the first k codebooks decode alone.

    Encoding needs the whole sound: an LSTM also reads it from the end.
    Source: Zhang et al. 2023, arXiv 2308.16692; ids equal those of ZhangXInFD/SpeechTokenizer.
    """

    config_type = SpeechTokenizerConfig
    formats = FORMATS
    vector_kinds = ("latents", "semantic")

    config: SpeechTokenizerConfig
    module: SpeechTokenizerModel

    @classmethod
    def build(cls, config: SpeechTokenizerConfig) -> SpeechTokenizerModel:
        """Construct encoder, quantiser and decoder."""
        return build_model(config)

    def _decode(
        self,
        codes: Tensor,
        *,
        lengths: Tensor,
        grid: Tensor | None,
        extras: Mapping[str, Tensor],
        noise: Noise,
        skip: Annotated[
            int, Option("leave out what the first codebooks say: 1, all but the meaning", low=0)
        ] = 0,
    ) -> list[Tensor]:
        return self._sounds(self._rest(codes, skip), lengths)

    def _encode_steps(self, *, prefix: int | None, noise: Noise) -> None:
        return None

    def _decode_steps(self, *, noise: Noise, skip: int = 0) -> Step:
        memory: Memory = {}

        def step(codes: Tensor, last: bool) -> Tensor:
            return self.module.decoder.step(self._rest(codes, skip), memory, last)

        return step

    def _rest(self, codes: Tensor, skip: int) -> Tensor:
        """Latents [item, width, frame] of all codebooks but the first ``skip``."""
        if skip >= codes.shape[1]:
            raise NotSupportedError(
                f"decode: skip={skip} leaves nothing of tokens with {codes.shape[1]} codebooks"
            )
        heard = codes.clone()
        heard[:, :skip] = -1  # which adds nothing
        return self._heard(heard)

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        """Of all codebooks there, or what the first one says in HuBERT's space."""
        if kind == "latents":
            return super()._vectors(tokens, kind)
        mask = tokens.codes[:, 0] >= 0
        rows = self._heard(tokens.codes[:, :1]).transpose(1, 2)
        return Vectors(self.module.transform(rows) * mask[..., None], mask)
