"""Events travel as lines of JSON and come back equal."""

from __future__ import annotations

import pytest

from studio.engine import events as e

ALL = [
    e.Progress(phase="reading videos", done=3, total=9, unit="videos", seconds_left=1.5, detail="a b.mp4"),
    e.Metric(split="train", step=1, total_steps=9, epoch=0.5, values={"loss": 1.25, "accuracy": None}),
    e.Preview(step=1, tuples=[{"label": 1}]),
    e.Saved(what="checkpoint", path="runs/a"),
    e.Warned(code="precision", message="m", remedy="r"),
    e.Finished(operation="scan", result={"videos": 2}),
    e.Failed(message="m", exit_code=2),
]


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.kind)
def test_round_trip(event: e.Event) -> None:
    line = event.to_json()
    assert "\n" not in line
    assert e.event_from_json(line) == event


def test_every_kind_is_tested() -> None:
    assert {event.kind for event in ALL} == set(e.EVENTS)


@pytest.mark.parametrize("line", ["", "{", "[]", '{"kind": "nothing"}', '{"kind": "progress"}',
                                  ALL[0].to_json()[:-5]])
def test_what_is_no_event_is_refused(line: str) -> None:
    with pytest.raises(ValueError):
        e.event_from_json(line)


def test_fields_of_a_newer_version_are_ignored() -> None:
    line = ALL[3].to_json().replace('"what"', '"colour": 3, "what"')
    assert e.event_from_json(line) == ALL[3]


def test_values_that_are_not_finite_never_reach_the_log() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        e.Metric(split="train", step=1, total_steps=1, epoch=0, values={"loss": float("nan")}).to_json()


def test_a_stop_request_is_remembered() -> None:
    stop = e.StopRequest()
    assert not stop() and not stop.paused()
    stop.pause()
    assert stop.paused() and not stop()
    stop.go_on()
    stop.request()
    assert stop() and not stop.paused()


def test_time_spent_waiting_is_no_reason_to_expect_more(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((0.0, 10.0, 110.0))
    monkeypatch.setattr(e.time, "monotonic", lambda: next(clock))
    left = e.TimeLeft(4)
    assert left(2) == 10.0
    left.skip(100.0)
    assert left(2) == 10.0
