"""A map of five clips in a cross, for the tests of the map and of its tools."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from studio.gui.widgets.feature_map import FeatureMap

CROSS = np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]], np.float32)
MIDDLE, RIGHT, LEFT, UP, DOWN = range(5)


@pytest.fixture
def feature_map(qapp: QApplication) -> Iterator[FeatureMap]:
    made = FeatureMap(name="map", title="Map")
    made.resize(400, 300)
    made.show()
    made.set_points(CROSS)
    qapp.processEvents()
    yield made
    made.hide()
    made.deleteLater()
