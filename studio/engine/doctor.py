"""The operation `doctor`: what works on this machine, and what to do about the rest.

It runs even where torch or Qt cannot be loaded: whatever may be broken is examined in a child process.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import psutil

from studio.engine import files
from studio.engine.errors import MachineError
from studio.engine.events import Events, Finished, Progress, TimeLeft
from studio.engine.examine import Facts, examine_in_child

State = Literal["good", "warning", "bad"]
GOOD: Literal["good"] = "good"
WARNING: Literal["warning"] = "warning"
BAD: Literal["bad"] = "bad"
GB = 1e9
SETUP = "python3 packaging/bootstrap.py setup"
OPENCV = ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless")
_LIBRARY_PACKAGES = {
    "libEGL.so.1": "libegl1", "libGL.so.1": "libgl1", "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0", "libxkbcommon.so.0": "libxkbcommon0", "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1"}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: good, warning or bad, in a sentence, and what to do."""

    name: str
    state: State
    sentence: str
    remedy: str = ""


Look = Callable[[], list[Check]]


def doctor(*, stop: Callable[[], bool] = lambda: False, looks: Mapping[str, Look] | None = None) -> Events:
    """Look at everything that the studio needs; the result holds the checks and how many are good, warning and bad."""
    chosen = LOOKS if looks is None else looks
    checks: list[Check] = []
    left = TimeLeft(len(chosen))
    for number, (name, look) in enumerate(chosen.items()):
        yield Progress(phase="checks", done=number, total=len(chosen), unit="checks", seconds_left=left(number),
                       detail=name)
        if stop():
            break
        checks += look()
    stopped = stop()
    yield Finished(operation="doctor", stopped=stopped, result={
        "checks": [asdict(check) for check in checks],
        **{state: sum(check.state == state for check in checks) for state in (GOOD, WARNING, BAD)}})


# ---------------------------------------------------------------- Python and the machine


def judge_python(version: tuple[int, int], *, text: str) -> Check:
    """Judge the Python version: 3.11 to 3.13."""
    if (3, 11) <= version <= (3, 13):
        return Check("Python", GOOD, f"{text} on {platform.system()} {platform.release()} ({platform.machine()})")
    state: State = BAD if version < (3, 11) else WARNING
    return Check("Python", state, f"{text} is not one that the studio is tested with (3.11 to 3.13)",
                 "Install Python 3.13, then start packaging/bootstrap.py with it")


def _python() -> list[Check]:
    return [judge_python(sys.version_info[:2], text=platform.python_version())]


def judge_room(name: str, free_bytes: float, *, what: str, enough: float, least: float, remedy: str) -> Check:
    """Judge free space of a kind."""
    state: State = GOOD if free_bytes >= enough else WARNING if free_bytes >= least else BAD
    return Check(name, state, f"{free_bytes / GB:.1f} GB free {what}", "" if state == GOOD else remedy)


def free_memory_bytes() -> int:
    """Memory that is free: the machine's, or what a container leaves of it."""
    free = int(psutil.virtual_memory().available)
    try:
        limit, used = (Path("/sys/fs/cgroup", name).read_text() for name in ("memory.max", "memory.current"))
        return min(free, max(0, int(limit) - int(used)))
    except (OSError, ValueError):
        return free


def _room() -> list[Check]:
    here = Path.cwd()
    checks = [
        judge_room("memory", free_memory_bytes(), what="to work in", enough=3 * GB, least=1 * GB,
                   remedy="Close other programs; a smaller batch needs less"),
        judge_room("disk", files.free_bytes(here), what=f"on the disk of {here}", enough=5 * GB, least=0.5 * GB,
                   remedy="Keep projects on a disk with more room: an hour of video takes about 2 GB")]
    shared = Path("/dev/shm")
    if shared.is_dir():
        checks.append(judge_room("shared memory", shutil.disk_usage(shared).free, what="for pictures of the window",
                                 enough=0.25 * GB, least=0, remedy="In a container: start it with --shm-size=1g"))
    return checks


