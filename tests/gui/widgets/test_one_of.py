"""One of several widgets is shown, and takes no more room than it needs itself."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QWidget

from studio.gui.widgets.one_of import OneOf


def test_it_is_as_large_as_what_it_shows(qapp: QApplication) -> None:
    large, small = QWidget(), QWidget()
    large.setMinimumSize(300, 900)
    small.setMinimumSize(200, 100)
    one = OneOf(large, small)
    one.show()
    assert one.value() == 0 and large.isVisible() and not small.isVisible()
    assert one.minimumSizeHint().height() == 900
    one.set_value(1)
    assert one.value() == 1 and small.isVisible() and not large.isVisible()
    assert one.minimumSizeHint().height() == 100, "what is hidden takes no room"
    one.close()
    one.deleteLater()
