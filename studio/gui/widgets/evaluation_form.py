"""What is measured: the run, the protocol, and where the labels come from."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QLineEdit, QRadioButton, QVBoxLayout, QWidget

from studio.engine.errors import StudioError
from studio.engine.evaluation.labels import read_labels
from studio.gui.blocks import button, column, label, row
from studio.gui.file_choice import choose_file
from studio.gui.session import Session
from studio.gui.texts import noted, said
from studio.gui.theme import current_theme, set_kind
from studio.gui.widgets.editors import ChoiceBox, WholeNumberBox, label_of
from studio.gui.widgets.other_weights import OtherWeights
from studio.gui.widgets.run_choice import RunChoice, chosen_run, runs_with_weights
from studio.gui.words import counted, number

PROTOCOLS = {
    "retrieval": (noted("Retrieval"), noted("Do videos of one label find each other? Takes seconds to minutes.")),
    "linear": (noted("Linear probe"), noted("Can a straight line separate the labels? Takes seconds to minutes.")),
    "finetune": (noted("Fine-tuning"),
                 noted("Is it a good start for learning the labels? Trains twice, so it takes longest.")),
    "labels": (noted("How many labels?"),
               noted("Right answers with 1 to 100 % of the labels: what labelling would buy.")),
}
FOLDERS = "folders"


class EvaluationForm(QWidget):
    """Edits a protocol and labels; its value is (protocol, labels). `run_changed` tells of another run."""

    value_changed = Signal(object)

    def __init__(self, session: Session, *, prefix: str) -> None:
        super().__init__()
        self._session = session
        self._label_problem = ""
        self._seen: object = None
        self.run_choice = RunChoice(session, name=f"{prefix}.run_choice")
        self._protocols = QButtonGroup(self)
        self._source = ChoiceBox([(FOLDERS, noted("Names of the folders")), ("csv", noted("A CSV file"))])
        label_of(self._source, name=f"{prefix}.labels", title=said("Labels"), about=said("Where the labels come from"))
        self._file = QLineEdit()
        self._file.setObjectName(f"{prefix}.csv")
        self._file.setAccessibleName(said("CSV file with the columns path and label"))
        self._file.setPlaceholderText(said("file with path,label"))
        self._choose = button("Choose …", name=f"{prefix}.choose_csv", clicked=self._ask_for_file)
        self._csv = QWidget()
        beside = row(self._file, self._choose)
        beside.setContentsMargins(0, 0, 0, 0)
        self._csv.setLayout(beside)
        self._says = label("", "caption", wrap=True)
        self._seeds = WholeNumberBox(minimum=1, maximum=20)
        label_of(self._seeds, name=f"{prefix}.seeds", title=said("Repeats"),
                 about=said("Random networks to compare with, and trainings where labels are learned: more are surer"))
        self._other = OtherWeights(prefix=prefix)
        self._arrange(prefix)
        self._source.value_changed.connect(self._changed)
        self._file.editingFinished.connect(self._changed)
        self._protocols.idClicked.connect(self._changed)
        self._seeds.value_changed.connect(self._changed)
        self._other.value_changed.connect(self._changed)
        self._csv.hide()

    @property
    def problem(self) -> str:
        """Why this cannot be measured; nothing when it can."""
        return self._label_problem or self._other.problem

    def value(self) -> tuple[str, str]:
        """Give the protocol, and `folders` or the path of a CSV file."""
        chosen = list(PROTOCOLS)[max(0, self._protocols.checkedId())]
        return chosen, FOLDERS if self._source.value() == FOLDERS else self._file.text().strip()

    def more(self) -> list[str]:
        """Give the further arguments of `studio evaluate`: repeats, and other weights to put beside."""
        arguments = [] if self._seeds.value() == 1 else ["--seeds", str(self._seeds.value())]
        return arguments + (["--kinetics", self._other.value()] if self._other.value() else [])

    def set_value(self, protocol: str, labels: str = "") -> None:
        """Choose a protocol, and labels where they are given."""
        self._protocols.button(list(PROTOCOLS).index(protocol)).setChecked(True)
        if labels:
            self._source.set_value(FOLDERS if labels == FOLDERS else "csv")
            if labels != FOLDERS:
                self._file.setText(labels)
        self._changed()

    def refresh(self) -> None:
        """Show the session's runs, and what its videos' labels are."""
        self.run_choice.refresh()
        self._offer_others()
        self._read_labels()

    def _offer_others(self) -> None:
        """Offer the other runs of the same backbone: their weights fit."""
        chosen = chosen_run(self._session)
        runs = [run for run in runs_with_weights(self._session)
                if chosen and run.name != chosen.name and run.recipe.get("backbone") == chosen.recipe.get("backbone")]
        self._other.set_runs(runs)

    def _arrange(self, prefix: str) -> None:
        theme = current_theme()
        protocols = QVBoxLayout()
        protocols.setSpacing(theme.px(8))
        for place, (protocol, (title, about)) in enumerate(PROTOCOLS.items()):
            choice = QRadioButton(said(title))
            choice.setObjectName(f"{prefix}.{'budget' if protocol == 'labels' else protocol}")
            choice.setAccessibleName(said(title))
            choice.setAccessibleDescription(said(about))
            choice.setChecked(place == 0)
            self._protocols.addButton(choice, place)
            words = label(about, "caption", wrap=True)
            words.setContentsMargins(theme.px(28), 0, 0, 0)
            protocols.addLayout(column(choice, words, spacing=0))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.px(16))
        layout.addWidget(self.run_choice)
        layout.addLayout(protocols)
        layout.addLayout(column(label("Labels", "caption"), self._source, self._csv, self._says))
        layout.addLayout(column(label("Repeats", "caption"), self._seeds))
        layout.addLayout(column(label("Beside random weights", "caption"), self._other))

    def _changed(self, *_: object) -> None:
        self._csv.setVisible(self._source.value() != FOLDERS)
        self._read_labels()
        self.value_changed.emit(self.value())

    def _read_labels(self) -> None:
        """Look at the labels now, so that a wrong file is met before anything runs."""
        labels, videos = self.value()[1], self._session.usable_videos
        seen = labels, self._session.videos, _modified(labels)
        if seen == self._seen:
            return
        self._seen = seen
        self._label_problem = ""
        if not labels:
            self._label_problem = said("Choose a CSV file with the columns path and label.")
        elif videos:
            try:
                found = read_labels(videos, labels)
            except StudioError as error:
                self._label_problem = f"{error.rule[:1].upper()}{error.rule[1:]}. {error.remedy}."
            else:
                self._says.setText(said("{labels} on {count} of {videos}, {groups}.",
                                        labels=counted(len(found.names), 'label'), count=number(len(found.known)),
                                        videos=counted(len(videos), 'video'),
                                        groups=counted(len(set(found.group_V)), 'group')))
        if self._label_problem:
            self._says.setText(self._label_problem)
        set_kind(self._says, "warning" if self._label_problem and labels else "caption")

    def _ask_for_file(self) -> None:
        choose_file(self, said("Choose a CSV file with labels"), self._take_file,
                    start=Path(self._file.text()) if self._file.text() else None,
                    kinds=said("CSV files (*.csv);;All files (*)"))

    def _take_file(self, path: Path) -> None:
        self._file.setText(str(path))
        self._changed()


def _modified(labels: str) -> int:
    try:
        return 0 if labels == FOLDERS else Path(labels).stat().st_mtime_ns
    except OSError:
        return 0
