"""The command line as a person types it: every command through `main`, its exit code, and the wording of failures."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import tomlkit

import studio
from studio import __main__ as program
from studio.__main__ import main
from studio.engine.events import Failed, Finished, Progress, event_from_json
from studio.engine.project import Project

Capture = pytest.CaptureFixture[str]
QUICKLY = {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.fixture
def trained(tiny_run: Path) -> str:
    return str(tiny_run.parents[1])


@pytest.fixture
def recipe_file(tiny_recipe: dict[str, Any], tmp_path: Path) -> str:
    path = tmp_path / "tiny.toml"
    path.write_text(tomlkit.dumps(tiny_recipe), encoding="utf-8")
    return str(path)


@pytest.fixture
def video(tiny_run: Path) -> str:
    with Project.open(tiny_run.parents[1]).catalogue(read_only=True) as catalogue:
        return catalogue.videos()[0].path


def result_of(arguments: Sequence[str], capsys: Capture) -> dict[str, Any]:
    """Run a command that succeeds; what `--json` printed, and nothing else was."""
    capsys.readouterr()
    code = main([*arguments, "--json"])
    out, err = capsys.readouterr()
    assert code == 0, err
    assert out.count("\n") == 1
    return dict(json.loads(out))


# ---------------------------------------------------------------- every command


def test_scan_preview_and_train(sample_clips: Path, recipe_file: str, tmp_path: Path, capsys: Capture) -> None:
    project = str(tmp_path / "project")
    found = result_of(["scan", project, str(sample_clips), "--group-pattern", r"(\w+-\d+)\.", "--workers", "1"], capsys)
    assert {name: found[name] for name in ("videos", "good", "partial", "unreadable", "problems")} == {
        "videos": 10, "good": 10, "partial": 0, "unreadable": 0, "problems": []}
    assert (found["groups"], found["frames"] > 700, found["seconds"] > 25) == (4, True, True)
    folders = {path.parent for path in sample_clips.rglob("*.*") if path.is_file()}
    assert result_of(["scan", project, "--groups", "folders"], capsys)["groups"] == len(folders) != 4
    assert result_of(["scan", project, "--group-pattern", r"(\w+-\d+)\."], capsys)["groups"] == 4

    out = tmp_path / "tuples.png"
    shown = result_of(["preview", project, "--task", "clip-order", "-n", "2", "-o", str(out)], capsys)
    assert (len(shown["tuples"]), out.is_file()) == (2, True)

    made = result_of(["train", project, "--recipe", recipe_file, "--set", "training.max_steps=2", "--name", "mine"],
                     capsys)
    assert {"run", "steps", "loss", "accuracy", "balanced_accuracy", "chance", "seconds",
            "samples_per_second"} <= set(made)
    assert (made["steps"], made["run"].endswith("-mine")) == (2, True)
    longer = result_of(["train", project, "--resume", "mine", "--set", "training.max_steps=3"], capsys)
    assert (longer["run"], longer["steps"]) == (made["run"], 3)
    assert [run["run"] for run in result_of(["runs", project], capsys)["runs"]] == [made["run"]]


def test_looking_inside(trained: str, video: str, tmp_path: Path, capsys: Capture) -> None:
    picture = tmp_path / "picture.png"
    asked = ["--video", video, "--at", "1.0", "-o", str(picture)]
    found = result_of(["neighbours", trained, "tiny", *asked, "-k", "3", "--leave-out", "video"], capsys)
    assert (len(found["neighbours"]), len(found["random"]), found["leave_out"]) == (3, 3, "video")
    assert picture.is_file()
    picture.unlink()
    shown = result_of(["activations", trained, "latest", *asked, "--layer", "conv2", "--unit", "3"], capsys)
    assert (shown["layer"], shown["unit"], picture.is_file()) == ("conv2", 3, True)
    assert result_of(["features", trained, "latest"], capsys)["clips"] == 100
    picture.unlink()
    found = result_of(["units", trained, "latest", "--layer", "conv2", "-n", "2", "-o", str(picture)], capsys)
    assert (len(found["ranked"]), found["field"], picture.is_file()) == (2, [5, 9, 9], True)
    picture.unlink()
    told = result_of(["attribution", trained, "latest", "--video", video, "-o", str(picture)], capsys)
    assert told["trained"]["answer_text"] and picture.is_file()


def test_judging_and_taking_away(trained: str, tmp_path: Path, capsys: Capture) -> None:
    measured = result_of(["evaluate", trained, "latest", "--protocol", "retrieval", "--labels", "folders"], capsys)
    tops = {"top1", "top5", "top10", "top20", "top50"}
    assert tops | {"protocol", "queries", "gallery", "chance_top1"} <= set(measured)
    assert tops | {"chance_top1"} <= set(measured["against"]["random"])
    assert 0 <= measured["top1"] <= 100
    alone = result_of(["evaluate", trained, "latest", "--against", "nothing"], capsys)
    assert "against" not in alone
    written = result_of(["export", trained, "latest", "--format", "safetensors", "-o",
                         str(tmp_path / "weights.safetensors")], capsys)
    assert all((tmp_path / name).is_file() for name in [written["file"], *written["cards"]])
    assert result_of(["report", trained, "latest", "-o", str(tmp_path / "report.html")], capsys)["report"]
    assert (tmp_path / "report.html").is_file()


def test_asking_before_training(sample_project: Path, recipe_file: str, capsys: Capture) -> None:
    before = result_of(["preflight", str(sample_project), "--recipe", recipe_file], capsys)
    assert (before["steps"], before["videos"], before["classes"]) == (4, 10, 6)
    low, high = before["expected_seconds"]
    assert 0 < low <= high


def test_what_a_person_reads(trained: str, video: str, tmp_path: Path, capsys: Capture) -> None:
    """Summaries stand alone on standard output: no JSON, every figure beside its comparison."""
    assert main(["runs", trained]) == 0
    assert main(["neighbours", trained, "latest", "--video", video, "--at", "1"]) == 0
    assert main(["activations", trained, "latest", "--video", video, "--at", "1"]) == 0
    assert main(["evaluate", trained, "latest"]) == 0
    assert main(["preview", trained, "--recipe", "opn", "-n", "1", "-o", str(tmp_path / "a.png")]) == 0
    out = capsys.readouterr().out
    assert "{" not in out
    for words in ("guessing", "random weights", "trained and random weights are", "chance at 1",
                  "12 possible answers"):
        assert words in out


# ---------------------------------------------------------------- wrong usage and failures


def failure(arguments: Sequence[str], capsys: Capture) -> tuple[int, str]:
    """Run a command that fails: its exit code and its sentence; nothing is on standard output."""
    capsys.readouterr()
    code = main(arguments)
    out, err = capsys.readouterr()
    assert out == ""
    (sentence,) = [line for line in err.splitlines() if line.startswith("error: ")]
    assert "Traceback" not in err
    return code, sentence.removeprefix("error: ")


@pytest.mark.parametrize(("arguments", "code", "words"), [
    (["dance"], 2, "no such command 'dance'"),
    (["trian", "p"], 2, "Did you mean 'train'"),
    (["train"], 2, "missing argument 'PROJECT'"),
    (["train", "p", "--recpe", "quick"], 2, "no such option: --recpe"),
    (["neighbours", "p", "latest", "--video", "a", "--at", "soon"], 2, "it should be a valid number"),
    (["runs", "{tmp}"], 1, "this folder is no project"),
    (["scan", "{tmp}/p", "{tmp}/nowhere"], 2, "there is no such folder"),
    (["scan", "{tmp}/p", __file__], 2, "this is a file, and a folder is needed"),
    (["scan", "{tmp}/p", "{tmp}/empty", "--groups", "a.csv", "--group-pattern", "(a)"], 2, "only one of them"),
    (["scan", "{tmp}/p", "{tmp}/empty"], 2, "there are no video files in it"),
    (["train", "{trained}", "--recipe", "clip-ordr"], 2, "did you mean clip-order?"),
    (["train", "{trained}", "--recipe", "opn", "--set", "training.max_step=2"], 2, "did you mean training.max_steps?"),
    (["train", "{trained}", "--recipe", "opn", "--set", "training.batch_size=1"], 2, "greater than or equal to 2"),
    (["train", "{trained}", "--recipe", "opn", "--set", "backbone=r3d_vcopp"], 2, "did you mean r3d_vcop?"),
    (["train", "{trained}", "--recipe", "opn", "--set", "task_options.dropuot=0"], 2, "task_options.dropout?"),
    (["train", "{trained}", "--recipe", "clip-order", "--set", "sampling.interval_frames=100"], 1, "too short"),
    (["train", "{trained}", "--resume", "nothing"], 2, "no such run"),
    (["preview", "{trained}", "--task", "clip-ordr"], 2, "did you mean clip-order?"),
    (["preview", "{trained}", "--task", "clip-order", "--recipe", "opn"], 2, "a recipe has its own task"),
    (["preview", "{trained}", "--task", "clip-order", "-o", "a.jpg"], 2, "pictures are written as PNG"),
    (["features", "{trained}", "nothing"], 2, "no such run"),
    (["features", "{trained}", "tinny"], 2, "did you mean tiny?"),
    (["pause", "{trained}", "tiny"], 2, "it does not train, it is finished"),
    (["continue", "{trained}"], 2, "no run of this project trains now"),
    (["stop", "{trained}"], 2, "no run of this project trains now"),
    (["neighbours", "{trained}", "latest", "--video", "none.mp4", "--at", "1"], 2, "no such video"),
    (["activations", "{trained}", "latest", "--video", "{video}", "--at", "1", "--layer", "conv9"], 2, "no such layer"),
    (["evaluate", "{trained}", "latest", "--protocol", "guess"], 2, "no such protocol"),
    (["evaluate", "{trained}", "latest", "--labels", "none.csv"], 2, "cannot be read"),
    (["export", "{trained}", "latest", "--format", "torchvision", "-o", "{tmp}/a.pth"], 2, "no such network"),
])
def test_failures_are_one_sentence(arguments: list[str], code: int, words: str, trained: str, video: str,
                                   tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "empty").mkdir()
    filled = [argument.format(tmp=tmp_path, trained=trained, video=video) for argument in arguments]
    found, sentence = failure(filled, capsys)
    assert (found, words in sentence) == (code, True), sentence
    assert sentence.rstrip(".").count(". ") >= 1, "it says a remedy"


def test_a_mistyped_folder_leaves_no_project_behind(tmp_path: Path, capsys: Capture) -> None:
    failure(["scan", str(tmp_path / "project"), str(tmp_path / "nowhere")], capsys)
    assert not list(tmp_path.iterdir())


def test_a_gpu_that_is_not_there_is_said_with_the_reason(trained: str, recipe_file: str, capsys: Capture) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    code, sentence = failure(["train", trained, "--recipe", recipe_file, "--set", "training.device=cuda"], capsys)
    assert code == 1
    assert "device cuda" in sentence
    assert len(Project.open(Path(trained)).run_folders()) == 1


def test_a_folder_of_unreadable_videos_tells_its_figures_and_fails(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "a.mp4").write_bytes(b"no video at all")
    code = main(["scan", str(tmp_path / "project"), str(tmp_path / "videos"), "--workers", "1"])
    out, err = capsys.readouterr()
    assert code == 1
    assert "1 unreadable" in out
    assert "none of them can be read as a video" in err


@pytest.mark.skipif(sys.platform == "win32", reason="limits on file sizes are POSIX")
def test_a_full_disk_is_said_in_words(trained: str, recipe_file: str, tmp_path: Path, capsys: Capture) -> None:
    shutil.copytree(trained, tmp_path / "copy")
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    capsys.readouterr()
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    try:
        code = main(["train", str(tmp_path / "copy"), "--recipe", recipe_file])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert code == 1
    assert "the disk is full" in capsys.readouterr().err


def test_failures_come_as_events_where_events_are_wanted(tmp_path: Path, capsys: Capture) -> None:
    for arguments, code in ((["runs", str(tmp_path)], 1), (["runs", "--wrong"], 2)):
        assert main([*arguments, "--events", "jsonl"]) == code
        events = [event_from_json(line) for line in capsys.readouterr().out.splitlines()]
        assert isinstance(events[-1], Failed)
        assert (events[-1].exit_code, bool(events[-1].remedy)) == (code, True)


# ---------------------------------------------------------------- the program as a whole


def test_version_and_help(capsys: Capture) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"Unshuffle Studio {studio.__version__}\n"
    assert main(["--help"]) == 0
    listed = capsys.readouterr().out
    for command in ("open", "demo", "scan", "preview", "train", "runs", "features", "neighbours", "activations",
                    "units", "attribution", "probe", "preflight", "evaluate", "report", "export", "doctor",
                    "queue", "pause", "continue", "stop"):
        assert f" {command} " in listed
    assert "service" not in listed
    assert main(["train", "--help"]) == 0
    assert "sampling.interval_frames" in capsys.readouterr().out


def test_help_is_quick() -> None:
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "studio", "--help"], check=True, capture_output=True)
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 2.0, "0.2 s on a machine that does nothing else: something heavy is loaded too early"


def test_help_loads_nothing_heavy() -> None:
    heavy = "torch numpy PySide6 cv2 av"
    code = f"""import sys
