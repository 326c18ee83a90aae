"""What the window remembers between starts: recent projects, theme, text size, its own shape."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

_RECENT = 8


def home_folder() -> Path:
    """Where new projects go if the person names no other place; the variable STUDIO_HOME overrides it."""
    if home := os.environ.get("STUDIO_HOME"):
        return Path(home)
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return Path(documents or Path.home()) / "Unshuffle Studio"


class WindowSettings:
    """Reads and writes the window's settings (a file in STUDIO_HOME when that is set, else the system's place)."""

    def __init__(self) -> None:
        if home := os.environ.get("STUDIO_HOME"):
            self._store = QSettings(str(Path(home) / "window.ini"), QSettings.Format.IniFormat)
        else:
            self._store = QSettings("Unshuffle Studio", "Unshuffle Studio")

    @property
    def recent_projects(self) -> list[Path]:
        """The projects opened last that still exist, newest first."""
        stored = self._store.value("recent", [])
        names = [stored] if isinstance(stored, str) else stored if isinstance(stored, list) else []
        return [Path(name) for name in names if (Path(name) / "project.toml").is_file()]

    def remember_project(self, root: Path) -> None:
        """Put a project in front of the recent ones."""
        others = [path for path in self.recent_projects if path != root]
        self._store.setValue("recent", [str(path) for path in [root, *others][:_RECENT]])
        self.set_place(root, self.place(root))

    def place(self, root: Path) -> dict[str, Any]:
        """Where a person was in a project, and when (`used`, in seconds since the epoch); empty at the first time."""
        found = self._by_project("places").get(str(root))
        return dict(found) if isinstance(found, dict) else {}

    def set_place(self, root: Path, place: dict[str, Any]) -> None:
        """Remember where a person is in a project now; of projects that are not recent any more it is forgotten."""
        recent = {str(path) for path in self.recent_projects}
        kept = {name: one for name, one in self._by_project("places").items() if name in recent}
        self._store.setValue("places", json.dumps(kept | {str(root): place | {"used": time.time()}}))

    def _by_project(self, key: str) -> dict[str, Any]:
        try:
            found = json.loads(str(self._store.value(key, "{}")))
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def put_away(self, root: Path) -> str:
        """Which problems of a project's videos a person has seen and put away."""
        return str(self._by_project("put_away").get(str(root), ""))

    def set_put_away(self, root: Path, problems: str) -> None:
        """Remember that these problems were put away."""
        recent = {str(path) for path in self.recent_projects}
        kept = {name: one for name, one in self._by_project("put_away").items() if name in recent}
        self._store.setValue("put_away", json.dumps(kept | {str(root): problems}))

    @property
    def theme(self) -> str:
        """`system`, `dark` or `light`."""
        stored = str(self._store.value("theme", "system"))
        return stored if stored in ("system", "dark", "light") else "system"

    @theme.setter
    def theme(self, name: str) -> None:
        self._store.setValue("theme", name)

    @property
    def text_scale(self) -> float:
        """Size of text and controls, 1 to 2."""
        try:
            return min(2.0, max(1.0, float(str(self._store.value("text_scale", 1.0)))))
        except ValueError:
            return 1.0

    @text_scale.setter
    def text_scale(self, scale: float) -> None:
        self._store.setValue("text_scale", scale)

    @property
    def clips_play(self) -> bool:
        """Whether clips play by themselves; under the mouse they play in any case."""
        return str(self._store.value("clips_play", "true")).lower() == "true"

    @clips_play.setter
    def clips_play(self, wanted: bool) -> None:
        self._store.setValue("clips_play", wanted)

    @property
    def tour_seen(self) -> bool:
        """Whether the notes about where things are were seen or skipped."""
        return str(self._store.value("tour_seen", "")).lower() == "true"

    @tour_seen.setter
    def tour_seen(self, seen: bool) -> None:
        self._store.setValue("tour_seen", seen)

    @property
    def geometry(self) -> QByteArray:
        """The window's place and size, empty at first."""
        stored = self._store.value("geometry")
        return stored if isinstance(stored, QByteArray) else QByteArray()

    @geometry.setter
    def geometry(self, geometry: QByteArray) -> None:
        self._store.setValue("geometry", geometry)

    def write(self) -> None:
        """Write what changed to the disk now."""
        self._store.sync()
