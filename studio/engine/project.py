"""A project folder: its settings (`project.toml`), its catalogue, its cache, its runs."""

from __future__ import annotations

import datetime
import os
import re
import tomllib
from pathlib import Path
from typing import Literal

import tomlkit
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from studio.engine import files
from studio.engine.catalogue import Catalogue
from studio.engine.errors import ProjectError, UsageError

FORMAT = 1
CACHE_MARKER = "studio-cache.txt"


class Source(BaseModel):
    """A folder of videos. Its files are only ever read."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, description="Short name, unique in the project")
    path: str = Field(min_length=1, description="Where the folder lies; relative to the project where that is shorter")


class Grouping(BaseModel):
    """How videos form groups (patient, recording session), which are never split between train and validation."""

    model_config = ConfigDict(extra="forbid")
    by: Literal["video", "pattern", "csv"] = Field(
        "video", description="Every video its own group (UCF101's names are recognised), a pattern, or a CSV file")
    pattern: str = Field("", description="Regular expression on the path; its first bracket is the group")
    csv: str = Field("", description="CSV file with the columns path, label and optionally group and split")


class Settings(BaseModel):
    """What `project.toml` holds."""

    model_config = ConfigDict(extra="forbid")
    format: int = Field(FORMAT, ge=1, le=FORMAT)
    name: str = ""
    sources: list[Source] = []
    grouping: Grouping = Grouping()
    short_side_pixels: int = Field(128, ge=64, le=512, description="Height or width, the smaller, of cached frames")


class Project:
    """An opened project folder.

    `root` is the folder, `settings` the content of `project.toml`. Changing settings is `save`.
    """

    def __init__(self, root: Path, settings: Settings) -> None:
        self.root, self.settings = root, settings

    @classmethod
    def open(cls, root: Path) -> Project:
        """Open the project in `root`. Raises `ProjectError` when there is none, or its settings are not valid."""
        path = root / "project.toml"
        if not path.is_file():
            raise ProjectError(str(root), "this folder is no project (it has no project.toml)",
                               "Make one with: studio scan PROJECT FOLDER")
        try:
            settings = Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ProjectError(str(path), f"this is no readable TOML ({error})", "Mend that line") from error
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ProjectError(f"{path}, {place} = {first['input']!r}", first["msg"], "Mend that line") from error
        return cls(root, settings)

    @classmethod
    def create(cls, root: Path) -> Project:
        """Make an empty project in `root`. Raises `ProjectError` when something else is there."""
        if root.exists() and not root.is_dir():
            raise ProjectError(str(root), "a file has this name, so no project can be made there", "Choose a new name")
        if root.exists() and any(root.iterdir()):
            raise ProjectError(str(root), "this folder holds other files, so no project is made in it",
                               "Choose a new or an empty folder")
        try:
            (root / "cache").mkdir(parents=True, exist_ok=True)
            (root / "runs").mkdir(exist_ok=True)
        except OSError as error:
            raise ProjectError(str(root), f"the folder cannot be made ({error.strerror})",
                               "Choose a folder that you may write to") from error
        files.write_text(root / "cache" / CACHE_MARKER,
                         "Cached frames of Unshuffle Studio. They can be deleted: a scan makes them again.\n")
        project = cls(root, Settings(name=root.resolve().name))
        project.save()
        return project

    @classmethod
    def open_or_create(cls, root: Path) -> Project:
        """Open the project in `root`, or make it."""
        return cls.open(root) if (root / "project.toml").exists() else cls.create(root)

    def save(self) -> None:
        """Write `project.toml`, keeping a person's comments in it."""
        path = self.root / "project.toml"
        document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
        for key, value in self.settings.model_dump().items():
            if document.get(key) != value:
                document[key] = value
        files.write_text(path, tomlkit.dumps(document))

    @property
    def cache_folder(self) -> Path:
        """Where decoded frames and motion curves lie."""
        return self.root / "cache"

    @property
    def runs_folder(self) -> Path:
        """Where the runs lie, one folder each."""
        return self.root / "runs"

    def catalogue(self, *, read_only: bool = False) -> Catalogue:
        """Open the catalogue; close it by leaving its `with` block."""
        return Catalogue(self.root / "catalogue.sqlite", read_only=read_only)

    def source_folder(self, name: str) -> Path:
        """Where a source's videos lie. Raises `UsageError` for an unknown source."""
        for source in self.settings.sources:
            if source.name == name:
                return Path(os.path.normpath(self.root / source.path))
        raise UsageError(name, "the project has no such source", "Scan its folder again")

    def video_file(self, *, source: str, path: str) -> Path:
        """Where the file of a catalogue row lies."""
        return self.source_folder(source) / path

    def add_source(self, folder: Path) -> Source:
        """Add a folder of videos, or find it when it is already one. Raises `UsageError` when it is no folder."""
        if not folder.is_dir():
            raise UsageError(str(folder), "there is no such folder", "Check the spelling, or attach its drive")
        resolved = folder.resolve()
        for source in self.settings.sources:
            if self.source_folder(source.name).resolve() == resolved:
                return source
        source = Source(name=self._free_source_name(resolved), path=self._stored_path(resolved))
        self.settings.sources.append(source)
        self.save()
        return source

    def remove_source(self, name: str) -> None:
        """Take a source out of the project. Its files, cached frames and runs stay."""
        self.source_folder(name)
        self.settings.sources = [source for source in self.settings.sources if source.name != name]
        self.save()

    def _free_source_name(self, folder: Path) -> str:
        base = os.fsencode(folder.name or "videos").decode("utf-8", "replace").replace("/", "-")
        taken = {source.name for source in self.settings.sources}
        return next(name for name in (base, *(f"{base}-{n}" for n in range(2, 10_000))) if name not in taken)

    def _stored_path(self, folder: Path) -> str:
        try:
            relative = os.path.relpath(folder, self.root.resolve())
        except ValueError:  # another drive on Windows
            return folder.as_posix()
        return folder.as_posix() if relative.count("..") > 3 else Path(relative).as_posix()

    def new_run_folder(self, name: str) -> Path:
        """Make `runs/<date>-<name>`, with a number where that exists."""
        clean = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "run"
        base = f"{datetime.datetime.now():%Y-%m-%d-%H%M}-{clean}"
        for number in range(1, 10_000):
            folder = self.runs_folder / (base if number == 1 else f"{base}-{number}")
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                continue
            return folder
        raise ProjectError(base, "ten thousand runs have this name", "Choose another name")

    def run_folders(self) -> list[Path]:
        """The run folders, oldest first."""
        if not self.runs_folder.is_dir():
            return []
        found = [path for path in self.runs_folder.iterdir() if (path / "recipe.toml").is_file()]
        return sorted(found, key=lambda path: ((path / "recipe.toml").stat().st_mtime_ns, path.name))

    def run_folder(self, name: str) -> Path:
        """Find a run by its folder's name, the name given to it, or `latest`. Raises `UsageError` when none fits."""
        runs = self.run_folders()
        if name == "latest" and runs:
            return runs[-1]
        found = [run for run in runs if run.name == name] or [run for run in runs if run.name.endswith(f"-{name}")]
        if found:
            return found[-1]
        known = ", ".join(run.name for run in runs[-5:]) or "it has none yet"
        raise UsageError(name, f"the project has no such run (its last runs: {known})",
                         "Name one of them, or train one with: studio train PROJECT --recipe quick")
