"""Every text of the window goes through `said`, so that a translation can be laid over it.

The English text is the key. What changes stands in braces and is filled in afterwards, so that a language can put it
elsewhere: `said("{done} of {total} videos", done=3, total=8)`, never an f-string. `python packaging/texts.py OUT.ts`
collects the texts for Qt Linguist; `resources/translations/studio_de.qm` is what a German system then loads.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLocale, QTranslator

from studio.engine.errors import MachineError
from studio.engine.files import resource

CONTEXT = "studio"


def said(text: str, /, **values: object) -> str:
    """Say a text in the language of the window, with the values in the places that it names in braces."""
    shown = QCoreApplication.translate(CONTEXT, text) if text else ""
    if not values:
        return shown
    try:
        return shown.format(**values)
    except (KeyError, IndexError, ValueError):  # a translation with other braces
        return text.format(**values)


def said_count(noun: str, *, count: int, number: str) -> str:
    """Say a number of things in a language with forms of its own for few and many; "" where there is none.

    The key is `{count} video(s)`, and a translation has as many forms as its language needs.
    """
    key = f"{{count}} {noun}(s)"
    shown = QCoreApplication.translate(CONTEXT, key, None, count)
    return "" if shown == key else shown.replace("{count}", number)


def noted(text: str) -> str:
    """Note a text that is said later: it is only marked, so that it is found when texts are collected."""
    return text


def install_translation(application: QCoreApplication, locale: QLocale) -> bool:
    """Load the translation into the system's language; tells whether there is one."""
    try:
        folder: Path = resource("translations")
    except MachineError:
        return False
    translator = QTranslator(application)
    return translator.load(locale, "studio", "_", str(folder)) and application.installTranslator(translator)
