"""The line that says what is waited for."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from studio.gui.widgets.waiting import Waiting
from tests.gui.conftest import settle


def test_a_long_sentence_needs_no_more_room_than_there_is(qapp: QApplication) -> None:
    line = Waiting(name="a", can_stop=True)
    line.start("Starting the preview worker, which knows the tasks and networks")
    line.show()
    room = line.sizeHint().width()
    line.resize(room - 100, line.height())
    settle()
    assert line.width() == room - 100, "it does not make its page scroll sideways"
    assert line._words.shown().endswith("…") and line._words.toolTip() == line.value()
    line.resize(room, line.height())
    settle()
    assert line._words.shown() == line.value(), "all of it where there is room"
    line.stop()
    line.close()
    line.deleteLater()
