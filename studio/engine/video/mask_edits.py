"""Change the masks of a project: they are kept in its settings, and a scan puts them on the frames."""

from __future__ import annotations

from typing import Any

from studio.engine.catalogue import Video
from studio.engine.errors import UsageError
from studio.engine.masks import Mask, masked_share, size_text
from studio.engine.project import Project
from studio.engine.video.footage import masks_of

MOST_HIDDEN = 0.98
"""A mask that hides more of the picture is a mistake."""


def add_mask(project: Project, mask: Mask) -> None:
    """Keep a new mask. Raises `UsageError` for a name that is taken, an unknown source, or a mask that hides all."""
    add_masks(project, [mask])


def add_masks(project: Project, masks: list[Mask]) -> None:
    """Keep new masks, all or none."""
    taken = {mask.name for mask in project.settings.masks}
    for mask in masks:
        if mask.name in taken:
            raise UsageError(mask.name, "the project has a mask of this name", "Choose another name, or remove it")
        taken.add(mask.name)
        if mask.source:
            project.source_folder(mask.source)
        if (share := masked_share([mask])) > MOST_HIDDEN:
            raise UsageError(mask.name, f"this mask hides {100 * share:.0f} % of the picture, so nothing would be left",
                             "Make it smaller, or leave out --outside" if mask.hides == "outside" else
                             "Make it smaller")
    project.settings.masks = [*project.settings.masks, *masks]
    project.save()


def remove_mask(project: Project, name: str) -> Mask:
    """Take a mask away; returns it. Raises `UsageError` when there is none of that name."""
    found = next((mask for mask in project.settings.masks if mask.name == name), None)
    if found is None:
        known = ", ".join(mask.name for mask in project.settings.masks) or "it has none"
        raise UsageError(name, f"the project has no such mask ({known})", "Name one of them")
    project.settings.masks = [mask for mask in project.settings.masks if mask.name != name]
    project.save()
    return found


def free_name(wanted: str, taken: set[str]) -> str:
    """A name that is not taken: the wanted one, or with a number."""
    return next(name for name in (wanted, *(f"{wanted}-{number}" for number in range(2, 10_000))) if name not in taken)


def video_masked_share(project: Project, video: Video) -> float:
    """The share of a video's picture (0 to 1) that the project's masks hide."""
    return masked_share(masks_of(project, video))


def told_masks(project: Project, videos: list[Video]) -> list[dict[str, Any]]:
    """The masks as plain values, each with the share of the picture it hides and how many videos it is about."""
    return [{**mask.model_dump(mode="json"), "share": round(masked_share([mask]), 4),
             "videos": sum(mask.holds_for(source=video.source, path=video.path, group=video.group,
                                          size=size_text(video.width, video.height)) for video in videos)}
            for mask in project.settings.masks]
