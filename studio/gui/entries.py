"""The pages of the window, in working order. Their modules are loaded when a page is first needed."""

from __future__ import annotations

from studio.gui.rail import Entry

START = Entry("start", "Projects", "folder", "start", "StartPage")
"""What is shown while no project is open."""

ENTRIES = (
    Entry("library", "Library", "library", "library", "LibraryPage"),
    Entry("sampling", "Sampling", "sampling", "sampling", "SamplingPage"),
    Entry("task", "Task", "task", "task", "TaskPage"),
    Entry("training", "Train", "training", "training", "TrainingPage", key="train"),
    Entry("inspect", "Inspect", "inspect", "inspect", "InspectPage"),
    Entry("neighbours", "Neighbours", "neighbours", "neighbours", "NeighboursPage"),
    Entry("evaluate", "Evaluate", "evaluate", "evaluate", "EvaluatePage"),
)

MACHINE = Entry("doctor", "This machine", "chip", "doctor", "DoctorPage", always=True)
"""What works on this machine; reached from the rail's foot, the status line and the start page."""
