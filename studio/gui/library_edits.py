"""What the Library page changes in a project, each change with its way back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from studio.engine.catalogue import Video
from studio.engine.errors import StudioError
from studio.engine.masks import Mask
from studio.engine.project import Grouping, TierName
from studio.engine.video.grouping import assign_groups
from studio.gui.edits import Edit
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.words import counted


def _push(session: Session, text: str, *, do: Callable[[], None], undo: Callable[[], None],
          only: Collection[int] | None = None) -> None:
    """Make a change; `only` are the numbers of the videos that it changes, where known: the others are not read."""
    session.undo.push(Edit(session, text, do=do, undo=undo, after=lambda: session.reload_videos(only)))


def exclude(session: Session, videos: Sequence[Video], *, excluded: bool) -> None:
    """Leave videos out of everything, or take them in again. Their files and cached frames stay."""
    numbers = [video.id for video in videos if video.excluded != excluded]
    if not numbers:
        return

    def put(value: bool) -> None:
        if session.project is not None:
            with session.project.catalogue() as catalogue:
                catalogue.change(numbers, excluded=value)

    videos_in_words = counted(len(numbers), "video")
    words = (said("Exclude {videos}", videos=videos_in_words) if excluded else
             said("Include {videos}", videos=videos_in_words))
    _push(session, words, do=lambda: put(excluded), undo=lambda: put(not excluded), only=numbers)


def set_grouping(session: Session, grouping: Grouping) -> None:
    """Group the project's videos anew; a CSV file may bring labels too."""
    project = session.project
    if project is None:
        return
    try:
        known = assign_groups(session.videos, grouping, folder=project.root)
    except StudioError as error:
        session.notify_error(error)
        return
    before, numbers = project.settings.grouping, [video.id for video in session.videos]
    old = [{"group": video.group, "label": video.label} for video in session.videos]

    def put(chosen: Grouping, values: Sequence[Mapping[str, str]]) -> None:
        project.settings.grouping = chosen
        project.save()
        with project.catalogue() as catalogue:
            for number, value in zip(numbers, values, strict=True):
                catalogue.change([number], **value)
        session.project_changed.emit()

    _push(session, said("Group the videos anew"), do=lambda: put(grouping, known), undo=lambda: put(before, old))


def set_masks(session: Session, masks: Sequence[Mask]) -> None:
    """Put other masks on the project's videos; the next scan makes the frames anew that they change."""
    project = session.project
    if project is None or list(masks) == list(project.settings.masks):
        return
    before = list(project.settings.masks)

    def put(chosen: Sequence[Mask]) -> None:
        project.settings.masks = list(chosen)
        project.save()
        session.project_changed.emit()

    _push(session, said("Change the masks"), do=lambda: put(masks), undo=lambda: put(before), only=())


def set_tier(session: Session, tier: TierName) -> None:
    """Keep frames in another way from the next scan on."""
    project = session.project
    if project is None or tier == project.settings.tier:
        return
    before = project.settings.tier

    def put(chosen: TierName) -> None:
        project.settings.tier = chosen
        project.save()
        session.project_changed.emit()

    _push(session, said("Keep frames in another way"), do=lambda: put(tier), undo=lambda: put(before), only=())


def remove_source(session: Session, name: str) -> None:
    """Take a folder out of the project. Its files, their cached frames and all runs stay."""
    project = session.project
    if project is None:
        return
    before = list(project.settings.sources)
    gone = [video for video in session.videos if video.source == name]

    def remove() -> None:
        project.remove_source(name)
        with project.catalogue() as catalogue:
            catalogue.forget(video.id for video in gone)
        session.project_changed.emit()

    def put_back() -> None:
        project.settings.sources = list(before)
        project.save()
        with project.catalogue() as catalogue:
            for video in gone:
                catalogue.put(video)
        session.project_changed.emit()

    _push(session, said("Take out the folder {name}", name=name), do=remove, undo=put_back)
