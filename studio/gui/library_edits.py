"""What the Library page changes in a project, each change with its way back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from studio.engine.catalogue import Video, display_path
from studio.engine.masks import Mask
from studio.engine.project import Grouping, Project, TierName
from studio.engine.video.grouping import Groups, group_anew, put_groups
from studio.gui.background import Pace
from studio.gui.edits import Edit
from studio.gui.session import Session
from studio.gui.shelf import AT_ONCE
from studio.gui.texts import noted, said
from studio.gui.words import counted

_SLICE = 100


def _push(session: Session, text: str, *, do: Callable[[], None], undo: Callable[[], None],
          only: Collection[int] | None = None, words: Callable[[], str] = str, settings: bool = False) -> None:
    """Make a change; `only` are the numbers of the videos that it changes, where known: the others are not read.

    A long one has `words` (see `Edit`), one of the project's `settings` is told.
    """
    def after() -> None:
        if settings:
            session.project_changed.emit()
        session.reload_videos(only)

    session.undo.push(Edit(session, text, do=do, undo=undo, after=after, words=words))


def _when_long(words: str, videos: int) -> str:
    """What is said while so many videos are changed; nothing where that takes no time."""
    return said(words, videos=counted(videos, "video")) if videos > AT_ONCE else ""


def exclude(session: Session, videos: Sequence[Video], *, excluded: bool) -> None:
    """Leave videos out of everything, or take them in again. Their files and cached frames stay."""
    numbers = [video.id for video in videos if video.excluded != excluded]
    if not numbers:
        return

    def put(value: bool) -> None:
        if session.project is not None:
            with session.project.catalogue() as catalogue:
                catalogue.change(numbers, excluded=value)

    count = counted(len(numbers), "video")
    text = said("Exclude {videos}", videos=count) if excluded else said("Include {videos}", videos=count)
    _push(session, text, do=lambda: put(excluded), undo=lambda: put(not excluded), only=numbers,
          words=lambda: _when_long(noted("Changing {videos}…"), len(numbers)))


def set_grouping(session: Session, grouping: Grouping) -> None:
    """Group the project's videos anew; a CSV file may bring labels too."""
    project = session.project
    if project is None:
        return
    before: list[Groups] = []

    def put() -> None:
        before[:] = [group_anew(project, grouping, rest=Pace())]

    _push(session, said("Group the videos anew"), do=put, undo=lambda: put_groups(project, before[0], rest=Pace()),
          words=lambda: _when_long(noted("Grouping {videos}…"), len(session.videos) or session.reader.reading),
          settings=True)


def set_masks(session: Session, masks: Sequence[Mask]) -> None:
    """Put other masks on the project's videos; the next scan makes the frames anew that they change."""
    project = session.project
    if project is None or list(masks) == list(project.settings.masks):
        return
    before = list(project.settings.masks)

    def put(chosen: Sequence[Mask]) -> None:
        project.settings.masks = list(chosen)
        project.save()

    _push(session, said("Change the masks"), do=lambda: put(masks), undo=lambda: put(before), only=(), settings=True)


def set_tier(session: Session, tier: TierName) -> None:
    """Keep frames in another way from the next scan on."""
    project = session.project
    if project is None or tier == project.settings.tier:
        return
    before = project.settings.tier

    def put(chosen: TierName) -> None:
        project.settings.tier = chosen
        project.save()

    _push(session, said("Keep frames in another way"), do=lambda: put(tier), undo=lambda: put(before), only=(),
          settings=True)


def add_source(session: Session, folder: Path) -> bool:
    """Take a folder into the project, and tell whether it is in it; a scan reads it."""
    project = session.project
    if project is None or _is_source(project, folder):
        return project is not None
    name, rows = list[str](), _Rows(project)

    def add() -> None:
        name[:] = [project.add_source(folder).name]
        rows.put_back()

    def take_away() -> None:
        rows.take_out(name[0])
        project.remove_source(name[0])

    _push(session, said("Add the folder {name}", name=display_path(folder.name)), do=add, undo=take_away, settings=True,
          words=lambda: rows.words(session, *name))
    return _is_source(project, folder)


def note_moved_source(session: Session, name: str, *, before: Path) -> None:
    """Let it be taken back that a folder was found in another place."""
    project = session.project
    if project is None:
        return
    now = project.source_folder(name)
    _push(session, said("Find the folder {name}", name=name), do=lambda: project.move_source(name, now),
          undo=lambda: project.move_source(name, before), only=(), settings=True)


def remove_source(session: Session, name: str) -> None:
    """Take a folder out of the project. Its files, their cached frames and all runs stay."""
    project = session.project
    if project is None:
        return
    before, rows = list(project.settings.sources), _Rows(project)

    def remove() -> None:
        rows.take_out(name)
        project.remove_source(name)

    def put_back() -> None:
        project.settings.sources = list(before)
        project.save()
        rows.put_back()

    _push(session, said("Take out the folder {name}", name=name), do=remove, undo=put_back, settings=True,
          words=lambda: rows.words(session, name))


class _Rows:
    """The videos of a folder that is taken out, as they were in the catalogue. Made for a thread: it rests often."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._videos: list[Video] = []

    def take_out(self, source: str) -> None:
        rest, self._videos = Pace(), []
        with self._project.catalogue() as catalogue:
            for some in catalogue.slices(_SLICE):
                self._videos += [video for video in some if video.source == source]
                rest()
            catalogue.forget(video.id for video in self._videos)

    def put_back(self) -> None:
        rest = Pace()
        with self._project.catalogue() as catalogue:
            for video in self._videos:
                catalogue.put(video)
                rest()

    def words(self, session: Session, *sources: str) -> str:
        known = sum(session.shelf.totals.sources[source] for source in sources)
        return _when_long(noted("Changing {videos}…"), max(known, len(self._videos)) or session.reader.reading)


def _is_source(project: Project, folder: Path) -> bool:
    return any(project.source_folder(source.name).resolve() == folder.resolve() for source in project.settings.sources)
