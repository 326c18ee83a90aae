"""A project folder: its settings (`project.toml`), its catalogue, its cache, its runs."""

from __future__ import annotations

import datetime
import difflib
import os
import tomllib
import unicodedata
from pathlib import Path
from typing import Literal, cast, get_args

import tomlkit
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from studio.engine import files
from studio.engine.catalogue import Catalogue
from studio.engine.errors import ProjectError, UsageError
from studio.engine.masks import Mask

FORMAT = 1
TierName = Literal["auto", "memory", "map", "jpeg", "video"]
"""Where frames come from."""

CACHE_MARKER = "studio-cache.txt"
_NOT_IN_FOLDERS = '/\\:*?"<>|'
SMALLEST_SIDE, LARGEST_SIDE = 64, 512
"""Of cached frames: the shorter side in pixels."""


def tier_named(name: str) -> TierName:
    """The tier of this name. Raises `UsageError` when there is none."""
    for tier in get_args(TierName):
        if tier == name:
            return cast("TierName", tier)
    raise UsageError(f"tier {name}", "there is no such tier", f"Name one of {', '.join(get_args(TierName))}")


def run_name(typed: str) -> str:
    """Give the name that a run's folder gets: as it was typed, but for what no folder's name can hold on Windows."""
    kept = "".join(one if one.isprintable() and one not in _NOT_IN_FOLDERS else "-"
                   for one in unicodedata.normalize("NFC", typed.strip()))
    return kept.strip(" .-") or "run"


class Source(BaseModel):
    """A folder of videos. Its files are only ever read."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, description="Short name, unique in the project")
    path: str = Field(min_length=1, description="Where the folder lies; relative to the project where that is shorter")


class Grouping(BaseModel):
    """How videos form groups (patient, recording session), which are never split between train and validation."""

    model_config = ConfigDict(extra="forbid")
    by: Literal["video", "folder", "pattern", "csv"] = Field(
        "video", description="Every video its own group (UCF101's names are recognised), all videos of one folder, a "
                             "pattern, or a CSV file")
    pattern: str = Field("", description="Regular expression on the path; its first bracket is the group")
    csv: str = Field("", description="CSV file with the columns path, label and optionally group and split")


class Settings(BaseModel):
    """What `project.toml` holds."""

    model_config = ConfigDict(extra="forbid")
    format: int = Field(FORMAT, ge=1, le=FORMAT)
    name: str = ""
    sources: list[Source] = []
    grouping: Grouping = Grouping()
    frames_per_second: float = Field(
        25.0, ge=0, le=1000, description="Frames a second of a video that is a folder of numbered pictures; 0 leaves "
                                         "such folders alone")
    short_side_pixels: int = Field(128, ge=64, le=512, description="Height or width, the smaller, of cached frames")
    tier: TierName = Field(
        "auto", description="Where frames come from: memory, a memory map of the cache, JPEGs in the cache, or "
                            "straight from the videos; auto is the first of them that fits the memory or the disk. "
                            "After a change, scan again")
    memory_gigabytes: float = Field(0.0, ge=0, description="Memory that frames may fill; 0: a quarter of what is free")
    disk_gigabytes: float = Field(0.0, ge=0, description="Disk that the cache may take; 0: what is free")
    masks: list[Mask] = []
    motion: Literal["dis", "farneback"] = Field(
        "dis", description="How motion is measured: DIS, the fast choice, or Farneback as in Shuffle and Learn. Scan "
                           "again after a change")

    @field_validator("masks")
    @classmethod
    def _names_differ(cls, masks: list[Mask]) -> list[Mask]:
        names = [mask.name for mask in masks]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two masks are called {twice!r}")
        return masks


class Project:
    """An opened project folder.

    `root` is the folder, `settings` the content of `project.toml`. Changing settings is `save`. Whoever only looks at
    it (`read_only`) gets a `ProjectError` for every change.
    """

    def __init__(self, root: Path, settings: Settings) -> None:
        self.root, self.settings = root, settings
        self.read_only = ""
        """Why nothing may be changed through this object, in words; empty: everything may."""

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
            raise ProjectError(f"{path}, {place} = {first['input']!r}", first["msg"].removeprefix("Value error, "),
                               "Mend that line") from error
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
        self.must_be_writable()
        path = self.root / "project.toml"
        document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
        for key, value in self.settings.model_dump(mode="json").items():
            if key == "masks" and not value:  # an empty list would stand in the way of a [[masks]] written by hand
                document.pop(key, None)
            elif document.get(key) != value:
                document[key] = value
        files.write_text(path, tomlkit.dumps(document))

    def must_be_writable(self) -> None:
        """Raise `ProjectError` where this project is only looked at."""
        if self.read_only:
            raise ProjectError(str(self.root), f"it can only be looked at here: {self.read_only}",
                               "Change it where it is open, or close it there and take over")

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
        if not read_only:
            self.must_be_writable()
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
        self.must_be_writable()
        source = Source(name=self._free_source_name(resolved), path=self._stored_path(resolved))
        self.settings.sources.append(source)
        self.save()
        return source

    def move_source(self, name: str, folder: Path) -> None:
        """Say that a source lies in another folder now. Raises `UsageError` for an unknown source."""
        self.source_folder(name)
        for source in self.settings.sources:
            if source.name == name:
                source.path = self._stored_path(folder.resolve())
        self.save()

    def remove_source(self, name: str) -> None:
        """Take a source out of the project. Its files, cached frames and runs stay."""
        self.source_folder(name)
        self.must_be_writable()
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
        base = f"{datetime.datetime.now():%Y-%m-%d-%H%M}-{run_name(name)}"
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
        ending = f"-{run_name(name)}"
        found = [run for run in runs if run.name == name] or [run for run in runs if run.name.endswith(ending)]
        if found:
            return found[-1]
        known = ", ".join(run.name for run in runs[-5:]) or "it has none yet"
        near = difflib.get_close_matches(name, [part for run in runs for part in (run.name[16:], run.name)], n=1)
        meant = f"did you mean {near[0]}? " if near else ""
        raise UsageError(name, f"the project has no such run ({meant}its last runs: {known})",
                         "Name one of them, or train one with: studio train PROJECT --recipe quick")
