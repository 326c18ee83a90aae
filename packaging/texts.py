"""Collect the texts of the window for a translation: `python packaging/texts.py OUT.ts [LANGUAGE]`.

They are those of its own modules, of the glossary, and what the engine calls its recipes, tasks, networks and options.
Sentences that the engine makes of figures, such as verdicts and reasons, are not among them: they stay English.

The file is opened with `pyside6-linguist`, and `pyside6-lrelease OUT.ts -qm resources/translations/studio_de.qm` makes
what the window loads on a system of that language. Texts that OUT.ts has translated already stay translated.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONTEXT = "studio"
SPOKEN = {"said": 0, "noted": 0, "label": 0, "button": 0, "CheckBox": 0, "Figure": 0, "Fold": 0, "Entry": 1,
          "Shortcut": 1, "Teaching": 1}
"""Which argument of a call is a text of the window."""
NAMED = {"tip", "title"}
"""Arguments by name that are texts wherever they are."""
ATTRIBUTES = {"title", "summary"}
"""What pages say of themselves in their class."""
ENGINE_CALLS = {"Field": {"title", "description", "unit"}, "Progress": {"unit", "detail"}}
"""Arguments by name, and keys of dictionaries among the arguments, that the window says as the engine gives them."""
ENGINE_ATTRIBUTES = {"title", "question", "learns", "paper"}
"""What tasks, terms and networks say of themselves in their class."""
RECIPE_TEXTS = ("title", "summary", "paper")


def texts_of(source: str) -> Iterator[tuple[str, bool, int]]:
    """The texts in a module's source, each with whether it is counted (`{count} video(s)`), and its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "counted" and len(node.args) > 1:
                yield from ((f"{{count}} {noun}(s)", True, node.lineno) for noun in _literals(node.args[1]))
            elif name in SPOKEN and len(node.args) > SPOKEN[name]:
                yield from ((text, False, node.lineno) for text in _literals(node.args[SPOKEN[name]]))
            for keyword in node.keywords:
                if keyword.arg in NAMED:
                    yield from ((text, False, node.lineno) for text in _literals(keyword.value))
        elif isinstance(node, ast.ClassDef):
            yield from ((text, False, line) for text, line in _attributes(node, ATTRIBUTES))


def engine_texts_of(source: str) -> Iterator[tuple[str, int]]:
    """The texts in a module of the engine that the window says, each with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ENGINE_CALLS:
            wanted = ENGINE_CALLS[node.func.id]
            named = [(keyword.arg, keyword.value) for keyword in node.keywords]
            named += [(key.value, value) for _name, given in named if isinstance(given, ast.Dict)
                      for key, value in zip(given.keys, given.values, strict=True) if isinstance(key, ast.Constant)]
            yield from ((text, node.lineno) for name, value in named if name in wanted for text in _literals(value))
        elif isinstance(node, ast.ClassDef):
            yield from _attributes(node, ENGINE_ATTRIBUTES)


def collect(root: Path = ROOT) -> dict[str, tuple[bool, str, int]]:
    """Every text of the window, once: whether it is counted, and where it was found."""
    found: dict[str, tuple[bool, str, int]] = {}
    for path in sorted((root / "studio" / "gui").rglob("*.py")):
        for text, counted, line in texts_of(path.read_text(encoding="utf-8")):
            found.setdefault(text, (counted, path.relative_to(root).as_posix(), line))
    for path in sorted((root / "studio" / "engine").rglob("*.py")):
        for text, line in engine_texts_of(path.read_text(encoding="utf-8")):
            found.setdefault(text, (False, path.relative_to(root).as_posix(), line))
    for path in sorted((root / "resources" / "recipes").glob("*.toml")):
        recipe = tomllib.loads(path.read_text(encoding="utf-8"))
        told = [str(recipe[key]) for key in RECIPE_TEXTS if recipe.get(key)]
        for text in (*told, _first_sentence(recipe.get("summary", ""))):
            found.setdefault(text, (False, path.relative_to(root).as_posix(), 1))
    for word, meaning in json.loads((root / "resources" / "glossary.json").read_text(encoding="utf-8")):
        for text in (word, meaning):
            found.setdefault(text, (False, "resources/glossary.json", 1))
    return found


def write(path: Path, language: str, *, root: Path = ROOT) -> int:
    """Write the texts as Qt's TS file; returns how many are not translated yet."""
    before = {} if not path.exists() else {
        message.findtext("source", ""): message.find("translation") for message in ET.parse(path).iter("message")}
    tree = ET.Element("TS", version="2.1", language=language, sourcelanguage="en")
    context = ET.SubElement(tree, "context")
    ET.SubElement(context, "name").text = CONTEXT
    missing = 0
    for text, (counted, where, line) in collect(root).items():
        message = ET.SubElement(context, "message", {"numerus": "yes"} if counted else {})
        ET.SubElement(message, "location", filename=where, line=str(line))
        ET.SubElement(message, "source").text = text
        known = before.get(text)
        if known is not None and known.get("type") != "unfinished":
            message.append(known)
            continue
        missing += 1
        translation = ET.SubElement(message, "translation", type="unfinished")
        if counted:
            ET.SubElement(translation, "numerusform")
    ET.indent(tree)
    path.write_bytes(b'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n' + ET.tostring(tree, encoding="utf-8"))
    return missing


def _first_sentence(text: str) -> str:
    """What a card says of a recipe."""
    return re.split(r"(?<=[.?!])\s", text, maxsplit=1)[0]


def _literals(node: ast.expr) -> Iterator[str]:
    """The plain texts of an argument, in both branches of a condition too."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and any(map(str.isalpha, node.value)):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)


def _attributes(node: ast.ClassDef, wanted: set[str]) -> Iterator[tuple[str, int]]:
    for part in node.body:
        if isinstance(part, ast.Assign):
            for target in part.targets:
                pairs = zip(target.elts, part.value.elts, strict=False) if isinstance(target, ast.Tuple) and isinstance(
                    part.value, ast.Tuple) else [(target, part.value)]
                for name, value in pairs:
                    if isinstance(name, ast.Name) and name.id in wanted:
                        yield from ((text, part.lineno) for text in _literals(value))


def main(arguments: list[str]) -> int:
    """Write the file; returns the exit code."""
    if not 1 <= len(arguments) <= 2:
        print(__doc__, file=sys.stderr)
        return 2
    path = Path(arguments[0])
    missing = write(path, arguments[1] if len(arguments) > 1 else path.stem.rpartition("_")[2])
    print(f"{len(collect())} texts, {missing} not translated yet")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