def _own_files() -> list[Check]:
    try:
        recipes, sample = (len(list(files.resource(name).rglob(pattern)))
                           for name, pattern in (("recipes", "*.toml"), ("sample", "*.*")))
    except MachineError as error:
        return [Check("the studio's files", BAD, f"{error.value}: {error.rule}", error.remedy)]
    return [Check("the studio's files", GOOD, f"{recipes} recipes and {sample} sample files are there")]


# ---------------------------------------------------------------- networks


def judge_pair(versions: Mapping[str, str | None], facts: Facts) -> Check:
    """Judge torch and torchvision: both there, of one origin, and able to work together.

    `versions` are those of the installed packages: builds of one origin carry the same local mark (`+cpu`, `+cu132`).
    """
    name, error = "torch and torchvision", str(facts.get("error") or "")
    missing = [package for package, version in versions.items() if version is None]
    if missing and error:
        return Check(name, BAD, f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed",
                     f"Set the studio up: {SETUP}")
    marks = {(version or "").partition("+")[2] for version in versions.values()}
    both = " and ".join(f"{package} {version}" for package, version in versions.items())
    if len(marks) > 1 or "torchvision::" in error:
        return Check(name, BAD, f"{both} come from different places and do not work together"
                     + (f" ({error})" if error else ""),
                     f"Install both anew from one place: {SETUP} (with --torch-index URL if you chose one)")
    if error:
        return Check(name, BAD, f"they cannot be loaded ({error})", f"Install them anew: {SETUP}")
    return Check(name, GOOD, f"{both} work together")


def judge_device(facts: Facts) -> list[Check]:
    """Judge the GPU (or why there is none) and what bf16 does."""
    if "error" in facts:
        return [Check("GPU", WARNING, "cannot be asked for, because torch cannot be loaded", "Mend torch first")]
    if facts["kind"] == "cpu":
        remedy = _gpu_remedy(str(facts["reason"]))
        found = Check("GPU", WARNING, f"none is used: {facts['reason']}. Training runs on the {facts['device']}, which "
                                      "takes hours where a GPU takes minutes", remedy)
    else:
        build = f", CUDA {facts['cuda_build']}" if facts.get("cuda_build") else ""
        found = Check("GPU", GOOD, f"{facts['device']}{build}")
    return [found, _judge_bf16(facts)]


def _gpu_remedy(reason: str) -> str:
    if "processors only" in reason:
        return f"If there is an NVIDIA GPU, install PyTorch with CUDA: {SETUP} --torch-index URL (see pytorch.org)"
    if "too old" in reason:
        return "Install a newer NVIDIA driver"
    return "If there is an NVIDIA GPU, install its driver; without one use the quick recipe or train overnight"


def _judge_bf16(facts: Facts) -> Check:
    faster, wrong = float(facts["bf16_times_as_fast"]), float(facts["bf16_error"])
    if wrong > 0.03:
        return Check("bf16", WARNING, f"multiplies wrongly here (off by {100 * wrong:.1f} %)",
                     "Train with: --set training.precision=fp32")
    how = (f"and {faster:.1f} times as fast as fp32" if faster >= 1.1 else
           "but no faster than fp32" if faster > 0.8 else f"but {1 / max(faster, 1e-3):.0f} times as slow as fp32")
    return Check("bf16", GOOD, f"multiplies rightly {how} here; each training tests its own layers")


def _networks() -> list[Check]:
    facts = examine_in_child("torch")
    versions = {name: installed(name) or facts.get(name) for name in ("torch", "torchvision")}
    return [judge_pair(versions, facts), *judge_device(facts)]


# ---------------------------------------------------------------- video


def judge_opencv(distributions: Sequence[str], facts: Facts) -> Check:
    """Judge OpenCV: exactly one of its packages, which overwrite each other's files."""
    if len(distributions) > 1:
        return Check("OpenCV", BAD, f"{' and '.join(distributions)} are installed at once and overwrite each other's "
                     "files", f"pip uninstall -y {' '.join(distributions)}, then: pip install opencv-python")
    if "error" in facts:
        library = missing_library(str(facts["error"]))
        return Check("OpenCV", BAD, f"it cannot be loaded ({facts['error']})",
                     _install(library) if library else f"Install it anew: {SETUP}")
    return Check("OpenCV", GOOD, f"{distributions[0] if distributions else 'OpenCV'} works")


