"""Can it still be understood? Word errors of a recogniser on the reconstruction."""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zoo.files.checksum import sha256_of

from ..samples.texts import read_texts
from .base import Column, SampleMetric, Unmeasurable, implementation
from .feature_distance import digest
from .listening import RATE, from_folder
from .pair import Pair
from .pesq import at_rate


class WordErrors(SampleMetric):
    """WER against transcripts, or else against what the recogniser hears in the reference."""

    package = "jiwer"

    def __init__(self, folder: Path | None, transcripts: Path | None, device: str = "cpu") -> None:
        """Load the recogniser, CTC or sequence to sequence as its configuration says.

        Raises:
            CheckpointUnavailableError: saying what is missing.
            MediaError: for transcripts that cannot be read.
        """
        from jiwer import process_words  # pyright: ignore[reportMissingImports]
        from transformers import (
            AutoConfig,
            AutoModelForCTC,
            AutoModelForSpeechSeq2Seq,
            AutoProcessor,
        )

        config = from_folder("wer", "--asr", folder, {"config": AutoConfig.from_pretrained})
        names = config["config"].architectures or [""]
        self.ctc = names[0].endswith("ForCTC")
        kind = AutoModelForCTC if self.ctc else AutoModelForSpeechSeq2Seq
        loaders = {"processor": AutoProcessor.from_pretrained, "network": kind.from_pretrained}
        found = from_folder("wer", "--asr", folder, loaders)
        self.processor, self.device = found["processor"], device
        self.network = found["network"].eval().to(device)
        self.name = "" if folder is None else folder.resolve().name
        self._digest, self._compare = digest(self.network), process_words
        self.texts = None if transcripts is None else read_texts(transcripts)
        self._texts_sha256 = None if transcripts is None else sha256_of(transcripts)
        self.columns = {
            "wer": Column("share of words", False),
            "wer_errors": Column("words", None),
            "wer_words": Column("words", None),
        }
        if self.texts is not None:
            self.columns["wer_reference"] = Column("share of words", None)

    @property
    def settings(self) -> dict[str, Any]:
        """What the figures depend on."""
        return {
            "model": f"{type(self.network).__name__} {self.name}",
            "recognised_by": implementation("transformers"),
            "weights_digest": self._digest,
            "decoding": "greedy",
            "against": "the reference as recognised" if self.texts is None else "transcripts",
            "transcripts_sha256": self._texts_sha256,
            "text": "NFKC, lower case, letters, digits and apostrophes",
            "rate": RATE,
            "channels": "mean",
        }

    def measure(self, pair: Pair) -> dict[str, float]:
        """A value per column."""
        sounds = at_rate(pair, RATE)
        if self.texts is None:
            said, heard = self.hear(sounds)
            return self._columns(said, heard)
        known = self.texts.get(pair.sample or "")
        if known is None:
            raise Unmeasurable("NoTranscript", "no line of the transcripts has its id")
        said = normal(" ".join(known))
        clean, heard = self.hear(sounds)
        found = self._columns(said, heard)
        return found | {"wer_reference": self._columns(said, clean)["wer"]}

    @torch.no_grad()
    def hear(self, sounds: Sequence[Tensor]) -> list[str]:
        """What is said in sounds [samples] at 16 kHz, one at a time, normalised."""
        texts = []
        for sound in sounds:
            inputs = self.processor(sound.numpy(), sampling_rate=RATE, return_tensors="pt")
            inputs = inputs.to(self.device)
            try:
                if self.ctc:
                    ids = self.network(**inputs).logits.argmax(-1)
                else:
                    ids = self.network.generate(**inputs, num_beams=1, do_sample=False)
            except RuntimeError as error:  # too short for its convolutions
                raise Unmeasurable("NotRecognised", str(error).splitlines()[0]) from error
            more = {} if self.ctc else {"skip_special_tokens": True}
            texts.append(normal(self.processor.batch_decode(ids, **more)[0]))
        return texts

    def _columns(self, said: str, heard: str) -> dict[str, float]:
        words = len(said.split())
        if not words:
            raise Unmeasurable("NoWords", "there is no word in the reference")
        found = self._compare(said, heard)
        errors = found.substitutions + found.deletions + found.insertions
        return {"wer": errors / words, "wer_errors": float(errors), "wer_words": float(words)}


def normal(text: str) -> str:
    """The form in which texts are compared."""
    lower = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")
    return " ".join(re.sub(r"[^\w']|_", " ", lower).split())
