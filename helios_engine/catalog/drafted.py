"""A data set as it will be, to be checked before it is."""

from __future__ import annotations

from pathlib import Path

from helios_engine.catalog.manifest import Manifest, Part
from helios_engine.catalog.place import LocalPlace, Place
from helios_engine.catalog.store import Dataset


class Drafted(Dataset):
    """A data set as it will be after a commit: its new files are drafts still, the others in their place."""

    def __init__(self, folder: Place, drafts: Path, manifest: Manifest) -> None:
        self.folder, self.manifest = folder, manifest
        self._drafts = LocalPlace(drafts)
        self._new = set(self._drafts.names())

    def _place_of(self, part: Part) -> Place:
        return self._drafts if part.name in self._new else self.folder
