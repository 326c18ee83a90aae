"""What stands beside the trained weights: random ones, raw pixels, or another run."""

from __future__ import annotations

from studio.gui.session import Session
from studio.gui.texts import noted, said
from studio.gui.widgets.editors import ChoiceBox, label_of
from studio.gui.widgets.run_choice import chosen_run, runs_with_weights
from studio.gui.widgets.run_list import run_label

_ALWAYS = [("random", noted("Random weights")), ("pixels", noted("Raw pixels"))]
_WHY = noted("Random weights show what the network's shape alone finds, raw pixels what looks alike; another run shows "
        "what its training changed.")


class BesideChoice(ChoiceBox):
    """Edits what stands beside; its value is `random`, `pixels` or a run's name."""

    def __init__(self, session: Session, *, name: str, pixels: bool = True) -> None:
        self._always = _ALWAYS if pixels else _ALWAYS[:1]
        super().__init__(self._always)
        self._session = session
        label_of(self, name=name, title=noted("Beside"), about=_WHY)
        self.setToolTip(said(_WHY))
        self.setMinimumContentsLength(18)

    def refresh(self) -> None:
        """Offer the runs there are, but the one that is looked into."""
        chosen = chosen_run(self._session)
        others = [(run.name, said("Run {run}", run=run_label(run))) for run in runs_with_weights(self._session)
                  if chosen is None or run.name != chosen.name]
        wanted = [*self._always, *others]
        if [(self.itemData(place), self.itemText(place)) for place in range(self.count())] != wanted:
            self.set_choices(wanted)
