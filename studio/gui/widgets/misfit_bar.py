"""Why a recipe does not work, with a button that sets the option at fault to what the engine asks for."""

from __future__ import annotations

import json
import re
from typing import Any

from PySide6.QtWidgets import QBoxLayout

from studio.gui.blocks import button
from studio.gui.dealing import sentence_of
from studio.gui.failure_bar import FailureBar
from studio.gui.forms import value_text
from studio.gui.recipes import changed
from studio.gui.session import Session
from studio.gui.texts import said
from studio.gui.widgets.recipe_choice import RecipeChange
from studio.gui.words import counted, number

_SETTING = re.compile(r" \((\w+\.\w+)=([^()]*)\)")
"""An option and its value as a remedy of the engine names them."""


class MisfitBar(FailureBar):
    """Hides until a refusal is told; what its button does can be taken back."""

    def __init__(self, session: Session, *, page: str) -> None:
        self.mend = button("", name=f"{page}.mend", clicked=self._mend)
        self.mend.setAccessibleName(said("Set it to what fits"))  # until it is known what that is
        super().__init__(session, name=f"{page}.problem", again=self.mend)
        self.buttons.setDirection(QBoxLayout.Direction.TopToBottom)  # it stands in a narrow column
        self._key, self._wanted = "", None

    def tell(self, message: str, remedy: str = "", details: str = "") -> None:
        self.mend.hide()
        super().tell(message, remedy, details)

    def tell_refusal(self, error: dict[str, Any]) -> None:
        sentence, remedy = sentence_of(error)
        self.tell(sentence, _SETTING.sub("", remedy))
        found = _SETTING.search(remedy)
        self.mend.setVisible(found is not None)
        if found is not None:
            self._key, self._wanted = found.group(1), setting_value(found.group(2))
            value = value_text(self._wanted)
            self.mend.setText(said("Set it to {value}", value=value))
            self.mend.setAccessibleName(said("Set {option} to {value}", option=said(str(error.get("value", ""))),
                                             value=value))

    def tell_span(self, frames: int) -> bool:
        """Say when no video is as long as a tuple; tells whether one is, or there are none."""
        longest = max((video.frames for video in self._session.usable_videos), default=frames)
        if longest < frames:
            self.tell(said("No video is long enough: a tuple spans {span}, the longest video has {longest}.",
                           span=counted(frames, "frame"), longest=number(longest)),
                      said("Take fewer or shorter clips, or put them closer together."))
        else:
            self.set_value("")
        return longest >= frames

    def _mend(self) -> None:
        session = self._session
        session.undo.push(RecipeChange(session, changed(session.recipe, self._key, self._wanted),
                                       self.mend.accessibleName()))


def setting_value(written: str) -> Any:
    """Read the value of a setting as the command line takes it: JSON, or else a word."""
    try:
        return json.loads(written)
    except ValueError:
        return written
