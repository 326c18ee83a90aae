"""Second questions and second losses beside the pretext task, by the name that recipes use."""

from studio.engine.terms.contrast import Contrast
from studio.engine.terms.pace import Pace
from studio.engine.terms.term import Term

TERMS: dict[str, type[Term]] = {"contrast": Contrast, "pace": Pace}
