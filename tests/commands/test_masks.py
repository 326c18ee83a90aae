"""The command `mask`: what is typed becomes a mask or one clear sentence, and what is said is what is kept."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from studio.cli import run
from studio.engine.masks import Rectangle
from studio.engine.project import Project

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def project(sample_project: Path, tmp_path: Path) -> Path:
    made = shutil.copytree(sample_project, tmp_path / "p")
    opened = Project.open(made)
    opened.settings.sources[0].path = str(sample_project.parent / "clips")
    opened.save()
    return Path(made)


def call(capsys: Capture, *arguments: object) -> tuple[int, str, str]:
    code = run([str(argument) for argument in arguments], open_window=lambda _path: 0)
    out, err = capsys.readouterr()
    return code, out, err


def told(capsys: Capture, *arguments: object) -> dict[str, Any]:
    code, out, err = call(capsys, "mask", *arguments, "--json")
    assert code == 0, err
    return json.loads(out)


def test_a_mask_is_added_listed_and_removed(project: Path, capsys: Capture) -> None:
    result = told(capsys, project, "--add", "clock", "--source", "clips", "--rectangle", "0.8,0.0,0.2,0.1",
                  "--polygon", "0.5,0.5 1,1 0,1")
    assert [(one["name"], one["source"], len(one["shapes"])) for one in result["masks"]] == [("clock", "clips", 2)]
    assert result["pending"] == result["masks"][0]["videos"] == 10
    assert Project.open(project).settings.masks[0].shapes[0] == Rectangle(x=0.8, y=0, width=0.2, height=0.1)
    code, out, _err = call(capsys, "mask", project, "--list")
    assert code == 0 and "clock: hides 27." in out and "10 videos must be read anew for this: studio scan" in out
    assert told(capsys, project, "--remove", "clock")["masks"] == []
    assert Project.open(project).settings.masks == []


def test_a_mask_can_be_of_folders(project: Path, capsys: Capture) -> None:
    result = told(capsys, project, "--add", "bar", "--rectangle", "0,0,1,0.1", "--folder", "walk", "--folder", "sit")
    assert result["masks"][0]["folders"] == ["walk", "sit"] and result["pending"] == 4
    code, out, _err = call(capsys, "mask", project)
    assert code == 0 and "in 4 videos, only folders walk, sit" in out


def test_outside_hides_the_rest(project: Path, capsys: Capture) -> None:
    mask = told(capsys, project, "--add", "keep", "--rectangle", "0,0,1,0.75", "--outside", "--size",
                "320x240")["masks"][0]
    assert (mask["hides"], mask["size"]) == ("outside", "320x240")
    assert mask["share"] == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(("arguments", "says"), [
    (["--rectangle", "0,0,1,1"], "it belongs to no mask"),
    (["--outside"], "it belongs to no mask"),
    (["--add", "x"], "a mask needs a shape"),
    (["--add", "x", "--rectangle", "0,0,1"], "4 numbers are needed, and these are 3"),
    (["--add", "x", "--rectangle", "0,0,1,one"], "this is no list of numbers"),
    (["--add", "x", "--rectangle", "0.5,0,0.6,0.5"], "beyond the frame"),
    (["--add", "x", "--rectangle", "0,0,1,1"], "hides 100 % of the picture"),
    (["--add", "x", "--polygon", "0,0,1,1,0"], "an x has no y"),
    (["--add", "x", "--polygon", "0,0,1,1"], "at least 3"),
    (["--add", "x", "--rectangle", "0,0,1,0.1", "--size", "large"], "should match pattern"),
    (["--add", "x", "--rectangle", "0,0,1,0.1", "--source", "nowhere"], "no such source"),
    (["--remove", "x"], "the project has no such mask (it has none)"),
    (["-o", "x.png"], "only suggestions are drawn"),
    (["--suggest", "-o", "x.jpg"], "pictures are written as PNG"),
])
def test_wrong_use_is_one_sentence_and_changes_nothing(project: Path, capsys: Capture, arguments: list[str],
                                                       says: str) -> None:
    code, out, err = call(capsys, "mask", project, *arguments)
    assert code == 2 and says in err and out == "" and err.count("error:") == 1, err
    assert Project.open(project).settings.masks == []


def test_suggestions_are_drawn_and_told_but_not_kept(project: Path, tmp_path: Path, capsys: Capture) -> None:
    result = told(capsys, project, "--suggest", "-o", tmp_path / "s.png")
    assert result["picture"] == "s.png" and (tmp_path / "s.png").is_file()
    assert result["masks"] == result["accepted"] == []
    assert all({"name", "kind", "reason", "confidence", "share", "shapes"} <= set(one)
               for one in result["suggestions"])


def test_a_scan_says_its_findings_in_words(project: Path, capsys: Capture) -> None:
    from studio.commands.scanned import SHOWN_FINDINGS, findings_lines

    many = [{"path": f"{number}.mp4", "code": "black", "reason": "frames 0-9 are black"} for number in range(23)]
    lines = findings_lines({"findings": many, "frame_rates": [{"frames_per_second": 25.0, "videos": 2},
                                                              {"frames_per_second": 29.97, "videos": 1}]})
    assert lines[0] == "  note: 0.mp4: frames 0-9 are black"
    assert lines[SHOWN_FINDINGS:] == ["  and 3 more notes (all of them with --json)",
                                      "  note: frames a second differ: 25 (2 videos), 29.97 (1 video)"]
    code, out, _err = call(capsys, "scan", project, "--workers", "1", "--json")
    result = json.loads(out)
    assert code == 0 and isinstance(result["findings"], list) and result["frame_rates"]
