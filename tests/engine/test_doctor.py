"""What the doctor says of sound and of broken machines."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from studio.engine.doctor import (
    BAD,
    GOOD,
    WARNING,
    Check,
    doctor,
    judge_decoding,
    judge_device,
    judge_display,
    judge_extra,
    judge_opencv,
    judge_pair,
    judge_python,
    judge_room,
    judge_window,
    missing_library,
)
from studio.engine.events import Finished
from studio.engine.examine import examine_in_child, facts_of

SOUND = {"torch": "2.15.0", "torchvision": "0.29.2", "cuda_build": "13.2", "device": "processor, 2 cores",
         "kind": "cpu", "reason": "no NVIDIA driver was found", "bf16_times_as_fast": 2.0, "bf16_error": 0.004}


@pytest.mark.parametrize(("version", "state"), [((3, 10), BAD), ((3, 11), GOOD), ((3, 13), GOOD), ((3, 14), WARNING)])
def test_only_tested_pythons_are_good(version: tuple[int, int], state: str) -> None:
    assert judge_python(version, text="Python").state == state


def test_a_sound_pair_is_good() -> None:
    assert judge_pair({"torch": "2.15.0+cpu", "torchvision": "0.29.2+cpu"}, SOUND).state == GOOD


@pytest.mark.parametrize(("versions", "facts"), [
    ({"torch": "2.15.0+cpu", "torchvision": "0.29.2+cu132"}, SOUND),
    ({"torch": "2.15.0", "torchvision": "0.29.2"}, {"error": "operator torchvision::nms does not exist"})])
def test_a_mixture_of_builds_is_recognised(versions: dict[str, str | None], facts: dict[str, object]) -> None:
    check = judge_pair(versions, facts)
    assert check.state == BAD
    assert "different places" in check.sentence
    assert "bootstrap.py setup" in check.remedy


def test_torch_that_is_missing_or_broken_is_said_in_different_words() -> None:
    missing = judge_pair({"torch": None, "torchvision": None}, {"error": "No module named 'torch'"})
    broken = judge_pair({"torch": "2.15.0", "torchvision": "0.29.2"}, {"error": "libcudart.so.13: cannot open"})
    assert missing.sentence == "torch and torchvision are not installed"
    assert "libcudart.so.13" in broken.sentence
    assert missing.state == broken.state == BAD


@pytest.mark.parametrize(("reason", "remedy"), [
    ("no NVIDIA driver was found", "install its driver"),
    ("this build of PyTorch is for processors only", "--torch-index"),
    ("the NVIDIA driver is too old: it knows CUDA 12.2, and this PyTorch needs 13.2", "newer NVIDIA driver")])
def test_a_missing_gpu_is_said_with_its_reason(reason: str, remedy: str) -> None:
    gpu, _bf16 = judge_device(SOUND | {"reason": reason})
    assert gpu.state == WARNING
    assert reason in gpu.sentence
    assert remedy in gpu.remedy


def test_a_gpu_is_named_and_wrong_bf16_is_told() -> None:
    gpu, bf16 = judge_device(SOUND | {"kind": "cuda", "device": "NVIDIA H100", "bf16_error": 0.4})
    assert gpu == Check("GPU", GOOD, "NVIDIA H100, CUDA 13.2")
    assert bf16.state == WARNING
    assert "precision=fp32" in bf16.remedy
    assert judge_device(SOUND)[1].state == GOOD


def test_two_opencv_packages_are_bad() -> None:
    good = judge_opencv(["opencv-python 5.0"], {"shape": [1]})
    twice = judge_opencv(["opencv-python 5.0", "opencv-python-headless 5.0"], {"shape": [1]})
    assert good.state == GOOD
    assert twice.state == BAD
    assert "pip uninstall -y" in twice.remedy
    assert "opencv-python-headless" in twice.remedy


def test_a_missing_system_library_is_named_with_its_package() -> None:
    error = "libEGL.so.1: cannot open shared object file: No such file or directory"
    assert missing_library(error) == "libEGL.so.1"
    assert missing_library("something else") == ""
    check = judge_window({"error": error})
    assert check.state == BAD
    assert "apt-get install libegl1" in check.remedy
    assert judge_window({"qt": "6.11.3"}).state == GOOD


def test_displays() -> None:
    def never() -> dict[str, object]:
        raise AssertionError("no display is opened")

    assert judge_display({}, system="Linux", open_display=never).state == WARNING
    assert judge_display({"QT_QPA_PLATFORM": "offscreen"}, system="Linux", open_display=never).state == WARNING
    shown = judge_display({"DISPLAY": ":0"}, system="Linux", open_display=lambda: {"platform": "xcb", "screens": 1})
    broken = judge_display({}, system="Windows", open_display=lambda: {"error": "could not connect to display"})
    assert (shown.state, broken.state) == (GOOD, BAD)


def test_room_extras_and_decoding() -> None:
    def room(free: float) -> str:
        return judge_room("disk", free, what="here", enough=5e9, least=1e9, remedy="free some").state

    assert [room(6e9), room(2e9), room(1e6)] == [GOOD, WARNING, BAD]
    assert judge_extra("DICOM", missing=[], extra="dicom", good_for="reading").state == GOOD
    assert "unshuffle-studio[dicom]" in judge_extra("DICOM", missing=["pydicom"], extra="dicom", good_for="it").remedy
    assert judge_decoding({"error": "no codec"}).state == BAD


@pytest.mark.parametrize(("code", "said", "errors", "expected"), [
    (0, 'noise\n{"a": 1}\n', "", {"a": 1}),
    (0, "no json", "boom\n", {"error": "boom"}),
    (1, "", "Traceback\nImportError: libGL.so.1\n", {"error": "ImportError: libGL.so.1"}),
    (-11, "", "", {"error": "it ended with code -11 and said nothing"})])
def test_what_a_child_said(code: int, said: str, errors: str, expected: dict[str, object]) -> None:
    assert facts_of(code, said, errors) == expected


def test_the_sample_clip_is_really_decoded_in_a_child() -> None:
    facts = examine_in_child("video")
    assert facts["decoded_frames"] > 10
    assert judge_decoding(facts).state == GOOD


def test_an_examination_that_fails_is_one_bad_check() -> None:
    finished = list(doctor(looks={"broken": lambda: [judge_window(examine_in_child("nothing of this name"))]}))[-1]
    assert isinstance(finished, Finished)
    assert finished.result["bad"] == 1


def test_doctor_counts_and_is_stopped() -> None:
    looks = {"a": lambda: [Check("a", GOOD, "fine")], "b": lambda: [Check("b", BAD, "broken", "mend it")]}
    finished = list(doctor(looks=looks))[-1]
    assert isinstance(finished, Finished)
    assert {name: finished.result[name] for name in (GOOD, WARNING, BAD)} == {GOOD: 1, WARNING: 0, BAD: 1}
    json.dumps(finished.result)
    stopped = list(doctor(looks=looks, stop=lambda: True))[-1]
    assert isinstance(stopped, Finished)
    assert stopped.stopped


def test_doctor_itself_loads_no_torch_and_no_qt() -> None:
    program = "import sys, studio.cli, studio.engine.doctor; print('torch' in sys.modules, 'PySide6' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
