"""Fine-tuning: options, a label that shows is learned, shuffled labels are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from studio.engine.errors import UsageError
from studio.engine.evaluation.finetune import Course, finetune
from studio.engine.evaluation.finetuning import Finetuning, make_finetuning
from studio.engine.evaluation.linear_probe import Split
from studio.engine.events import Event
from studio.engine.inspection.embedding import Embedder
from studio.engine.project import Project
from studio.engine.recipe import make_recipe
from studio.engine.training.network import build_network
from studio.engine.video.footage import open_footage
from studio.engine.video.ingest import scan
from tests.clips import draw_frame, write_clip


def test_the_published_settings() -> None:
    options = make_finetuning(published=True)
    assert (options.optimiser, options.learning_rate, options.momentum, options.weight_decay, options.batch_size,
            options.epochs, options.schedule) == ("sgd", 1e-3, 0.9, 5e-4, 8, 150, "constant")
    assert options.published and options.steps_of(20) == 150 * 3
    assert not Finetuning().published and Finetuning().steps_of(20) == 60
    assert not make_finetuning(published=True, settings=["batch_size=16"]).published


def test_settings_change_an_option() -> None:
    options = make_finetuning(settings=["learning_rate=0.01", "finetune.epochs=2"])
    assert (options.learning_rate, options.epochs, options.steps, options.steps_of(17)) == (0.01, 2, 0, 6)
    assert make_finetuning(published=True, steps=5).steps_of(999) == 5


@pytest.mark.parametrize(("setting", "said"), [
    ("rate=1", "no such option"), ("epochs", "no such option"), ("batch_size=1", "greater than or equal to 2"),
    ("optimiser=lion", "adamw"), ("steps=0", "either steps or epochs")])
def test_an_option_that_does_not_fit_says_so(setting: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make_finetuning(settings=[setting])


def _tinted(number: int, *, width: int, height: int, seed: int, still: bool) -> np.ndarray:
    picture = draw_frame(number, width=width, height=height, seed=seed, still=still)
    return np.clip(picture * ([0.4, 0.9, 1.3] if seed % 2 else [1.3, 0.9, 0.4]), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def embedders(tmp_path_factory: pytest.TempPathFactory, tiny_recipe: dict[str, Any]) -> Any:
    """Makes an untrained network on sixteen clips, blue and red in turn."""
    folder = tmp_path_factory.mktemp("tinted")
    for seed in range(16):
        write_clip(folder / "v" / f"{seed:02}.mp4", frames=12, draw=_tinted, seed=seed)
    project = Project.create(folder / "P")
    list(scan(project, [folder / "v"], workers=1))
    recipe = make_recipe(tiny_recipe, ["augmentation.input_pixels=32", "sampling.clip_frames=4"])

    def make() -> Embedder:
        return Embedder(open_footage(project), recipe, build_network(recipe).backbone, torch.device("cpu"))

    return make


LABEL_V = np.arange(16) % 2
SPLIT = Split(np.arange(8), np.arange(8, 16))


def _finished(events: Any) -> tuple[list[Event], Any]:
    heard = []
    while True:
        try:
            heard.append(next(events))
        except StopIteration as end:
            return heard, end.value


@pytest.mark.parametrize("setting", ["schedule=cosine", "held_out_share=0.3", "schedule=constant"])
def test_what_shows_is_learned_and_shuffled_labels_are_not(setting: str, embedders: Any) -> None:
    options = make_finetuning(settings=["steps=30", "learning_rate=0.002", setting])
    _, answer_Q = _finished(finetune(embedders(), LABEL_V, SPLIT, options=options, seed=1))
    assert (answer_Q == LABEL_V[SPLIT.test]).mean() == 1
    shuffled_V = np.concatenate([[0, 0, 1, 1, 0, 0, 1, 1], LABEL_V[8:]])  # as many blue as red under either label
    _, answer_Q = _finished(finetune(embedders(), shuffled_V, SPLIT, options=options, seed=1))
    assert (answer_Q == LABEL_V[SPLIT.test]).mean() <= 0.75


def test_several_trainings_are_one_course_and_stop_between_steps(embedders: Any) -> None:
    options, course = make_finetuning(steps=3), Course(trainings=2, steps=3)
    heard: list[Event] = []
    for _ in range(2):
        events, answer_Q = _finished(finetune(embedders(), LABEL_V, SPLIT, options=options, course=course))
        heard += events
        course.next()
        assert len(answer_Q) == 8
    steps = [(event.done, event.total) for event in heard if getattr(event, "phase", "") == "fine-tuning"]
    assert steps == [(done, 6) for done in range(6)]
    asked = iter([False, True])
    events, answer_Q = _finished(finetune(embedders(), LABEL_V, SPLIT, options=options, stop=lambda: next(asked)))
    assert answer_Q is None and len(events) == 1
