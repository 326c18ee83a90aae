"""The rules of the house, as tests: what may import what, how large things get, what the repository never says."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "studio").rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}
EDGES = {"studio/gui/jobs.py", "studio/gui/app.py"}
"""Where an unforeseen error is caught and shown to the person: the job and the exception hook."""


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _loaded_by(statement: str) -> set[str]:
    """Top-level modules loaded in a fresh interpreter after `statement`."""
    program = f"import sys\n{statement}\nprint('\\n'.join(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True,
                          env={**__import__("os").environ, "QT_QPA_PLATFORM": "offscreen"})
    return {line.partition(".")[0] for line in done.stdout.splitlines()}


def _modules(package: str) -> str:
    folder = ROOT.joinpath(*package.split("."))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sorted(folder.rglob("*.py"))]
    return "import " + ", ".join(name.removesuffix(".__init__") for name in names)


def test_the_whole_engine_and_command_line_load_no_qt() -> None:
    loaded = _loaded_by(_modules("studio.engine") + ", studio.cli")
    assert "torch" in loaded
    assert not loaded & {"PySide6", "pyqtgraph", "shiboken6"}


def test_the_whole_window_loads_no_torch() -> None:
    loaded = _loaded_by(_modules("studio.gui"))
    assert "PySide6" in loaded
    assert not loaded & {"torch", "torchvision", "cv2"}


def test_backbones_load_torchvision_only_when_one_is_made_of_it() -> None:
    """Its import takes as long as torch's, and a network of the studio's own needs none of it."""
    made = "from studio.engine.backbones import BACKBONES; BACKBONES['{name}'](input_pixels=112, clip_frames=16)"
    assert "torchvision" not in _loaded_by(made.format(name="r3d_small"))
    assert "torchvision" in _loaded_by(made.format(name="r3d_18"))


def test_import_contracts() -> None:
    done = subprocess.run([sys.executable, "-c", "from importlinter.cli import lint_imports_command as m; m()"],
                          capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff() -> None:
    done = subprocess.run([sys.executable, "-m", "ruff", "check", "--no-cache", "."], capture_output=True, text=True,
                          cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_sizes(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 400, f"{_name(path)} has {lines} lines"
    for node in ast.walk(TREES[path]):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = node.end_lineno - node.lineno + 1
            assert length <= 60, f"{_name(path)}: {node.name} has {length} lines"
        if isinstance(node, ast.ClassDef):
            methods = sum(isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) for child in node.body)
            assert methods <= 25, f"{_name(path)}: {node.name} has {methods} methods"


def _handlers(tree: ast.AST) -> Iterator[ast.ExceptHandler]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler))


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_house_rules(path: Path) -> None:
    name, text = _name(path), path.read_text(encoding="utf-8")
    for node in ast.walk(TREES[path]):
        assert not isinstance(node, ast.Global), f"{name}:{node.lineno} global"
    if name not in EDGES:
        for handler in _handlers(TREES[path]):
            caught = ast.unparse(handler.type) if handler.type else "everything"
            blind = re.search(r"\b(Base)?Exception\b|everything", caught)
            assert not blind, f"{name}:{handler.lineno} catches {caught}"
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b", text), name
    assert not re.search(r"# type: ignore(?!\[)", text), name
    if name != "studio/engine/video/vision.py":
        assert not re.search(r"^\s*(import|from) cv2", text, re.MULTILINE), f"{name} imports cv2"
    assert not re.search(r"\b(torch|pickle)\.loads?\(", text), f"{name} deserialises code"


def _public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            yield node


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_what_is_public_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(TREES[path]) or not TREES[path].body, _name(path)
    for node in _public(TREES[path]):
        assert ast.get_docstring(node), f"{_name(path)}: {node.name} has no docstring"
        if isinstance(node, ast.FunctionDef):
            arguments = [*node.args.args, *node.args.kwonlyargs]
            assert all(argument.annotation for argument in arguments), f"{_name(path)}: {node.name} lacks type hints"


def test_the_repository_speaks_of_the_project_alone() -> None:
    private = re.compile("/" + "work/|/ro" + "ot/|/opt/" + "wheels|\\bclau" + "de\\b", re.IGNORECASE)
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], capture_output=True,
                            text=True, cwd=ROOT, check=False)
    for line in listed.stdout.splitlines():
        path = ROOT / line
        if path.suffix in {".py", ".md", ".toml", ".txt", ".svg", ".csv", ""} and path.is_file():
            found = private.search(path.read_text(encoding="utf-8", errors="replace"))
            assert not found, f"{line}: {found and found.group()}"


def test_the_top_level_is_fixed() -> None:
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], capture_output=True,
                            text=True, cwd=ROOT, check=False).stdout.splitlines()
    top = {line.partition("/")[0] for line in listed}
    allowed = {"pyproject.toml", "README.md", "LICENSE", "studio", "resources", "tests", "packaging"}
    assert {name for name in top if not name.startswith(".")} <= allowed
