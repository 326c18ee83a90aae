"""A scan finds, makes and keeps; what is broken, killed, stopped or gone costs that file alone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest

from studio.engine import files
from studio.engine.catalogue import Video
from studio.engine.errors import MachineError, ProjectError, UsageError
from studio.engine.events import Finished, Progress, StopRequest, Warned
from studio.engine.masks import Mask, Rectangle
from studio.engine.project import Grouping, Project
from studio.engine.video.cache import Form
from studio.engine.video.footage import open_footage
from studio.engine.video.ingest import GONE, scan
from studio.engine.video.make import Order, _nothing
from studio.engine.video.sizes import Amount
from studio.engine.video.workers import Done, Workers, Working
from tests.clips import number_of, write_clip, write_sound
from tests.conftest import living_children

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("originals")
    for number in range(8):
        name = f"{'ab'[number % 2]}/clip{number}.{'mp4' if number % 3 else 'avi'}"
        write_clip(folder / name, frames=14 + number, codec="libx264" if number % 3 else "mpeg4", seed=number)
    return folder


@pytest.fixture
def folder(originals: Path, tmp_path: Path) -> Path:
    shutil.copytree(originals, tmp_path / "videos")
    return tmp_path / "videos"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    created = Project.create(tmp_path / "study")
    created.settings.short_side_pixels = 64
    created.save()
    return created


def run(project: Project, *folders: Path, **options: object) -> Finished:
    events = list(scan(project, folders, workers=1, **options))
    assert isinstance(events[-1], Finished)
    assert all(event.to_json() for event in events)
    return events[-1]


def rows(project: Project) -> list[Video]:
    with project.catalogue() as catalogue:
        return catalogue.videos()


def test_a_folder_becomes_rows_and_frames(project: Project, folder: Path) -> None:
    events = list(scan(project, [folder], workers=2))
    result = events[-1].result
    assert result["problems"] == []
    assert (result["videos"], result["good"], result["frames"]) == (8, 8, sum(range(14, 22)))
    assert result["seconds"] == pytest.approx(result["frames"] / 25)
    progress = [event for event in events if isinstance(event, Progress) and event.phase == "ingest"]
    assert [event.done for event in progress if event.total] == sorted(event.done for event in progress)
    assert (progress[-1].done, progress[-1].total) == (8, 8)
    footage = open_footage(project)
    assert [video.path for video in footage.videos] == sorted(video.path for video in footage.videos)
    for video, cached in zip(footage.videos, footage.cached, strict=True):
        assert [number_of(y_HW) for y_HW in cached.y_NHW] == list(range(video.frames))
        assert (cached.name, video.group) == (video.path, f"videos/{video.path}")
        assert len(video.identity) == 64


def test_a_second_scan_touches_only_what_is_new(project: Project, folder: Path) -> None:
    run(project, folder)
    stamps = {path: path.stat().st_mtime_ns for path in project.cache_folder.rglob("*.frames")}
    with project.catalogue() as catalogue:
        catalogue.change([catalogue.videos()[0].id], excluded=True)
    assert run(project, folder).result["new"] == 0
    for number in (20, 21):
        write_clip(folder / f"new{number}.mp4", seed=number)
    result = run(project, folder).result
    assert (result["new"], result["unchanged"], result["videos"]) == (2, 8, 10)
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    assert rows(project)[0].excluded
    assert len(open_footage(project).videos) == 9
    assert len(open_footage(project, only=[rows(project)[0].id]).videos) == 1


def test_every_problem_is_named_and_the_rest_is_good(project: Project, folder: Path) -> None:
    (folder / "notes.mp4").write_text("text " * 500)
    (folder / "empty.mov").write_bytes(b"")
    (folder / "readme.txt").write_text("ignored")
    write_sound(folder / "sound.mp4")
    content = (folder / "a" / "clip0.avi").read_bytes()
    (folder / "cut.avi").write_bytes(content[:len(content) * 8 // 10])
    result = run(project, folder).result
    problems = {one["path"]: (one["verdict"], one["reason"]) for one in result["problems"]}
    assert problems.pop("cut.avi")[0] == "partial"
    assert problems == {"notes.mp4": ("unreadable", "it holds text, not a video"),
                        "empty.mov": ("unreadable", "the file is empty"),
                        "sound.mp4": ("unreadable", "it holds only sound")}
    assert (result["videos"], result["good"], result["partial"], result["unreadable"]) == (12, 8, 1, 3)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX names")
def test_hostile_names_give_the_same_as_plain_ones(project: Project, tmp_path: Path) -> None:
    plain = write_clip(tmp_path / "plain.mp4")
    names = ["with space.mp4", "it's \"quoted\".mp4", "日本.mp4", "🎬.mp4", "שלום.mp4", os.fsdecode(b"bad\xff\xfe.mp4"),
             "x" * 240 + ".mp4", "50%d_*?.mp4", "-dash.mp4", "http:__a.mp4", "new\nline.mp4"]
    (tmp_path / "odd").mkdir()
    for name in names:
        shutil.copy(plain, tmp_path / "odd" / name)
    nameless = tmp_path / "odd" / os.fsdecode(b"folder\xff")
    nameless.mkdir()
    shutil.copy(plain, nameless)
    names.append(f"{nameless.name}/plain.mp4")
    with pytest.raises(UsageError, match="no valid text"):
        run(project, nameless)
    result = run(project, tmp_path / "odd").result
    assert result["problems"] == []
    assert {row.path for row in rows(project)} == set(names)
    assert {row.frames for row in rows(project)} == {24}
    assert len({row.group for row in rows(project)}) == 1, "copies of one video share a group"


def test_a_folder_without_videos_and_a_missing_one(project: Project, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "a.txt").write_text("x")
    with pytest.raises(UsageError, match="no video files"):
        run(project, tmp_path / "empty")
    with pytest.raises(UsageError, match="no such folder"):
        run(project, tmp_path / "missing")
    with pytest.raises(ProjectError, match="no usable videos"):
        open_footage(project)


def test_stopping_keeps_what_is_done_and_a_later_scan_goes_on(project: Project, folder: Path) -> None:
    stop = StopRequest()
    seen = []
    for event in scan(project, [folder], workers=1, stop=stop):
        seen.append(event)
        if isinstance(event, Progress) and event.phase == "ingest" and event.done == 3:
            stop.request()
    assert seen[-1].stopped
    assert 3 <= len(rows(project)) < 8
    assert not list(project.cache_folder.rglob("*.tmp"))
    done = len(rows(project))
    result = run(project, folder).result
    assert (result["new"], result["unchanged"]) == (8 - done, done)


def test_a_paused_scan_begins_no_video_and_goes_on_where_it_was(project: Project, folder: Path) -> None:
    request, told, counts = StopRequest(), [], []
    for event in scan(project, [folder], workers=1, stop=request, pause=request.paused):
        told.append(event)
        if isinstance(event, Progress) and event.phase == "ingest" and event.done == 1 and not counts:
            request.pause()
        if isinstance(event, Progress) and event.phase == "paused":
            counts.append(event.done)
            if len(counts) == 3:
                request.go_on()
    assert len(counts) == 3 and counts[1:] == [counts[1]] * 2, "what was at hand is finished, and nothing begun"
    assert counts[-1] < len(rows(project))
    end = told[-1]
    assert isinstance(end, Finished) and not end.stopped and end.result["videos"] == len(rows(project))


def test_a_paused_scan_can_be_stopped(project: Project, folder: Path) -> None:
    request, end = StopRequest(), None
    for event in scan(project, [folder], workers=1, stop=request, pause=request.paused):
        end = event
        if isinstance(event, Progress) and event.phase == "ingest" and event.done == 1:
            request.pause()
        if isinstance(event, Progress) and event.phase == "paused":
            request.request()
    assert isinstance(end, Finished) and end.stopped and 0 < len(rows(project)) < 10


def test_a_generator_that_is_closed_ends_its_processes(project: Project, folder: Path) -> None:
    events = scan(project, [folder], workers=2)
    for event in events:
        if isinstance(event, Progress) and event.phase == "ingest":
            break
    events.close()
    assert not living_children()


_SCAN = """
import sys
from pathlib import Path
from studio.engine.project import Project
from studio.engine.video.ingest import scan
if __name__ == "__main__":
    for event in scan(Project.open(Path(sys.argv[1])), [Path(sys.argv[2])], workers=2):
        print(event.to_json(), flush=True)
