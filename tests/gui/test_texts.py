"""Texts of the window go through Qt's translation, with what changes kept out of them; Qt's own tools read them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import PySide6
import pytest
import texts
from PySide6.QtCore import QCoreApplication, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from studio.engine.files import resource
from studio.gui.blocks import label
from studio.gui.texts import install_translation, said
from studio.gui.words import counted, duration, frames_text, ordinal

GERMAN = {"Deal me another": ["Neue ziehen"], "{right} of {asked} right": ["Von {asked} sind {right} richtig"],
          "{count} video(s)": ["{count} Video", "{count} Videos"], "Undo": ["{nothing} zurück"],
          "{options} changed": ["{other} geändert"], "{number}th": ["{number}."]}


@pytest.fixture(scope="module")
def translations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a German translation of some texts, made with the tools that a translator uses."""
    folder = tmp_path_factory.mktemp("translations")
    path = folder / "studio_de.ts"
    assert texts.main([str(path)]) == 0
    tree = ElementTree.parse(path)
    for message in tree.iter("message"):
        if forms := GERMAN.get(message.findtext("source", "")):
            translation = message.find("translation")
            assert translation is not None
            translation.clear()
            if message.get("numerus"):
                for form in forms:
                    ElementTree.SubElement(translation, "numerusform").text = form
            else:
                translation.text = forms[0]
    tree.write(path, encoding="utf-8")
    assert texts.main([str(path)]) == 0, "what is translated stays so when the texts are collected again"
    tool = Path(PySide6.__file__).parent / ("lrelease.exe" if sys.platform == "win32" else "lrelease")
    if not tool.exists():
        pytest.skip("this Qt has no lrelease")
    subprocess.run([tool, path, "-qm", folder / "studio_de.qm"], check=True, capture_output=True)
    return folder


@pytest.fixture
def german(qapp: QApplication, translations: Path) -> Iterator[None]:
    made = QTranslator()
    assert made.load(QLocale("de_DE"), "studio", "_", str(translations))
    QCoreApplication.installTranslator(made)
    yield
    QCoreApplication.removeTranslator(made)


def test_a_text_is_said_in_the_language_and_filled_in_afterwards(german: None) -> None:
    assert said("Deal me another") == "Neue ziehen"
    assert said("{right} of {asked} right", right=3, asked=10) == "Von 10 sind 3 richtig"
    assert (counted(1, "video"), counted(2, "video")) == ("1 Video", "2 Videos")
    assert counted(2, "frame") == "2 frames", "what has no translation is said in English"
    assert ordinal(3) == "3."
    made = label("Deal me another")
    assert made.text() == "Neue ziehen"
    made.deleteLater()


def test_a_translation_with_other_braces_is_not_used(german: None) -> None:
    assert said("{options} changed", options="2 options") == "2 options changed"
    assert said("Undo") == "{nothing} zurück", "without values braces are only braces"


def test_without_a_translation_all_is_english(qapp: QApplication) -> None:
    assert said("{right} of {asked} right", right=3, asked=10) == "3 of 10 right"
    assert said("") == "" and ordinal(22) == "22nd" and duration(5 * 86400) == "5 days"
    assert frames_text([12, 14, 16]) == "frames 12–16, every 2nd"
    assert not install_translation(qapp, QLocale("de_DE")) or resource("translations").is_dir()


def test_texts_are_collected_wherever_they_stand() -> None:
    source = ('label("One" if x else "Two")\nbutton("Three", name="a.b", tip="Four")\ncounted(n, "video")\n'
              'said(f"not {this}")\nTeaching(Hero(), "Six")\nclass P:\n    title, icon = "Five", "six"\n')
    assert {text: counts for text, counts, _line in texts.texts_of(source)} == {
        "One": False, "Two": False, "Three": False, "Four": False, "{count} video(s)": True, "Five": False,
        "Six": False}
    found = texts.collect()
    assert {"Deal me another", "Sampling", "{count} possible answer(s)", "Larger text"} <= set(found)
    assert len(found) > 400


def test_what_the_engine_calls_things_is_collected_too() -> None:
    source = ('Field(1, title="One", description="Two", json_schema_extra={"unit": "frames", "x": "no"})\n'
              'report(title="no")\nclass T:\n    question = "Three?"\n    other = "no"\n')
    assert {text for text, _line in texts.engine_texts_of(source)} == {"One", "Two", "frames", "Three?"}
    assert {"Weight decay", "Which of these clips is out of order?", "Quick look"} <= set(texts.collect())
