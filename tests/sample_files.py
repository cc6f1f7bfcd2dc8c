"""Odd media files from outside, where somebody has them: ``ZOO_SAMPLES`` names their folder."""

import os
from pathlib import Path

SAMPLE_FILES = Path(os.environ.get("ZOO_SAMPLES", "no such folder"))
NO_SAMPLES = "set ZOO_SAMPLES to a folder with image-formats and audio-formats"
