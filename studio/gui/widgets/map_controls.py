"""What is chosen about the map: how it is drawn, what colours mean, what dragging does, whose clips are joined."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.gui.blocks import button, label, row
from studio.gui.texts import noted, said
from studio.gui.widgets.editors import CheckBox, ChoiceBox, label_of
from studio.gui.widgets.feature_map import HOW_TO
from studio.gui.widgets.flow import FlowLayout
from studio.gui.widgets.map_legend import COLOUR_BY

METHODS = {"directions": noted("The two largest directions"), "neighbours": noted("Keep neighbours together")}
_TOOLS = {"point": noted("Moves the map"), "rectangle": noted("Takes a rectangle"), "lasso": noted("Takes by lasso")}
_WHY_METHOD = noted("The two largest directions are drawn at once, but clips that look near may be far apart. Keeping "
                    "neighbours together (t-SNE) takes a while and shows clusters; distances between them say nothing.")


class MapControls(QWidget):
    """Edits how the map is shown. Each choice has a signal of its own; `whole_wanted` and `save_wanted` are buttons."""

    method_changed = Signal(str)
    colour_changed = Signal(str)
    tool_changed = Signal(str)
    joined_changed = Signal(bool)
    whole_wanted = Signal()
    save_wanted = Signal()

    def __init__(self, *, name: str, by_label: bool) -> None:
        super().__init__()
        self.method_box = _box(list(METHODS.items()), name=f"{name}.method", title="How the map is drawn",
                               about=_WHY_METHOD, letters=24)
        self.method_box.setToolTip(said(_WHY_METHOD))
        self.method_box.value_changed.connect(self.method_changed.emit)
        self.colour_box = _box(list(COLOUR_BY.items()), name=f"{name}.colour_by", title="Colour by",
                               about=noted("What the colours of the map mean"), letters=14)
        self.colour_box.set_value("label" if by_label else "folder")
        self.colour_box.value_changed.connect(self.colour_changed.emit)
        self.tool_box = _box(list(_TOOLS.items()), name=f"{name}.tool", title="What dragging does", about=HOW_TO,
                             letters=16)
        self.tool_box.setToolTip(said(HOW_TO))
        self.tool_box.value_changed.connect(self.tool_changed.emit)
        self.joined = CheckBox(said("Join a video's clips in time"))
        label_of(self.joined, name=f"{name}.trajectory", title=self.joined.text(),
                 about=said("Draws a line through the clips of the video pointed at, or of the query, from start to "
                            "end"))
        self.joined.value_changed.connect(self.joined_changed.emit)
        self._lay_out(name)

    def method(self) -> str:
        """Give how the map shall be drawn."""
        return str(self.method_box.value())

    def _lay_out(self, name: str) -> None:
        self._flow = flow = FlowLayout(self, spacing=12, centred=True)
        for title, box in ((noted("Drawn by"), self.method_box), (noted("Colour by"), self.colour_box),
                           (noted("Dragging"), self.tool_box)):
            held = QWidget()
            caption = label(title, "caption")
            caption.setBuddy(box)
            line = row(caption, box)
            line.setContentsMargins(0, 0, 0, 0)
            held.setLayout(line)
            flow.addWidget(held)
        self.joined.setMinimumHeight(self.method_box.sizeHint().height())  # or it stands above the middle of its line
        for widget in (self.joined,
                       button("Whole map", name=f"{name}.whole", kind="plain", clicked=self.whole_wanted.emit,
                              tip="Bring all clips into sight (0 on the map)"),
                       button("Save map…", name=f"{name}.save_map", icon_name="save", clicked=self.save_wanted.emit,
                              tip="Save both maps with their legend as a PNG")):
            flow.addWidget(widget)


def _box(choices: list[tuple[str, str]], *, name: str, title: str, about: str, letters: int) -> ChoiceBox:
    box = ChoiceBox(choices)
    label_of(box, name=name, title=title, about=about)
    box.setMinimumContentsLength(letters)
    return box
