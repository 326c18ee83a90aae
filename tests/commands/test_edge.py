"""The edge of the command line: what is written where, how it is stopped, and how a failure is said."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from studio.commands import edge
from studio.commands.edge import STOPPED, Work, form_of, perform, tell_failure
from studio.engine.errors import ProjectError, RecipeError, StudioError
from studio.engine.events import Events, Failed, Finished, Progress, StopRequest, event_from_json


def _count(stop: StopRequest, *, steps: int = 5, on_step: Callable[[int], None] = lambda _step: None,
           closed: list[str] | None = None) -> Events:
    """An operation that counts and can be stopped."""
    done = 0
    try:
        for done in range(1, steps + 1):
            yield Progress(phase="counting", done=done, total=steps, unit="things")
            on_step(done)
            if stop():
                break
    finally:
        if closed is not None:
            closed.append("saved")
    yield Finished(operation="count", result={"done": done}, stopped=done < steps)


@pytest.mark.parametrize(("arguments", "form"), [
    (["runs", "p"], "text"), (["runs", "p", "--json"], "json"), (["runs", "p", "--events", "jsonl"], "jsonl"),
    (["runs", "p", "--events=jsonl", "--json"], "jsonl")])
def test_the_form_is_known_before_the_command_line_is_checked(arguments: list[str], form: str) -> None:
    assert form_of(arguments) == form


def test_json_is_one_object_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(Work(_count), "json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"done": 5}
    assert out.count("\n") == 1
    assert "counting" in err


def test_events_are_lines_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(Work(_count), "jsonl") == 0
    out, err = capsys.readouterr()
    events = [event_from_json(line) for line in out.splitlines()]
    assert [event.kind for event in events] == ["progress"] * 6 + ["finished"]
    assert isinstance(events[0], Progress)
    assert events[0].phase == "starting"
    assert err == ""


def test_a_person_gets_progress_on_one_side_and_the_result_on_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(Work(_count), "text") == 0
    out, err = capsys.readouterr()
    assert out == "done: 5\n"
    assert "counting: 1 of 5 things" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_stops_after_the_step_and_saves(number: signal.Signals,
                                                         capfd: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(number)

    def interrupt(step: int) -> None:
        if step == 2:
            signal.raise_signal(number)

    closed: list[str] = []
    assert perform(Work(lambda stop: _count(stop, on_step=interrupt, closed=closed)), "json") == STOPPED
    out, err = capfd.readouterr()
    assert json.loads(out) == {"done": 2, "stopped": True}
    assert "Stopping after this step" in err
    assert closed == ["saved"]
    assert signal.getsignal(number) == before


def test_the_second_signal_ends_at_once_but_still_closes_the_operation(capfd: pytest.CaptureFixture[str]) -> None:
    closed: list[str] = []

    def interrupt(_step: int) -> None:
        signal.raise_signal(signal.SIGINT)

    def stubborn(_stop: StopRequest) -> Events:
        return _count(StopRequest(), on_step=interrupt, closed=closed)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        perform(Work(stubborn), "json")
    assert closed == ["saved"]
    assert signal.getsignal(signal.SIGINT) == before
    assert capfd.readouterr().out == ""


def test_a_failure_in_the_middle_closes_the_operation() -> None:
    closed: list[str] = []

    def fail(step: int) -> None:
        raise ProjectError("p", "it broke", "Mend it")

    with pytest.raises(ProjectError):
        perform(Work(lambda stop: _count(stop, on_step=fail, closed=closed)), "json")
    assert closed == ["saved"]


def test_work_that_ends_without_a_result_has_failed() -> None:
    with pytest.raises(StudioError, match="without a result"):
        perform(Work(lambda _stop: iter(())), "json")


def test_a_scan_without_one_readable_video_tells_its_figures_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    result = {"videos": 2, "good": 0, "partial": 0, "unreadable": 2, "frames": 0, "seconds": 0.0, "problems": []}

    def scan(_stop: StopRequest) -> Events:
        yield Finished(operation="scan", result=result)

    with pytest.raises(StudioError, match="none of them can be read"):
        perform(Work(scan), "json")
    assert json.loads(capsys.readouterr().out) == result
    result["good"] = 1
    assert perform(Work(scan), "json") == 0


def test_failures_are_sentences_and_events(capsys: pytest.CaptureFixture[str]) -> None:
    error = RecipeError("quik", "there is no recipe of this name (did you mean quick?)", "Name one of quick")
    assert tell_failure(error, "text") == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"error: {error}\n")
    assert tell_failure(error, "jsonl") == 2
    failed = event_from_json(capsys.readouterr().out)
    assert isinstance(failed, Failed)
    assert (failed.value, failed.exit_code) == ("quik", 2)


def test_a_line_on_standard_input_stops_too_and_its_end_means_nothing(monkeypatch: pytest.MonkeyPatch,
                                                                      capsys: pytest.CaptureFixture[str]) -> None:
    def told(line: bytes, *, form: edge.Form) -> int:
        reading, writing = os.pipe()
        with os.fdopen(reading) as stream:
            monkeypatch.setattr("sys.stdin", stream)
            os.write(writing, line)
            os.close(writing)
            return perform(Work(lambda stop: _count(stop, steps=100, on_step=lambda _step: time.sleep(0.002))), form)

    assert told(b"stop\n", form="jsonl") == STOPPED
    assert told(b"stopped\nst", form="jsonl") == 0
    assert told(b"", form="jsonl") == 0
    assert told(b"stop\n", form="json") == 0, "only a window speaks there"
    capsys.readouterr()


@pytest.mark.parametrize(("lines", "paused"), [(b"pause\n", [True]), (b"pause\ngo on\npau", [False]),
                                               (b"go\n", [False])])
def test_a_window_lets_an_operation_wait_and_go_on(lines: bytes, paused: list[bool],
                                                   monkeypatch: pytest.MonkeyPatch,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    """With its end nobody is left who could let it go on, so a pause ends there."""
    reading, writing = os.pipe()
    seen: list[bool] = []
    heard = threading.Event()

    def watching(stop: StopRequest) -> Events:
        os.write(writing, lines + b"\nheard\n")
        while not seen or stop.paused():
            yield Progress(phase="waiting", done=0, total=1)
            time.sleep(0.02)
            if not heard.is_set() and (stop.paused() or time.monotonic() > deadline):
                seen.append(stop.paused())
                heard.set()
                os.close(writing)
        yield Finished(operation="count", result={})

    deadline = time.monotonic() + 0.5
    with os.fdopen(reading) as stream:
        monkeypatch.setattr("sys.stdin", stream)
        assert perform(Work(watching), "jsonl") == 0
    assert seen == paused
    capsys.readouterr()


def test_in_another_thread_signals_are_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    codes: list[int] = []
    worker = threading.Thread(target=lambda: codes.append(perform(Work(_count), "json")))
    worker.start()
    worker.join()
    assert codes == [edge.DONE]