def judge_decoding(facts: Facts) -> Check:
    """Judge the decoder by a sample clip that it was given."""
    if "error" in facts:
        return Check("video decoding", BAD, f"PyAV cannot decode a sample clip ({facts['error']})",
                     f"Install it anew: {SETUP}")
    codecs = facts["libraries"].get("libavcodec", "?")
    return Check("video decoding", GOOD, f"PyAV {facts['av']} with FFmpeg's libavcodec {codecs} decoded a sample clip "
                                         f"of {facts['decoded_frames']} frames")


def _videos() -> list[Check]:
    return [judge_decoding(examine_in_child("video")),
            judge_opencv([f"{name} {version}" for name in OPENCV if (version := installed(name))],
                         examine_in_child("opencv"))]


def judge_extra(name: str, *, missing: Sequence[str], extra: str, good_for: str) -> Check:
    """Judge an optional part by the modules that it lacks."""
    if not missing:
        return Check(name, GOOD, f"{good_for} works")
    return Check(name, WARNING, f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed, so "
                                f"{good_for} does not work", f'If you need it: pip install "unshuffle-studio[{extra}]"')


def _extras() -> list[Check]:
    return [judge_extra("DICOM", missing=_missing("pydicom", "pylibjpeg", "openjpeg"), extra="dicom",
                        good_for="reading hospital recordings"),
            judge_extra("ONNX", missing=_missing("onnx", "onnxscript"), extra="onnx",
                        good_for="exporting networks as ONNX")]


def _missing(*modules: str) -> list[str]:
    return [module for module in modules if importlib.util.find_spec(module) is None]


# ---------------------------------------------------------------- the window


def judge_window(facts: Facts) -> Check:
    """Judge Qt by whether its widgets can be loaded."""
    error = str(facts.get("error") or "")
    if not error:
        return Check("window", GOOD, f"Qt {facts['qt']} can be loaded")
    if library := missing_library(error):
        return Check("window", BAD, f"Qt lacks the system library {library}", _install(library))
    return Check("window", BAD, f"Qt cannot be loaded ({error})", f"Install it anew: {SETUP}")


def judge_display(environment: Mapping[str, str], *, system: str, open_display: Callable[[], Facts]) -> Check:
    """Judge whether a window can be shown."""
    platform_name = environment.get("QT_QPA_PLATFORM", "")
    if platform_name in ("offscreen", "minimal"):
        return Check("display", WARNING, f"QT_QPA_PLATFORM={platform_name} is set, so windows stay invisible",
                     "Unset it to see the window")
    if system == "Linux" and not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        return Check("display", WARNING, "there is none, so the window cannot be opened",
                     "The whole command line works without: studio --help")
    facts = open_display()
    if "error" in facts:
        return Check("display", BAD, f"no window can be shown ({facts['error']})",
                     f"Install what Qt needs: {SETUP}; over SSH check DISPLAY")
    return Check("display", GOOD, f"{facts['screens']} screen{'s' * (facts['screens'] != 1)} ({facts['platform']})")


def missing_library(error: str) -> str:
    """The shared library that a loader's complaint names, or ""."""
    first, found, _ = error.partition(": cannot open shared object file")
    return first.split()[-1] if found else ""


def _install(library: str) -> str:
    package = _LIBRARY_PACKAGES.get(library)
    return f"Install it: {SETUP}" + (f", or: sudo apt-get install {package}" if package else "")


def _window() -> list[Check]:
    window = judge_window(examine_in_child("qt"))
    if window.state == BAD:
        return [window]
    return [window, judge_display(os.environ, system=platform.system(),
                                  open_display=lambda: examine_in_child("display", timeout_seconds=30))]


def installed(package: str) -> str | None:
    """The version of an installed package, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


LOOKS: dict[str, Look] = {
    "Python": _python, "memory and disk": _room, "the studio's files": _own_files, "networks": _networks,
    "video": _videos, "window": _window, "extras": _extras}

