"""The errors that a person may read: each names the value, the rule it broke and the remedy."""

from __future__ import annotations


class StudioError(Exception):
    """A failure that the studio foresaw.

    `value` is what was given or met, `rule` what it broke, `remedy` what to do now.
    `exit_code` is what the command line ends with: 1 the work failed, 2 wrong usage.
    """

    exit_code = 1

    def __init__(self, value: str, rule: str, remedy: str) -> None:
        self.value, self.rule, self.remedy = value, rule, remedy
        super().__init__(value, rule, remedy)

    def __str__(self) -> str:
        return f"{self.value}: {self.rule}. {self.remedy}"


class UsageError(StudioError):
    """A wrong name, option or value given by the person."""

    exit_code = 2


class ProjectError(StudioError):
    """A project folder that cannot be opened, read or extended."""


class VideoError(StudioError):
    """A video that cannot be read, or not as far as needed."""


class RecipeError(UsageError):
    """An unknown recipe, task, backbone or option, or a value outside its range."""


class MachineError(StudioError):
    """What the machine lacks: a GPU, memory, disk space, a library."""


class CheckpointError(StudioError):
    """A checkpoint or weights file that is damaged, foreign or does not fit."""


class TrainingError(StudioError):
    """A training run that cannot go on."""
