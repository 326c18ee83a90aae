"""A run is followed by its folder: long files in pieces, lines as they come, files that shrink or are broken."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from studio.engine.events import Finished, Metric, Preview, Warned
from studio.engine.runs import EVENTS
from studio.gui import run_feed
from studio.gui.run_feed import RunFeed
from tests.gui.conftest import wait_for


def metric(step: int) -> str:
    return Metric(split="train", step=step, total_steps=9, epoch=0.5, values={"loss": 1 / (step + 1)}).to_json()


def written(folder: Path, lines: list[str]) -> None:
    with (folder / EVENTS).open("a", encoding="utf-8") as stream:
        stream.write("".join(f"{line}\n" for line in lines))


def pieces_of(feed: RunFeed, folder: Path) -> int:
    """Follow a folder to its end; the number of pieces that it was read in."""
    pieces: list[int] = []
    feed.changed.connect(lambda: pieces.append(len(feed.measured.points("train", "loss")[0])))
    feed.follow(folder, live=False)
    wait_for(lambda: feed.caught_up)
    return len(pieces)


def test_a_long_run_is_read_in_pieces(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, [metric(step) for step in range(12_000)])
    feed = RunFeed()
    assert pieces_of(feed, tmp_path) >= 10
    assert len(feed.measured.points("train", "loss")[0]) == 12_000
    monkeypatch.setattr(run_feed, "_PIECE_BYTES", -1)
    assert pieces_of(RunFeed(), tmp_path) == 1, "read at once, it would come in one piece"


def test_a_line_longer_than_a_piece_is_read_whole(qapp: QApplication, tmp_path: Path,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_feed, "_PIECE_BYTES", 200)
    preview = Preview(step=4, tuples=[{"video_id": 1, "frames": [list(range(500))]}])
    written(tmp_path, [metric(1), preview.to_json(), metric(2)])
    feed = RunFeed()
    feed.follow(tmp_path, live=False)
    wait_for(lambda: feed.caught_up)
    assert feed.preview is not None and feed.preview.step == 4
    assert feed.measured.points("train", "loss")[0].tolist() == [1, 2]


def test_a_live_run_is_followed(qapp: QApplication, tmp_path: Path) -> None:
    written(tmp_path, [metric(1)])
    feed, ends = RunFeed(), []
    feed.finished.connect(ends.append)
    feed.follow(tmp_path, live=True)
    wait_for(lambda: feed.measured.step == 1)
    written(tmp_path, [metric(2), "{broken", Warned(code="stuck-at-chance", message="No better.").to_json(),
                       Finished(operation="train", result={}).to_json()])
    wait_for(lambda: ends)
    assert feed.measured.step == 2 and list(feed.warnings) == ["stuck-at-chance"]
    feed.pause()


def test_a_line_that_is_still_being_written_waits(qapp: QApplication, tmp_path: Path) -> None:
    whole = metric(1)
    (tmp_path / EVENTS).write_text(whole[:20])
    feed = RunFeed()
    feed.follow(tmp_path, live=True)
    feed.look()
    assert feed.measured.step == 0
    (tmp_path / EVENTS).write_text(whole + "\n")
    wait_for(lambda: feed.measured.step == 1)
    feed.pause()


def test_another_run_and_a_shorter_file_start_over(qapp: QApplication, tmp_path: Path) -> None:
    for name, steps in (("a", 5), ("b", 2)):
        (tmp_path / name).mkdir()
        written(tmp_path / name, [metric(step) for step in range(steps)])
    feed = RunFeed()
    feed.follow(tmp_path / "a", live=True)
    wait_for(lambda: feed.measured.step == 4)
    feed.follow(tmp_path / "b", live=True)
    wait_for(lambda: feed.measured.step == 1)
    (tmp_path / "b" / EVENTS).write_text(metric(7) + "\n")
    wait_for(lambda: feed.measured.points("train", "loss")[0].tolist() == [7])
    feed.follow(None, live=False)


def test_a_run_without_events_yet(qapp: QApplication, tmp_path: Path) -> None:
    feed = RunFeed()
    feed.follow(tmp_path, live=False)
    feed.look()
    assert feed.caught_up and feed.measured.step == 0
    feed.pause()
