"""What neighbours are looked for: a clip of the project, several clips at once, or a clip of a file outside of it.

Legend: D feature.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from studio.engine.catalogue import Video, display_path
from studio.engine.errors import UsageError, VideoError
from studio.engine.events import Event, Progress
from studio.engine.inspection.looks import Look
from studio.engine.project import Project
from studio.engine.shapes import Floats
from studio.engine.video.cache import CachedVideo
from studio.engine.video.footage import Footage
from studio.engine.video.make import StoppedError, make_cached
from studio.engine.video.storage import order_for

_TELL_EVERY_SECONDS, _SHOWN = 0.3, 12


class Query(Protocol):
    """Something to look for neighbours of."""

    @property
    def left_out(self) -> frozenset[int]:
        """Numbers of the videos that it comes from."""
        ...

    def feature(self, look: Look) -> tuple[Floats, dict[str, Any]]:
        """Its feature in a look, and what it is, as plain values."""
        ...


@dataclass(frozen=True)
class ClipQuery:
    """The clip around a second of a video of the project, by the video's number."""

    video_id: int
    at_seconds: float

    @property
    def left_out(self) -> frozenset[int]:
        """The video itself."""
        return frozenset([self.video_id])

    def feature(self, look: Look) -> tuple[Floats, dict[str, Any]]:
        """Embed the clip anew."""
        position = _place(look, self.video_id)
        seen = look.seen_at(position, at_seconds=self.at_seconds)
        return seen.feature_D, entry_of(look.footage.videos[position], seen.at_seconds)


@dataclass(frozen=True)
class ClipsQuery:
    """Several clips of the map: (video's number, clip's number in it, from 0). Their mean feature is asked about."""

    clips: tuple[tuple[int, int], ...]

    @property
    def left_out(self) -> frozenset[int]:
        """The videos that they are of."""
        return frozenset(video_id for video_id, _ in self.clips)

    def feature(self, look: Look) -> tuple[Floats, dict[str, Any]]:
        """The mean of the kept features, each brought to length 1. Raises `UsageError` for a clip that is not there."""
        if not self.clips:
            raise UsageError("no clips", "there is nothing to look for", "Choose one clip or more")
        count = look.features.times_VC.shape[1]
        if wrong := [clip for clip in self.clips if not 0 <= clip[1] < count]:
            raise UsageError(f"clip {wrong[0][0]}:{wrong[0][1]}", f"a video has the clips 0 to {count - 1}",
                             "Name one of them")
        videos = {video_id: _place(look, video_id) for video_id in self.left_out}
        labels = {look.footage.videos[place].label for place in videos.values()}
        groups = {look.footage.videos[place].group for place in videos.values()}
        shown = [entry_of(look.footage.videos[videos[video_id]],
                          float(look.features.times_VC[videos[video_id], number]))
                 for video_id, number in self.clips[:_SHOWN]]
        words = f"{len(set(self.clips))} clips of {len(videos)} {'video' if len(videos) == 1 else 'videos'}"
        return (look.gallery.mean_of({(videos[video_id], number) for video_id, number in self.clips}),
                {"video": words, "video_id": None, "at_seconds": 0.0, "clips": [list(clip) for clip in self.clips],
                 "shown": shown, "group": groups.pop() if len(groups) == 1 else "",
                 "label": labels.pop() if len(labels) == 1 else ""})


@dataclass(frozen=True)
class FileQuery:
    """The clip around a second of a video file outside of the project."""

    outside: Outside
    at_seconds: float

    @property
    def left_out(self) -> frozenset[int]:
        """Nothing: the project does not have the video."""
        return frozenset()

    def feature(self, look: Look) -> tuple[Floats, dict[str, Any]]:
        """Embed the clip out of the file's frames, which were made in the look's size before."""
        footage = self.outside.footage(look)
        seen, (video,) = look.seen_at(0, at_seconds=self.at_seconds, footage=footage), footage.videos
        return seen.feature_D, entry_of(video, seen.at_seconds) | {
            "video_id": None, "file": str(self.outside.path), "seconds": round(video.seconds, 3),
            "reason": video.reason, "frames": [int(frame) for frame in seen.frames_F]}