from studio.__main__ import main
main(["scan", "--help"])
print([name for name in {heavy.split()} if name in sys.modules], file=sys.stderr)"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stderr.strip() == "[]"


def test_no_arguments_and_open_show_the_window(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shown: list[Path | None] = []

    def show(project: Path | None) -> int:
        shown.append(project)
        return 0

    monkeypatch.setattr(program, "open_window", show)
    assert main([]) == main(["open"]) == main(["open", str(tmp_path)]) == 0
    assert shown == [None, None, tmp_path]


def test_without_a_display_the_window_says_so(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert main([]) == 1
    assert "there is no display" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX; Windows is stopped by the line `stop`")
def test_a_training_is_stopped_and_saved(tiny_run: Path, recipe_file: str, tmp_path: Path) -> None:
    shutil.copytree(tiny_run.parents[2], tmp_path / "copy")
    project = tmp_path / "copy" / tiny_run.parents[1].name
    command = [sys.executable, "-m", "studio", "train", str(project), "--recipe", recipe_file, "--name", "long",
               "--set", "training.max_steps=100000", "--events", "jsonl"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=QUICKLY, text=True) as process:
        assert process.stdin
        assert process.stdout
        lines = []
        for line in process.stdout:
            lines.append(event_from_json(line))
            if isinstance(lines[-1], Progress) and lines[-1].phase == "training" and lines[-1].done >= 2:
                break
        process.stdin.close()  # the end of the input means nothing
        process.send_signal(signal.SIGINT)
        lines += [event_from_json(line) for line in process.stdout]
        assert process.wait(30) == 130
    assert isinstance(lines[-1], Finished)
    assert lines[-1].stopped
    run = Project.open(project).run_folder("long")
    assert lines[-1].result["steps"] >= 2
    assert list((run / "checkpoints").glob("*.safetensors"))


def test_output_that_nobody_reads_is_no_error(trained: str) -> None:
    with subprocess.Popen([sys.executable, "-m", "studio", "runs", trained], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        said = process.stderr.read().decode()
        process.wait(20)
    assert "Traceback" not in said
    assert "Exception ignored" not in said


def test_an_unforeseen_error_keeps_its_trace(monkeypatch: pytest.MonkeyPatch, sample_project: Path) -> None:
    """A mistake of the program is not dressed up as a failure of the person's."""
    def broken(*_arguments: object, **_options: object) -> Callable[[], None]:
        raise ZeroDivisionError

    monkeypatch.setattr("studio.engine.listing.list_all", broken)
    with pytest.raises(ZeroDivisionError):
        main(["runs", str(sample_project)])
