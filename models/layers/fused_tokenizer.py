"""What the tokenizers over :class:`FusedParts` share: layout, prefixes, lengths."""

from collections.abc import Mapping

from torch import Tensor

from zoo.audio_tokenizer import AudioTokenizer, frames_of, row_mask, whole_frames
from zoo.engine.noise import Noise
from zoo.tokenizer import Encoded, Vectors
from zoo.tokens import Tokens

from .fused_codec import FusedConfig, FusedParts
from .fused_keys import FORMATS


class FusedTokenizer(AudioTokenizer):
    """One slot per codebook; the first k codebooks decode alone."""

    formats = FORMATS
    encode_parts = ("acoustic_encoder", "encoder_semantic", "semantic_model", "fc")
    decode_parts = ("acoustic_decoder", "fc2")
    compiled_parts = ("acoustic_encoder", "acoustic_decoder")
    feature_kinds = ("latents",)
    vector_kinds = ("latents",)
    ragged = True
    mixed_lengths = True

    config: FusedConfig
    module: FusedParts

    def _encode(
        self, batch: Tensor, *, lengths: Tensor, prefix: int | None, noise: Noise
    ) -> Encoded:
        latents, positions = self._latents(batch, lengths)
        return Encoded(self.module.ids(latents, prefix), positions)

    def _decode(
        self,
        codes: Tensor,
        *,
        lengths: Tensor,
        grid: Tensor | None,
        extras: Mapping[str, Tensor],
        noise: Noise,
    ) -> list[Tensor]:
        return self.module.sound(self.module.vectors(codes), lengths)

    def codebook(self, slot: int = 0) -> Tensor:
        """The table [ids, dim] of a codebook, before its projection where it has one."""
        return self.module.levels[slot].codebook.embed

    def _features(self, batch: Tensor, kind: str, *, lengths: Tensor) -> Vectors:
        latents, positions = self._latents(batch, lengths)
        mask = row_mask(positions, latents.shape[-1])
        return Vectors(latents.transpose(1, 2) * mask[..., None], mask)

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        return Vectors(self.module.vectors(tokens.codes).transpose(1, 2), tokens.codes[:, 0] >= 0)

    def _latents(self, batch: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Latents [item, width, position], and how many positions each item has."""
        hop = self.config.hop
        positions = frames_of(lengths, hop)
        sound = whole_frames(batch, hop).to(self.dtype)
        return self.module.latents(sound, positions * hop), positions
