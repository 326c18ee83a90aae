"""The usable videos of a project with their cached frames: what sampling, training and inspection work on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from studio.engine.catalogue import Video, display_path
from studio.engine.errors import ProjectError, VideoError
from studio.engine.project import Project
from studio.engine.video.cache import CachedVideo, Form, Maps, cache_path


@dataclass(frozen=True)
class Footage:
    """Videos and their cached frames, position by position, in the order of the catalogue."""

    videos: list[Video]
    cached: list[CachedVideo]


def form_of(project: Project) -> Form:
    """In which form the frames of a project are cached."""
    return Form(project.settings.short_side_pixels)


def open_footage(project: Project, *, only: Sequence[int] | None = None) -> Footage:
    """Open the cached frames of the usable videos, or of those with the numbers `only` (excluded ones too).

    Videos whose cache is missing or damaged are left out. Raises `ProjectError` when none is left.
    """
    if not (project.root / "catalogue.sqlite").exists():
        raise _nothing(project, missing=0)
    with project.catalogue(read_only=True) as catalogue:
        rows = catalogue.videos(usable_only=only is None)
    if only is not None:
        wanted = set(only)
        rows = [row for row in rows if row.id in wanted and row.readable]
    footage, maps, missing = Footage([], []), Maps(), 0
    for row in rows:
        path = cache_path(project.cache_folder, identity=row.identity, form=form_of(project))
        try:
            footage.cached.append(CachedVideo(path, name=display_path(row.path), maps=maps))
            footage.videos.append(row)
        except VideoError:
            missing += 1
    if not footage.videos:
        raise _nothing(project, missing=missing)
    return footage


def _nothing(project: Project, *, missing: int) -> ProjectError:
    if missing:
        return ProjectError(str(project.root), f"the cached frames of {missing} videos are missing or damaged",
                            f"Make them again with: studio scan {project.root}")
    return ProjectError(str(project.root), "the project has no usable videos",
                        f"Add a folder with: studio scan {project.root} FOLDER")
