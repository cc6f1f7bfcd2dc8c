"""From what a user names to the kind of source that it is."""

import os

from ...errors import MediaError
from . import store
from .base import Source
from .files import FolderSource, ListSource
from .hub import PREFIX, HubSource
from .table import SUFFIXES, TableSource
from .tar import TarSource

KINDS = ("folder", "list", "tar", "table", "dataset")


def open_source(
    place: str,
    modality: str,
    *,
    kind: str | None = None,
    column: str | None = None,
    key_column: str | None = None,
) -> Source:
    """The source that ``place`` is; ``kind`` says it where names do not.

    A folder with tar files is ``tar``, one with Parquet or Arrow files ``table``, one that
    ``datasets`` saved ``dataset``, any other ``folder``; a ``.txt`` or ``.lst`` file is a ``list``;
    ``hf-dataset:owner/name`` is a data set of the Hub.

    Raises:
        MediaError: for a place that is not there.
    """
    chosen = kind or _kind(place)
    if chosen == "list":
        return ListSource(place, modality)
    if chosen == "tar":
        return TarSource(place, modality)
    if chosen == "table":
        return TableSource(place, modality, column, key_column)
    if chosen == "dataset":
        return HubSource(place, modality, column)
    if chosen == "folder":
        return FolderSource(place, modality)
    raise MediaError(f"no kind of source {chosen!r}; expected one of {', '.join(KINDS)}")


def _kind(place: str) -> str:
    if place.startswith(PREFIX):
        return "dataset"
    if place.endswith((".txt", ".lst")):
        return "list"
    if place.endswith(".tar"):
        return "tar"
    if place.endswith(SUFFIXES):
        return "table"
    if os.path.isfile(os.path.join(place, "dataset_info.json")) or os.path.isfile(
        os.path.join(place, "dataset_dict.json")
    ):
        return "dataset"
    kind = "folder"
    for shard in store.walk(place):
        if shard.path.endswith(".tar"):
            return "tar"
        if shard.path.endswith(SUFFIXES):
            kind = "table"
    return kind