@dataclass
class Outside:
    """A video file that is no part of a project: its frames lie in a temporary folder while it is looked at."""

    project: Project
    path: Path
    _folder: TemporaryDirectory[str] = field(init=False, default_factory=lambda: TemporaryDirectory(
        prefix="studio-", ignore_cleanup_errors=True))
    _made: dict[int, Footage] = field(init=False, default_factory=dict)

    def footage(self, look: Look) -> Footage:
        """Give the frames that `make` made."""
        return self._made[look.recipe.augmentation.short_side_pixels]

    def make(self, short_side_pixels: int, *, stop: Callable[[], bool] = lambda: False) -> Generator[Event, None, bool]:
        """Decode the file, unless it was done; whether it is there. Nothing is written into the project.

        Raises `VideoError` with the reason for a file that is no readable video.
        """
        if short_side_pixels in self._made:
            return True
        folder, given_up = Path(self._folder.name) / str(short_side_pixels), list[bool]()
        order = replace(order_for(self.project, self.path, source="", group="", kind="frames", with_motion=False,
                                  short_side_pixels=short_side_pixels), cache_folder=folder)
        frames = [0]

        def told(count: int) -> None:
            frames[0] = max(frames[0], count)
            if given_up or stop():
                raise StoppedError(self.path.name, "reading it was stopped", "Ask again")

        with ThreadPoolExecutor(1, thread_name_prefix="studio-decoding") as pool:
            working = pool.submit(make_cached, order, told)
            try:
                while wait([working], timeout=_TELL_EVERY_SECONDS).not_done:
                    yield Progress(phase="decoding", done=frames[0], total=0, unit="frames", detail=self.path.name)
            finally:
                given_up.append(True)
        try:
            facts = working.result()
        except StoppedError:
            return False
        name = display_path(self.path.name)
        if not facts.frames:
            raise VideoError(name, facts.reason or "no frame of it can be read",
                             "Name another file, or convert this one to MP4")
        (made,) = (path for path in folder.rglob("*") if path.is_file())
        video = Video(source="", path=self.path.name, identity=facts.identity, verdict=facts.verdict,
                      reason=facts.reason, frames=facts.frames, seconds=facts.seconds,
                      frames_per_second=facts.frames_per_second, width=facts.source_width, height=facts.source_height)
        self._made[short_side_pixels] = Footage([video], [CachedVideo(made, name=name)])
        return True

    def close(self) -> None:
        """Let go of the frames."""
        self._made.clear()
        self._folder.cleanup()


def entry_of(video: Video, at_seconds: float) -> dict[str, Any]:
    """A clip as plain values."""
    return {"video": display_path(video.path), "video_id": video.id, "at_seconds": round(at_seconds, 3),
            "group": video.group, "label": video.label}


def read_clips(text: str) -> tuple[tuple[int, int], ...]:
    """Read `3:0,3:1,7:4`, numbers of videos and of clips in them. Raises `UsageError`."""
    found = list[tuple[int, int]]()
    for part in filter(None, text.replace(" ", "").split(",")):
        video, _, clip = part.partition(":")
        if not (video.isdecimal() and clip.isdecimal()):
            raise UsageError(f"--clips {part}", "a clip is the number of its video and its own, from 0",
                             "Write for example --clips 3:0,3:1,7:4")
        found.append((int(video), int(clip)))
    return tuple(found)


def written_clips(clips: Sequence[tuple[int, int]]) -> str:
    """Write clips as `read_clips` reads them."""
    return ",".join(f"{video}:{clip}" for video, clip in clips)


def _place(look: Look, video_id: int) -> int:
    if video_id not in look.positions:
        raise UsageError(f"video number {video_id}", f"{look.way.title} has no features of it",
                         "Scan its folder again, or name another video")
    return look.positions[video_id]
