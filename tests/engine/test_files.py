"""One atomic writer: after any death the old or the new file is there, never neither."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from studio.engine import files
from studio.engine.errors import MachineError, ProjectError

OLD, NEW = b"old " * 100, b"new " * 5000

LIMITED = """
import resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
{write}
"""
ATOMIC = LIMITED.format(
    write="from studio.engine.files import write_bytes\nwrite_bytes(Path(sys.argv[1]), b'new ' * 5000)")
PLAIN = LIMITED.format(write="Path(sys.argv[1]).write_bytes(b'new ' * 5000)")


def _die_while_writing(program: str, path: Path, limit_bytes: int) -> bytes:
    path.write_bytes(OLD)
    subprocess.run([sys.executable, "-c", program, str(path), str(limit_bytes)], check=False, capture_output=True,
                   cwd=Path(__file__).parents[2])
    return path.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="file-size limits are POSIX")
@pytest.mark.parametrize("limit_bytes", [0, 1, 4096, 19_999, 20_000])
def test_death_while_writing_leaves_the_old_or_the_new_file(tmp_path: Path, limit_bytes: int) -> None:
    found = _die_while_writing(ATOMIC, tmp_path / "state", limit_bytes)
    assert found == (NEW if limit_bytes >= len(NEW) else OLD)


@pytest.mark.skipif(sys.platform == "win32", reason="file-size limits are POSIX")
def test_a_plain_write_does_lose_the_file(tmp_path: Path) -> None:
    assert _die_while_writing(PLAIN, tmp_path / "state", 4096) not in (OLD, NEW)


def test_an_error_while_writing_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_bytes(OLD)
    with pytest.raises(ValueError, match="broken"), files.atomic_file(path) as stream:
        stream.write(NEW)
        raise ValueError("broken")
    assert path.read_bytes() == OLD
    assert os.listdir(tmp_path) == ["state"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def on_full_disk(**_: object) -> tuple[int, str]:
        return os.open("/dev/full", os.O_WRONLY), str(tmp_path / "x.tmp")

    monkeypatch.setattr(files.tempfile, "mkstemp", on_full_disk)
    with pytest.raises(MachineError, match="the disk is full.*earlier one was kept"):
        files.write_bytes(tmp_path / "state", NEW)


def test_json_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(ProjectError, match="no readable JSON"):
        files.read_json(tmp_path / "a.json")
    with pytest.raises(ProjectError, match="missing"):
        files.read_json(tmp_path / "b.json")


def test_resources_are_found_in_the_checkout() -> None:
    assert files.resource("recipes", "clip-order.toml").is_file()
    with pytest.raises(MachineError, match="Install the studio again"):
        files.resource("recipes", "nothing.toml")


def test_hash_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert files.sha256_of_file(tmp_path / "abc").startswith("ba7816bf8f01cfea")


def test_a_written_file_has_the_rights_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    files.write_text(tmp_path / "written", "x")
    assert (tmp_path / "written").stat().st_mode == (tmp_path / "plain").stat().st_mode
