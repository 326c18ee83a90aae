"""The usable videos of a project with their cached frames: what sampling, training and inspection work on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from studio.engine.catalogue import Video, display_path
from studio.engine.errors import ProjectError, VideoError
from studio.engine.masks import Mask, fingerprint, size_text
from studio.engine.project import Project
from studio.engine.video.facts import Form, cache_path
from studio.engine.video.stored import StoredVideo
from studio.engine.video.tiers import TIERS
from studio.engine.video.tiers.tier import Original, Shared


@dataclass(frozen=True)
class Footage:
    """Videos and their cached frames, position by position, in the order of the catalogue."""

    videos: list[Video]
    cached: Sequence[StoredVideo]

    @property
    def tier(self) -> str:
        """Where the pixels come from, by name; several where videos differ."""
        return "+".join(sorted({one.tier for one in self.cached}))


def masks_of(project: Project, video: Video) -> list[Mask]:
    """The masks that hide parts of this video."""
    size = size_text(video.width, video.height)
    return [mask for mask in project.settings.masks
            if mask.holds_for(source=video.source, path=video.path, group=video.group, size=size)]


def plain_form(project: Project, *, short_side_pixels: int | None = None) -> Form:
    """In which form the frames of a video without masks are cached, of the project's size or another."""
    return Form(short_side_pixels or project.settings.short_side_pixels, motion=project.settings.motion)


def form_of(project: Project, video: Video, *, short_side_pixels: int | None = None) -> Form:
    """In which form the frames of a video are cached, of the project's size or another."""
    return replace(plain_form(project, short_side_pixels=short_side_pixels),
                   mask=fingerprint(masks_of(project, video)))


def open_stored(project: Project, video: Video, form: Form | None = None, *,
                shared: Shared | None = None) -> StoredVideo:
    """Open a video's frames, from the best tier that the cache has, without a look into the catalogue.

    Raises `VideoError` when none is there, or the video of frames that come straight from it has changed.
    """
    form, shared = form or form_of(project, video), shared or Shared()
    refused: VideoError | None = None

    def original() -> Original:
        return Original(path=project.video_file(source=video.source, path=video.path),
                        stamp=(video.size, video.modified_ns), short_side_pixels=form.short_side_pixels,
                        masks=masks_of(project, video) if form.mask else (),
                        frames_per_second=project.settings.frames_per_second)

    for kind, tier in {tier.kind: tier for tier in TIERS.values()}.items():
        path = cache_path(project.cache_folder, identity=video.identity, form=form, kind=kind)
        try:
            return tier.opens(path, name=display_path(video.path), shared=shared, original=original)
        except VideoError as error:
            refused = error if refused is None or path.exists() else refused
    assert refused is not None
    raise refused


def open_unmasked(project: Project, video: Video) -> StoredVideo:
    """Open a video's cached frames as they are without masks, where those are kept, or else as they are with them.

    Raises `VideoError` when neither is there.
    """
    form = form_of(project, video)
    try:
        return open_stored(project, video, replace(form, mask=""))
    except VideoError:
        return open_stored(project, video, form)


def open_footage(project: Project, *, only: Sequence[int] | None = None,
                 short_side_pixels: int | None = None) -> Footage:
    """Open the cached frames of the usable videos, or of those with the numbers `only` (excluded ones too).

    Videos whose cache is missing or damaged are left out. Raises `ProjectError` when none is left, and when frames of
    another size than the project's (`short_side_pixels`) were not made of every video that has the project's.
    """
    found, missing = open_some(project, usable_rows(project, only=only), short_side_pixels=short_side_pixels)
    if missing and short_side_pixels not in (None, project.settings.short_side_pixels):
        raise ProjectError(str(project.root), f"the frames of {short_side_pixels} pixels are not yet made of "
                           f"{len(missing)} of its videos", f"Make them with: studio scan {project.root} "
                           f"--short-side {short_side_pixels}")
    if not found.videos:
        raise no_footage(project, missing=len(missing))
    return found


def usable_rows(project: Project, *, only: Sequence[int] | None = None) -> list[Video]:
    """The usable videos of the catalogue, or the readable ones of those with the numbers `only`."""
    if not (project.root / "catalogue.sqlite").exists():
        raise no_footage(project, missing=0)
    with project.catalogue(read_only=True) as catalogue:
        rows = catalogue.videos(usable_only=only is None)
    if only is None:
        return rows
    wanted = set(only)
    return [row for row in rows if row.id in wanted and row.readable]


def open_some(project: Project, rows: Sequence[Video], *,
              short_side_pixels: int | None = None) -> tuple[Footage, list[Video]]:
    """Open the cached frames of these videos: those that are there, and the videos whose are not."""
    shared, videos, cached, missing = Shared(), list[Video](), list[StoredVideo](), list[Video]()
    for row in rows:
        try:
            cached.append(open_stored(project, row, form_of(project, row, short_side_pixels=short_side_pixels),
                                      shared=shared))
            videos.append(row)
        except VideoError:
            missing.append(row)
    return Footage(videos, cached), missing


def no_footage(project: Project, *, missing: int) -> ProjectError:
    """Make the error that says why a project has no video to work on."""
    if missing:
        return ProjectError(str(project.root), f"the cached frames of {missing} videos are missing, damaged or not yet "
                            "made with the present masks",
                            f"Make them again with: studio scan {project.root}")
    return ProjectError(str(project.root), "the project has no usable videos",
                        f"Add a folder with: studio scan {project.root} FOLDER")
