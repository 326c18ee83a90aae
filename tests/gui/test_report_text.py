"""Nobody's name leaves the machine in a report: fifty planted names, in tags, files, folders, runs and messages."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QPushButton

from studio.engine.errors import VideoError
from studio.engine.events import Event, Failed, Finished, Metric, Preview, Progress, Saved, Warned
from studio.gui import report_text as reports
from studio.gui.report_text import LEFT_OUT, Happened, report_text, shareable, trace_places
from studio.gui.reporting import ReportDialog
from studio.gui.window import Window

FIRST = ("Anneliese", "Björn", "Chidinma", "Dragoslav", "Eszter", "Fatoumata", "Guðrún", "Håkon", "Ingeborg", "Jürgen")
LAST = ("Kowalczyk", "Lindqvist", "Müllerová", "Nakamura", "Öztürk")
NAMES = [f"{first}{mark}{last}" for first in FIRST for last, mark in zip(LAST, " ^-_.", strict=True)]
MACHINE = {"Unshuffle Studio": "1.2.3", "system": "Linux 6.1", "Python": "3.13.1", "device": "NVIDIA H100 80GB HBM3"}


def _planted(name: str, place: int) -> Happened:
    """A failure with a name in it, as one would really come."""
    path = f"/data/{name}/2024-03-01 {name}/{name.lower()}.dcm"
    trace = ('Traceback (most recent call last):\n'
             f'  File "/home/{name}/studio/engine/video/dicom.py", line 12, in read\n'
             f'    raise VideoError({name!r})\nstudio.engine.errors.VideoError: {path}: PatientName is {name}\n'
             f"(0010,0010) Patient's Name PN: '{name}'\n[h264 @ 0x55] {path}: no picture\n")
    error = VideoError(path, f"its tags say {name!r}, and its frames (of {name}) cannot be read", f"Look at {path}")
    return (Happened(message=f"{error.value}: {error.rule}.", remedy=error.remedy, details=trace),
            Happened(message=f"Something went wrong that the studio did not foresee (KeyError: '{name}').",
                     details=trace),
            Happened(message=f"Scanning ended unexpectedly (exit code 1: {path}).", details=f"{name}\n{path} is bad"),
            Happened(message=f"Training {name} could not be run ({path}).", remedy=f"Ask {name}"))[place % 4]


def _events(name: str) -> list[Event]:
    return [Progress(phase="ingest", done=3, total=7, unit="videos", detail=f"{name}.avi"),
            Warned(code="folder-gone", message=f"The folder {name} is not there."),
            Saved(what="run", path=f"/p/runs/2026-11-25-{name}"), Failed(message=name, value=name, exit_code=2),
            Metric(split="train", step=1, total_steps=2, epoch=0.1, values={name: 1.0}),
            Preview(step=4, tuples=[{"video": name}]), Finished(operation="scan", result={"problems": [name]})]


def _parts(name: str) -> list[str]:
    return list(reports._TOKEN.findall(name.casefold()))


@pytest.mark.parametrize(("place", "name"), list(enumerate(NAMES)), ids=range(len(NAMES)))
@pytest.mark.parametrize("known", [True, False], ids=["in the project", "never heard of"])
def test_no_planted_name_is_in_a_report(place: int, name: str, *, known: bool) -> None:
    told = report_text(_planted(name, place), machine=MACHINE, events=_events(name),
                       names=[f"clips/{name}.mp4"] if known else []).casefold()
    assert [part for part in _parts(name) if part in told] == []
    assert "/data" not in told and ".dcm" not in told and "/home" not in told
    assert "1.2.3" in told and "h100" in told and "3 of 7 videos" in told


def test_the_person_can_choose_to_have_the_names_in() -> None:
    for place, name in enumerate(NAMES):
        told = report_text(_planted(name, place), machine=MACHINE, events=_events(name), with_names=True)
        assert name in told  # so does the broken twin: a report that leaves nothing out


def test_a_name_in_small_letters_is_left_out_where_the_project_knows_it() -> None:
    told = report_text(Happened(message="the clip of kowalczyk is too short"), machine={"device": "kowalczyk-pc"},
                       names=["scans/Kowalczyk/clip7.avi"])
    assert "kowalczyk" not in told and "is too short" in told


def test_what_helps_stays() -> None:
    trace = ('Traceback (most recent call last):\n  File "/opt/x/studio/gui/window.py", line 7, in show\n    boom()\n'
             '  File "/opt/x/site-packages/av/video.py", line 9, in decode\nValueError: no\n')
    assert trace_places(trace) == "  studio/gui/window.py:7 in show\n  a library:9 in …\nValueError"
    assert shareable("Free some space on that disk and go on") == "Free some space on that disk and go on"
    assert shareable("it cannot be read (OSError: /x)") == "it cannot be read (OSError)"
    assert shareable("Ask Anna Lena, please") == f"{LEFT_OUT} please"
    assert "folder-gone" in report_text(Happened(message="x"), machine={}, events=_events("x"))


@pytest.mark.parametrize("seed", range(20))
def test_whatever_text_comes_only_plain_words_are_left(seed: int) -> None:
    rng = np.random.default_rng(seed)
    letters = list("abcXYZ/\\._-^'\"()[]{}: \n\t0123ÄßжЖ漢🙂")
    text = "".join(rng.choice(letters, 400))
    kept = shareable(text).replace(LEFT_OUT, "")
    assert not set(kept) & set("/\\^{}ÄßжЖ漢🙂XYZ")


def test_the_report_in_the_window_leaves_names_out_until_they_are_wanted(window: Window) -> None:
    window.session.notify("/data/Kowalczyk/a.avi: it is no video.", remedy="Look at /data/Kowalczyk.", level="error",
                          details="/data/Kowalczyk/a.avi")
    details = window.findChild(QPushButton, "notice.details")
    assert details
    details.click()
    dialog = window.findChild(ReportDialog, "report")
    assert dialog and dialog.isVisible() and "Kowalczyk" not in dialog.value() and "is no video" in dialog.value()
    copy, names = dialog.findChild(QPushButton, "report.copy"), dialog.findChild(QCheckBox, "report.names")
    assert copy and names
    copy.click()
    assert QGuiApplication.clipboard().text() == dialog.value()
    names.click()
    assert "/data/Kowalczyk/a.avi" in dialog.value()
    dialog.close()