"""


def test_killed_at_any_moment_a_later_scan_gives_the_same_rows(project: Project, folder: Path, tmp_path: Path) -> None:
    program = tmp_path / "run_scan.py"
    program.write_text(_SCAN)
    for moment in range(2):
        process = subprocess.Popen([sys.executable, str(program), str(project.root), str(folder)], cwd=ROOT,
                                   stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})
        for line in process.stdout:
            event = json.loads(line)
            if event["kind"] == "progress" and event["phase"] == "ingest" and event["done"] >= min(moment, 1):
                break
        time.sleep(0.03 * moment)
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert not psutil.wait_procs(children, timeout=10)[1], "the helpers of a dead scan end"
    result = run(project, folder).result
    assert (result["videos"], result["good"]) == (8, 8)
    undisturbed = Project.create(tmp_path / "other")
    undisturbed.settings.short_side_pixels = 64
    run(undisturbed, folder)
    plain = [[{**asdict(row), "id": 0} for row in rows(one)] for one in (project, undisturbed)]
    assert plain[0] == plain[1]
    for path in undisturbed.cache_folder.rglob("*.frames"):
        twin = project.cache_folder / path.relative_to(undisturbed.cache_folder)
        assert twin.read_bytes() == path.read_bytes()


def test_a_moved_file_keeps_its_row_and_a_vanished_one_its_frames(project: Project, folder: Path) -> None:
    run(project, folder)
    before = {row.path: row for row in rows(project)}
    (folder / "a" / "clip0.avi").rename(folder / "b" / "renamed.avi")
    (folder / "a" / "clip2.mp4").unlink()
    gone = before["a/clip4.mp4"]
    (folder / "a" / "clip4.mp4").unlink()
    next(project.cache_folder.rglob(f"{gone.identity}*")).unlink()
    events = list(scan(project, [folder], workers=1))
    after = {row.path: row for row in rows(project)}
    assert after["b/renamed.avi"].id == before["a/clip0.avi"].id
    assert "a/clip0.avi" not in after
    assert after["a/clip2.mp4"].readable
    assert (after["a/clip4.mp4"].verdict, after["a/clip4.mp4"].reason) == ("unreadable", GONE)
    assert [event.code for event in events if isinstance(event, Warned)] == ["files-gone"]
    assert events[-1].result["new"] == 0


def test_a_moved_folder_is_found_again_by_its_content(project: Project, folder: Path, tmp_path: Path) -> None:
    run(project, folder)
    before = {row.path: row.id for row in rows(project)}
    folder.rename(tmp_path / "elsewhere")
    result = run(project, tmp_path / "elsewhere").result
    assert (result["new"], result["videos"]) == (0, 8)
    assert {row.path: row.id for row in rows(project)} == before
    assert [source.name for source in Project.open(project.root).settings.sources] == ["elsewhere"]


def test_two_scans_at_once_end_with_the_rows_of_one(project: Project, folder: Path) -> None:
    scans = [scan(project, [folder], workers=1) for _ in range(2)]
    results: list[dict] = []
    while scans:
        for one in list(scans):
            event = next(one, None)
            if event is None:
                scans.remove(one)
            elif isinstance(event, Finished):
                results.append(event.result)
    assert [result["good"] for result in results] == [8, 8]
    assert len(open_footage(project).videos) == len(rows(project)) == 8


def test_a_damaged_or_missing_cache_is_made_again(project: Project, folder: Path) -> None:
    run(project, folder)
    paths = sorted(project.cache_folder.rglob("*.frames"))
    whole = paths[0].read_bytes()
    paths[0].write_bytes(whole[:-3])
    paths[1].unlink()
    assert len(open_footage(project).videos) == 6
    assert run(project, folder).result["new"] == 2
    assert paths[0].read_bytes() == whole
    assert len(open_footage(project).videos) == 8


def test_the_scan_of_a_part_or_of_all_sources(project: Project, folder: Path, tmp_path: Path) -> None:
    assert run(project, folder).result["videos"] == 8
    write_clip(folder / "a" / "late.mp4", seed=30)
    write_clip(folder / "b" / "late.mp4", seed=31)
    result = run(project, folder / "a").result
    assert (result["new"], result["videos"]) == (1, 5)
    assert [source.name for source in project.settings.sources] == ["videos"]
    assert run(project).result["new"] == 1
    shutil.rmtree(folder)
    events = list(scan(project, [], workers=1))
    assert [event.code for event in events if isinstance(event, Warned)] == ["folder-gone"]
    assert len(open_footage(project).videos) == 10


def test_groups_from_a_file_reach_the_rows_and_stay(project: Project, folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "groups.csv"
    lines = [f"{path.relative_to(folder).as_posix()},{path.parent.name},{path.stem[-1]}"
             for path in folder.rglob("clip*")]
    table.write_text("path,label,group\n" + "\n".join(lines))
    run(project, folder, grouping=Grouping(by="csv", csv=str(table)))
    assert {(row.label, row.group) for row in rows(project)} == {("ab"[n % 2], str(n)) for n in range(8)}
    assert Project.open(project.root).settings.grouping.csv == str(table)
    with pytest.raises(UsageError, match="fits no video"):
        run(project, folder, grouping=Grouping(by="pattern", pattern="(zzz)"))
    table.unlink()
    events = list(scan(project, [folder], workers=1))
    assert [event.code for event in events if isinstance(event, Warned)] == ["grouping"]
    assert {row.group for row in rows(project)} == {str(n) for n in range(8)}
    run(project, grouping=Grouping())
    assert rows(project)[0].group == "videos/a/clip0.avi"


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize(("act", "reason"), [("SIGKILL", "crashed"), ("SIGSTOP", "got stuck")])
def test_a_decoder_that_crashes_or_hangs_costs_its_own_file_alone(project: Project, folder: Path, act: str,
                                                                  reason: str) -> None:
    """The child that has the file is killed or stopped from outside, each time, as a fault in a decoder would do."""
    orders = [Order(path=path, cache_folder=project.cache_folder, form=Form(64))
              for path in sorted(folder.rglob("clip*"))]
    victim = 2
    long_clip = write_clip(folder / "z.mp4", frames=120, width=320, height=240)
    orders[victim] = Order(path=long_clip, cache_folder=project.cache_folder, form=Form(64))
    done: dict[int, Done] = {}
    with Workers(orders, workers=2, stall_seconds=2.0) as pool:
        for message in pool.results(wait_seconds=0.002):
            if isinstance(message, Done):
                done[message.number] = message
            for child in pool._children:
                if child.order == victim and child.begun and child.process.is_alive():
                    os.kill(child.process.pid, getattr(signal, act))
    assert sorted(done) == list(range(8))
    assert reason in done.pop(victim).reason
    assert all(one.facts and one.facts.verdict == "good" for one in done.values())


def test_a_full_disk_stops_the_scan_and_keeps_the_rows_before(project: Project, folder: Path,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    """A child's full disk reaches the parent as the error that says which disk."""
    full = files.disk_full(project.cache_folder / "x")
    real = Workers.results

    def results(pool: Workers, **_options: object):
        for number, message in enumerate(one for one in real(pool) if isinstance(one, Done)):
            yield message if number < 3 else Done(number=message.number, fault=(full.value, full.rule, full.remedy))

    monkeypatch.setattr(Workers, "results", results)
    with pytest.raises(MachineError, match="the disk is full"):
        run(project, folder)
    assert len(rows(project)) == 3
    monkeypatch.undo()
    assert run(project, folder).result["good"] == 8


