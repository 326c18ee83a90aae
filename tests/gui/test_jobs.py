"""A job is a real child process: its events arrive, it stops when asked, it outlives the window, it crashes alone."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import psutil
import pytest
from PySide6.QtWidgets import QApplication

from studio.engine.events import Event, Finished, Progress
from studio.engine.project import Project
from studio.gui.jobs import NICENESS, STOPPED, Job
from tests.conftest import child_with
from tests.gui.conftest import left_running, wait_for


class Heard:
    """A job that runs, and what it told."""

    def __init__(self, operation: str, *arguments: str) -> None:
        self.events: list[Event] = []
        self.ends: list[tuple[int, str]] = []
        self.job = Job(operation, arguments, title="The work")
        self.job.told.connect(self.events.append)
        self.job.ended.connect(lambda code, sentence: self.ends.append((code, sentence)))
        self.job.start()

    def wait(self) -> tuple[int, str]:
        wait_for(lambda: self.ends, seconds=40)
        self.job.wait()
        assert left_running() == []
        return self.ends[0]


def phases(heard: Heard) -> list[str]:
    return [event.phase for event in heard.events if isinstance(event, Progress)]


@pytest.mark.usefixtures("qapp")
class TestJob:
    def test_events_arrive_typed_and_in_order(self, tmp_path: Path, clips: Path) -> None:
        heard = Heard("scan", str(tmp_path / "P"), str(clips))
        assert heard.wait() == (0, "")
        assert isinstance(heard.events[0], Progress) and isinstance(heard.events[-1], Finished)
        assert heard.job.finished_event is heard.events[-1]
        assert heard.job.finished_event.result["videos"] == 10
        assert heard.job.finished_event.result["unreadable"] == 1

    def test_a_stop_is_honoured_and_what_was_done_is_kept(self, tmp_path: Path, clips: Path) -> None:
        heard = Heard("scan", str(tmp_path / "P"), str(clips), "--workers", "1")
        wait_for(lambda: any(isinstance(one, Progress) and one.done for one in heard.events
                             if getattr(one, "phase", "") == "ingest"))
        heard.job.request_stop()
        heard.job.request_stop()
        code, sentence = heard.wait()
        assert (code, sentence) == (STOPPED, "")
        assert heard.job.finished_event and heard.job.finished_event.stopped
        with Project.open(tmp_path / "P").catalogue() as catalogue:
            assert 0 < len(catalogue.videos()) < 10

    @pytest.mark.skipif(sys.platform == "win32", reason="there a flag at the start says it")
    def test_it_and_its_helpers_come_after_the_window(self, tmp_path: Path, clips: Path) -> None:
        heard = Heard("scan", str(tmp_path / "P"), str(clips), "--workers", "1")
        wait_for(lambda: phases(heard).count("ingest") > 1)
        child = child_with(str(tmp_path / "P"))
        assert child is not None
        helper = next(one for one in child.children() if one.status() != psutil.STATUS_ZOMBIE)
        assert (child.nice(), helper.nice()) == (NICENESS, NICENESS)
        shared = Path(f"/proc/{child.pid}/autogroup")
        if shared.exists():  # Linux with groups by session: the niceness of a process counts only within its own
            assert shared.read_text().strip().endswith(f"nice {NICENESS}")
        heard.job.request_stop()
        heard.wait()

    def test_a_stop_before_the_child_reads_is_not_lost(self, tmp_path: Path, clips: Path) -> None:
        heard = Heard("scan", str(tmp_path / "P"), str(clips), "--workers", "1")
        heard.job.request_stop()
        assert heard.wait()[0] == STOPPED

    def test_a_scan_waits_and_goes_on_when_asked(self, tmp_path: Path, clips: Path) -> None:
        heard = Heard("scan", str(tmp_path / "P"), str(clips), "--workers", "1")
        heard.job.request_pause()
        assert heard.job.pausing
        wait_for(lambda: phases(heard).count("paused") > 2, seconds=40)
        assert heard.job.progress and heard.job.progress.done < 10
        heard.job.request_pause(wanted=False)
        assert not heard.job.pausing and heard.wait() == (0, "")
        assert heard.job.finished_event and heard.job.finished_event.result["videos"] == 10

    def test_a_scan_that_waits_can_be_stopped(self, tmp_path: Path, clips: Path) -> None:
        heard = Heard("scan", str(tmp_path / "P"), str(clips), "--workers", "1")
        heard.job.request_pause()
        wait_for(lambda: "paused" in phases(heard), seconds=40)
        heard.job.request_stop()
        assert heard.wait() == (STOPPED, "")

    def test_a_scan_that_waits_goes_on_when_nobody_is_left_to_let_it(self, tmp_path: Path, clips: Path) -> None:
        heard = Heard("scan", str(tmp_path / "P"), str(clips), "--workers", "1")
        heard.job.request_pause()
        wait_for(lambda: "paused" in phases(heard), seconds=40)
        child = child_with("scan")
        heard.job.detach()
        assert child and heard.job.wait(1000)
        wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, seconds=40)
        with Project.open(tmp_path / "P").catalogue() as catalogue:
            assert len(catalogue.videos()) == 10

    def test_a_detached_job_goes_on(self, tmp_path: Path, clips: Path) -> None:
        heard = Heard("scan", str(tmp_path / "P"), str(clips))
        wait_for(lambda: heard.events)
        child = child_with("scan")
        assert child
        heard.job.detach()
        assert heard.job.wait(1000)
        assert child.is_running() and not heard.ends
        wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, seconds=40)
        with Project.open(tmp_path / "P").catalogue() as catalogue:
            assert len(catalogue.videos()) == 10

    def test_a_crash_is_one_sentence_and_nothing_else_dies(self, tmp_path: Path, clips: Path) -> None:
        heard = Heard("scan", str(tmp_path / "P"), str(clips))
        wait_for(lambda: heard.events)
        heard.job.kill()
        code, sentence = heard.wait()
        assert code not in (0, STOPPED)
        assert sentence.startswith("The work ended unexpectedly (exit code") and "\n" not in sentence

    def test_a_foreseen_failure_says_its_own_sentence(self, tmp_path: Path) -> None:
        heard = Heard("scan", str(tmp_path / "P"), str(tmp_path / "nowhere"))
        code, sentence = heard.wait()
        assert code == 2
        assert "there is no such folder" in sentence
        assert heard.job.failed_event and heard.job.failed_event.remedy

    def test_wrong_usage_is_told_too(self) -> None:
        code, sentence = Heard("scan").wait()
        assert code == 2 and sentence

    def test_a_program_that_cannot_start_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("studio.gui.jobs.studio_command", lambda: ["/nowhere/studio"])
        heard = Heard("scan")
        code, sentence = heard.wait()
        assert code == 1 and "could not be run" in sentence and "FileNotFoundError" in heard.job.details


def test_the_window_stays_awake_while_a_scan_runs(qapp: QApplication, tmp_path: Path, clips: Path) -> None:
    heard = Heard("scan", str(tmp_path / "P"), str(clips))
    worst, last = 0.0, time.monotonic()
    while not heard.ends:
        qapp.processEvents()
        now = time.monotonic()
        worst, last = max(worst, now - last), now
        time.sleep(0.002)
    heard.wait()
    assert worst < 5.0, f"{worst:.2f} s"  # generous: the figure itself is a benchmark, on a quiet machine
