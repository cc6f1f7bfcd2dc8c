"""Sounds through a codec, without a page: encoded once, decoded with any number of codebooks."""

import math
from dataclasses import dataclass

import torch
from PIL import Image

from zoo.audio_tokenizer import AudioTokenizer
from zoo.media import Media
from zoo.media.image import to_pil
from zoo.media.si_sdr import si_sdr
from zoo.media.spectrogram import level, spectrogram
from zoo.tokens import Tokens

from .drawing import strip_picture, waveform
from .limits import LIMITS
from .loaded import tokenizer
from .quality import legal

CHUNK_SECONDS = 0.32


@dataclass(frozen=True)
class Heard:
    """One sound's tokens, and what the codec heard of it."""

    model: str
    tokens: Tokens
    heard: Media


@dataclass(frozen=True)
class Played:
    """What to play and to show."""

    made: Media
    ids: Image.Image
    seen: tuple[Image.Image, Image.Image]
    """Waveform and spectrogram of the original ..."""
    shown: tuple[Image.Image, Image.Image]
    """... and of what was decoded."""
    text: str


def encode(path: str, model: str) -> Heard:
    """Encode an uploaded sound; ZooError for what is none, or too long."""
    sound, tok = LIMITS.read(path, "audio"), tokenizer(model)
    return Heard(model, tok.encode(sound), tok.view(sound))


def play(heard: Heard, wanted: float | None = None) -> Played:
    """Decode with the first codebooks; nothing is encoded again."""
    tok = tokenizer(heard.model)
    prefix = legal(tok, wanted)
    kept = heard.tokens if prefix is None else heard.tokens.prefix(prefix)
    made = tok.decode(kept)
    assert made.rate is not None
    assert heard.heard.rate is not None
    original, decoded = heard.heard.items[0], made.items[0]
    bits, seconds = float(kept.bits()[0]), original.shape[1] / heard.heard.rate
    quality = si_sdr(original, decoded) if original.shape == decoded.shape else math.nan
    told = f" · **{quality:.1f} dB** SI-SDR" if math.isfinite(quality) else ""
    ids = int((kept.codes >= 0).sum())
    loudest = level(original)
    return Played(
        made=made,
        ids=strip_picture(heard.tokens, kept),
        seen=_drawn(original, heard.heard.rate, loudest),
        shown=_drawn(decoded, made.rate, loudest),
        text=(
            f"**{ids}** ids · **{bits:,.0f}** bits · **{bits / seconds / 1000:.3g} kbit/s**{told} · "
            f"**{16 * original.numel() / bits:,.0f}** times smaller than 16-bit samples"
        ),
    )


def streamed(heard: Heard, wanted: float | None = None) -> str:
    """Encode once more chunk by chunk, as a microphone gives it, and say how it compares."""
    tok = tokenizer(heard.model)
    if not (tok.streamable and isinstance(tok, AudioTokenizer)):
        return f"{heard.model} needs the whole sound: it does not stream."
    prefix = legal(tok, wanted)
    sound, rate = heard.heard.items[0], heard.heard.rate
    assert rate is not None
    step = round(CHUNK_SECONDS * rate)
    with tok.streaming(prefix=prefix) as session:
        parts = [session.encode(chunk) for chunk in sound.split(step, dim=1)]
        last = session.flush()
    assert isinstance(last, Tokens)
    joined = Tokens.join([*parts, last])
    whole = heard.tokens if prefix is None else heard.tokens.prefix(prefix)
    same = torch.equal(joined.codes, whole.codes)
    counts = ", ".join(str(int(part.lengths[0])) for part in parts[:12])
    more = ", ..." if len(parts) > 12 else ""
    return (
        f"Streamed in {len(parts)} chunks of {CHUNK_SECONDS:g} s: positions that became final "
        f"with each: {counts}{more}. The ids are **{'the same' if same else 'not the same'}** as "
        "those of the whole sound."
    )


def _drawn(sound: torch.Tensor, rate: int, loudest: float) -> tuple[Image.Image, Image.Image]:
    picture = to_pil(spectrogram(sound, rate, width=640, loudest=loudest))
    return waveform(sound.numpy()), picture.resize((640, 192))