def test_a_long_video_counts_for_more_than_a_short_one() -> None:
    read = Amount([100, 100, 800])
    facts = replace(_nothing("", ""), frames=50)
    assert read.whole == 1000 and read.done == 0
    read.take(Working(number=2, frames=30))
    assert read.done == 0  # nobody knows yet how large a frame is
    read.take(Done(number=0, facts=facts))
    read.take(None)
    assert read.done == 100 + 30 * 2
    read.take(Done(number=1, reason="it holds text, not a video"))
    read.take(Working(number=2, frames=300))
    assert read.done == 200 + 300 * 2
    read.take(Working(number=2, frames=3000))  # never more than there is
    assert read.done == 1000
    read.take(Done(number=2, facts=facts))
    assert read.done == 1000


def test_what_is_decided_while_a_scan_runs_stays(project: Project, folder: Path) -> None:
    run(project, folder)
    project.settings.masks = [Mask(name="clock", shapes=(Rectangle(x=0, y=0, width=0.2, height=0.2),))]
    project.save()
    events = scan(Project.open(project.root), workers=1)
    next(one for one in events if isinstance(one, Progress) and one.phase == "ingest" and one.done == 1)
    last = rows(project)[-1]
    with project.catalogue() as catalogue:
        catalogue.change([last.id], excluded=True)
    project.settings.grouping = Grouping(by="pattern", pattern=r"(clip)")
    project.save()
    assert isinstance([*events][-1], Finished)
    assert [row.id for row in rows(project) if row.excluded] == [last.id]
    assert {row.group for row in rows(project)} == {"clip"}
    assert Project.open(project.root).settings.grouping.by == "pattern"


def test_a_scan_says_what_it_tries_again(project: Project, folder: Path) -> None:
    (folder / "notes.mp4").write_text("no video at all\n")
    run(project, folder)
    write_clip(folder / "new.mp4", frames=12)
    told = [one.detail for one in scan(project, workers=1) if isinstance(one, Progress) and one.phase == "ingest"]
    assert told[0] == "8 are unchanged, 1 could not be read before and are tried again"
    assert told[-1].endswith(f" · {told[0]}")
