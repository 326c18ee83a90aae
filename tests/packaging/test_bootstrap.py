"""The set-up: what it decides, what it says, and that its exit code is the exit code of what it ran."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import bootstrap
import pytest
from steps import debian, environment, pip_install, stamp, torch_source
from steps.progress import SetupError, run_streaming

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("text", "expected"), [
    ('ID=debian\nVERSION_ID="12"\n', True), ('ID=ubuntu\nID_LIKE=debian\n', True),
    ('ID="linuxmint"\nID_LIKE="ubuntu debian"\n', True), ("ID=fedora\n", False), ("", False)])
def test_debian_and_its_relatives(text: str, expected: bool) -> None:
    assert debian.is_debian_family(text) is expected


def test_what_is_missing_is_what_dpkg_does_not_list_as_installed() -> None:
    lines = "libgl1 ii \nlibegl1 un \nlibglib2.0-0t64 ii \n"
    assert debian.not_installed(["libgl1", "libegl1", "libglib2.0-0", "libxkbcommon0"], lines) == [
        "libegl1", "libxkbcommon0"]


def test_the_libraries_that_a_bare_debian_lacks_are_asked_for() -> None:
    assert set(debian.QT_PACKAGES) >= {
        "libgl1", "libegl1", "libglib2.0-0", "libxkbcommon0", "libdbus-1-3", "libfontconfig1", "libxkbcommon-x11-0",
        "libxcb-cursor0", "libxcb-icccm4", "libxcb-keysyms1", "libxcb-shape0", "libxcb-xkb1"}


@pytest.mark.parametrize(("lines", "said"), [
    (["ERROR: Could not install packages: [Errno 28] No space left on device"], "The disk is full"),
    (["SSLError(CERTIFICATE_VERIFY_FAILED)"], "PIP_CERT"),
    (["NewConnectionError: x", "ERROR: No matching distribution found for torch"], "can't be reached"),
    (["ERROR: No matching distribution found for torch==2.15.0"], "has no torch==2.15.0"),
    (["Collecting x", "ERROR: something odd"], "something odd"), ([], "it gave no reason")])
def test_why_pip_stopped_is_one_sentence_with_a_remedy(lines: list[str], said: str) -> None:
    explained = pip_install.explain(lines, need_gb=8, log_file=Path("setup.log"))
    assert said in explained and "\n" not in explained


def test_our_pins_win_over_every_configuration_of_pip(tmp_path: Path) -> None:
    pins = tmp_path / "with blank" / "constraints.txt"
    base = {"PIP_CONSTRAINT": "/etc/other.txt", "PIP_TARGET": "/elsewhere", "PYTHONPATH": "/elsewhere", "HOME": "/h"}
    made = pip_install.pip_environment(pins, base)
    assert made["PIP_CONSTRAINT"] == pins.resolve().as_uri() and " " not in made["PIP_CONSTRAINT"]
    assert "PIP_TARGET" not in made and "PYTHONPATH" not in made and made["HOME"] == "/h"


def test_torch_from_one_index_alone_leaves_no_wheel_folder_in_reach(tmp_path: Path) -> None:
    made = torch_source.only_from("https://index.example/simple", tmp_path / "none", {"PIP_FIND_LINKS": "/wheels"})
    assert made["PIP_FIND_LINKS"] == (tmp_path / "none").as_uri()
    assert made["PIP_INDEX_URL"] == made["PIP_EXTRA_INDEX_URL"] == "https://index.example/simple"


@pytest.mark.parametrize(("code", "versions", "errors", "fault"), [
    (0, "2.15.0 0.29.2", "", None), (0, "2.15.0+cu132 0.29.2+cu132", "", None),
    (0, "2.15.0+cpu 0.29.2", "", "different builds"),
    (1, "2.15.0+cpu 0.29.2", "Traceback\nRuntimeError: operator torchvision::nms does not exist\n", "::nms does not"),
    (1, "", "", "can't be imported")])
def test_a_torch_and_a_torchvision_of_different_origin_are_found_out(
        code: int, versions: str, errors: str, fault: str | None) -> None:
    judged = torch_source.judge_pair(code, versions, errors)
    assert judged is None if fault is None else judged is not None and fault in judged


@pytest.mark.parametrize(("driver", "pages", "expected"), [
    ("", {}, None),
    ("CUDA Version: 13.0 ", {"cu130": "torch-2.15.0+cu130"}, "cu130"),
    ("CUDA Version: 12.9 ", {"cu130": "torch-2.15.0", "cu128": "torch-2.15.0"}, "cu128"),
    ("CUDA Version: 12.9 ", {"cu128": "torch-2.14.0"}, None)])
def test_windows_with_a_driver_takes_torch_with_cuda(driver: str, pages: dict[str, str], expected: str | None) -> None:
    chosen = torch_source.windows_index(
        "torch==2.15.0", ask_driver=lambda: driver, fetch=lambda url: pages.get(url.split("/")[-3], ""))
    assert chosen is None if expected is None else chosen is not None and chosen.endswith(expected)


def test_the_pinned_pair_is_read_from_the_constraints() -> None:
    torch_pin, vision_pin = bootstrap.pinned_pair()
    assert torch_pin.startswith("torch==") and vision_pin.startswith("torchvision==")
    assert torch_source.pinned_pair('torch==1.0; platform_system == "Linux"\ntorchvision==2.0') == [
        "torch==1.0", "torchvision==2.0"]


def test_a_stamp_covers_what_it_was_set_up_for(tmp_path: Path) -> None:
    made = stamp.Stamp("abc", ["dicom", "test"])
    stamp.write_stamp(tmp_path, made)
    assert stamp.read_stamp(tmp_path) == made
    assert made.covers(stamp.Stamp("abc", ["dicom"]))
    assert not made.covers(stamp.Stamp("abc", ["onnx"]))
    assert not made.covers(stamp.Stamp("other", ["dicom"]))
    assert not made.covers(stamp.Stamp("abc", ["dicom"], "https://index.example"))
    stamp.mark_unfinished(tmp_path, made)
    unfinished = stamp.read_stamp(tmp_path)
    assert unfinished is not None and not unfinished.covers(made)
    (tmp_path / stamp.STAMP_NAME).write_text("{ cut")
    assert stamp.read_stamp(tmp_path) is None


def test_whatever_decides_the_packages_changes_the_hash(tmp_path: Path) -> None:
    (tmp_path / "packaging").mkdir()
    (tmp_path / "pyproject.toml").write_text("a")
    (tmp_path / "packaging" / "constraints.txt").write_text("b")
    before = stamp.hash_of_inputs(tmp_path)
    assert before == stamp.hash_of_inputs(tmp_path) != stamp.hash_of_inputs(tmp_path, python_version="3.99.0")
    (tmp_path / "packaging" / "constraints.txt").write_text("c")
    assert stamp.hash_of_inputs(tmp_path) != before


def test_a_folder_that_is_no_environment_is_left_alone(tmp_path: Path) -> None:
    venv = tmp_path / ".venv"
    venv.mkdir()
    (venv / "thesis.txt").write_text("mine")
    with pytest.raises(SetupError, match="in the way"):
        environment.make(venv)
    assert (venv / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(("returned", "expected"), [(0, 0), (1, 1), (5, 5), (-6, 134), (-9, 137)])
def test_a_death_by_signal_is_no_success(returned: int, expected: int) -> None:
    """A window library once printed "101 passed" and then aborted: the exit code must say so."""
    assert bootstrap.exit_code(returned) == expected


def test_the_tests_exit_code_is_handed_on_even_when_the_program_aborts_after_its_last_line() -> None:
    abort = "import os; print('101 passed', flush=True); os.abort()"
    assert bootstrap.call([sys.executable, "-c", abort]) == 134


@pytest.mark.parametrize(("given", "code"), [(["neither"], 2), (["setup", "--", "-k", "x"], 2), (["--help"], 0)])
def test_wrong_usage_of_the_set_up(given: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        bootstrap.parse(given)
    assert ended.value.code == code
    assert "bootstrap.py" in "".join(capsys.readouterr())


def test_what_follows_two_dashes_goes_to_the_tests() -> None:
    options = bootstrap.parse(["test", "--torch-index", "https://index.example", "--", "-k", "scan"])
    assert (options.command, options.rest, options.torch_index) == ("test", ["-k", "scan"], "https://index.example")


def test_long_commands_are_followed_line_by_line(tmp_path: Path) -> None:
    seen: list[str] = []
    code, kept = run_streaming([sys.executable, "-c", "print('one'); print('two'); raise SystemExit(3)"],
                               on_line=seen.append, on_beat=lambda: None, log_file=tmp_path / "log")
    assert (code, seen, kept) == (3, ["one", "two"], ["one", "two"])
    assert "two" in (tmp_path / "log").read_text()


def test_continuous_integration_runs_the_same_command_and_keeps_its_exit_code() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "set -eu" in script and script.rstrip().endswith("python3 packaging/bootstrap.py test")


def test_set_up_needs_python_alone() -> None:
    program = ("import sys; sys.path.insert(0, 'packaging'); import bootstrap; "
               "loaded = {name.partition('.')[0] for name in sys.modules}; "
               "known = {*sys.stdlib_module_names, *sys.builtin_module_names, 'bootstrap', 'steps', '__main__'}; "
               "print(sorted(loaded - known))")
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
