"""The pace as a second question: what is dealt, where it lies, and what is asked about it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.engine import sampling as s
from studio.engine.augmentation import Augmentation
from studio.engine.errors import RecipeError
from studio.engine.recipe import load_recipe
from studio.engine.sampling import Sampling, Windows, deal_tuples, place_elements
from studio.engine.tasks.clip_order import ClipOrder
from studio.engine.tasks.task import truth_of
from studio.engine.terms.pace import Pace
from tests.engine.shapes import even_shape

PACED = Sampling(tuple_length=2, clip_frames=4, frame_stride=2, interval_frames=3, paces=[1, 2, 4])


def test_a_window_has_room_for_the_fastest_pace() -> None:
    assert (PACED.element_span_frames, PACED.clip_span_frames) == (25, 7)
    assert PACED.span_frames == 2 * 25 + 3


def test_elements_of_every_pace_keep_their_steps_their_gap_and_their_window() -> None:
    pace_B = np.array([1, 2, 4] * 40)
    start_B = np.arange(120)
    windows = Windows(start_B, start_B + PACED.span_frames, pace_B, [even_shape(300)] * 120)
    frames_BEF = place_elements(windows, sampling=PACED, rng=np.random.default_rng(1))
    assert (np.diff(frames_BEF, axis=2) == 2 * pace_B[:, None, None]).all()
    assert (frames_BEF[:, 1, 0] - frames_BEF[:, 0, -1] > PACED.interval_frames).all()
    assert (frames_BEF.min((1, 2)) >= windows.start_B).all() and (frames_BEF.max((1, 2)) < windows.stop_B).all()
    at_rest = frames_BEF[pace_B == 4] - start_B[pace_B == 4, None, None]
    assert (at_rest == at_rest[0]).all(), "the fastest pace fills its window, so there is one place for it"
    assert len({tuple(row) for row in frames_BEF[pace_B == 1, :, 0] - start_B[pace_B == 1, None]}) > 10


def test_each_tuple_is_dealt_a_pace_and_the_label_is_its_place() -> None:
    tuples = deal_tuples([even_shape(200)], np.zeros(300, np.int64), task=ClipOrder(sampling=PACED), sampling=PACED,
                         augmentation=Augmentation(), rng=np.random.default_rng([1, s.TRAIN]))
    assert np.bincount(tuples.pace_B).min() > 70 and len(np.bincount(tuples.pace_B)) == 3
    step_BE = np.diff(tuples.frames_BEF, axis=2)[:, :, 0]
    assert (step_BE == 2 * np.array(PACED.paces)[tuples.pace_B][:, None]).all()


def test_every_element_is_asked_for_the_pace_of_its_tuple() -> None:
    term = Pace(sampling=PACED)
    assert term.head(9)(torch.zeros(2, 2, 9)).shape == (2, 2, 3)
    tuples = deal_tuples([even_shape(200)], np.zeros(6, np.int64), task=ClipOrder(sampling=PACED), sampling=PACED,
                         augmentation=Augmentation(), rng=np.random.default_rng(2))
    truth = truth_of(tuples, "cpu")
    right = 20 * torch.nn.functional.one_hot(truth.pace_B, 3)[:, None].expand(-1, 2, -1)
    assert float(term.loss(right, truth)) < 1e-6
    assert float(term.loss(torch.zeros(6, 2, 3), truth)) == pytest.approx(np.log(3))
    assert float(term.loss(right.roll(1, dims=2), truth)) == pytest.approx(20, abs=1e-3), "a broken twin must fail"


@pytest.mark.parametrize(("settings", "said"), [
    (["sampling.paces=[1]"], "sampling.paces = [1] with clips of 16 frames shows only one"),
    (["sampling.paces=[1, 2]", "sampling.clip_frames=1"], "clips of 1 frames shows only one"),
    (["sampling.paces=[2, 1]"], "paces are different whole numbers from 1 to 16, the slowest first"),
    (["sampling.paces=[1, 1]"], "paces are different whole numbers"),
    (["sampling.paces=[1, 17]"], "paces are different whole numbers")])
def test_what_does_not_fit_is_said_in_a_sentence(settings: list[str], said: str) -> None:
    with pytest.raises(RecipeError) as refused:
        load_recipe("clip-order", [*settings, "terms.pace.weight=1.0"])
    assert said in str(refused.value) and refused.value.remedy
