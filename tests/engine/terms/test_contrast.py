"""NT-Xent against a computation of its own, pair by pair. Legend: B tuples, E elements, N elements of a batch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from studio.engine.sampling import Sampling
from studio.engine.tasks.task import Truth
from studio.engine.terms.contrast import Contrast, ContrastOptions, nt_xent


def by_hand(features_ND: np.ndarray, video_N: list[int], temperature: float) -> float:
    """SimCLR's section 2, with every other element of the video as a positive in turn."""
    losses = []
    for i, one in enumerate(features_ND):
        alike = [math.exp(float(one @ other) / (np.linalg.norm(one) * np.linalg.norm(other)) / temperature)
                 for other in features_ND]
        others = sum(value for j, value in enumerate(alike) if j != i)
        losses += [-math.log(alike[j] / others) for j in range(len(features_ND))
                   if j != i and video_N[i] == video_N[j]]
    return float(np.mean(losses))


@pytest.mark.parametrize("temperature", [0.07, 0.5])
@pytest.mark.parametrize("video_N", [[0, 0, 1, 1, 2, 2], [4, 4, 4, 7, 7, 7], [0, 1, 1, 2, 3, 1]])
def test_it_is_the_loss_that_a_loop_over_pairs_gives(video_N: list[int], temperature: float) -> None:
    features_ND = np.random.default_rng(len(video_N)).normal(size=(6, 5))
    found = nt_xent(torch.from_numpy(features_ND), torch.tensor(video_N), temperature=temperature)
    assert float(found) == pytest.approx(by_hand(features_ND, video_N, temperature), rel=1e-5)


def test_two_videos_worked_by_hand() -> None:
    """Both elements of a video are alike, the videos at right angles: -log(e / (e + 1 + 1)) at temperature 1."""
    features_ND = torch.tensor([[2.0, 0], [1, 0], [0, 3], [0, 1]])
    alike = nt_xent(features_ND, torch.tensor([0, 0, 1, 1]), temperature=1.0)
    assert float(alike) == pytest.approx(math.log(2 + math.e) - 1)
    wrong = nt_xent(features_ND, torch.tensor([0, 1, 0, 1]), temperature=1.0)
    assert float(wrong) == pytest.approx(math.log(2 + math.e))


def test_its_gradient_draws_one_video_together_and_pushes_strangers_away() -> None:
    features_ND = torch.tensor([[1.0, 0.2], [0.2, 1.0], [1.0, -0.5]], requires_grad=True)
    nt_xent(features_ND, torch.tensor([0, 0, 1]), temperature=0.5).backward()
    assert features_ND.grad is not None
    moved = torch.nn.functional.normalize((features_ND - 0.05 * features_ND.grad).detach(), dim=1)
    before = torch.nn.functional.normalize(features_ND.detach(), dim=1)
    assert moved[0] @ moved[1] > before[0] @ before[1]
    assert moved[0] @ moved[2] < before[0] @ before[2]


def test_without_two_of_a_video_there_is_nothing_to_learn() -> None:
    features_ND = torch.randn(4, 3, generator=torch.Generator().manual_seed(1)).requires_grad_()
    loss = nt_xent(features_ND, torch.arange(4), temperature=0.1)
    loss.backward()
    assert loss.item() == 0
    assert features_ND.grad is not None and not features_ND.grad.any()


def test_features_of_no_length_and_half_precision_stay_finite() -> None:
    assert torch.isfinite(nt_xent(torch.zeros(4, 3), torch.tensor([0, 0, 1, 1]), temperature=0.05))
    large = 300 * torch.ones(4, 64, dtype=torch.bfloat16)
    assert torch.isfinite(nt_xent(large, torch.tensor([0, 0, 1, 1]), temperature=0.05))


def test_the_term_takes_all_elements_of_a_tuple_as_one_video() -> None:
    """Two tuples of one video attract each other too: elements are told apart by video and not by tuple."""
    term = Contrast(sampling=Sampling(), options=ContrastOptions(temperature=0.2))
    outputs_BED = torch.randn(3, 2, 4, generator=torch.Generator().manual_seed(2))
    found = term.loss(outputs_BED, _truth(torch.tensor([5, 5, 9])))
    expected = by_hand(outputs_BED.flatten(0, 1).double().numpy(), [5, 5, 5, 5, 9, 9], 0.2)
    assert float(found) == pytest.approx(expected, rel=1e-5)
    assert term.head(7)(torch.zeros(3, 2, 7)).shape == (3, 2, 128)


def _truth(video_B: torch.Tensor) -> Truth:
    count = len(video_B)
    return Truth(label_B=torch.zeros(count, dtype=torch.long), order_BE=torch.zeros(count, 2, dtype=torch.long),
                 affine_BE5=torch.zeros(count, 2, 5), pace_B=torch.zeros(count, dtype=torch.long), video_B=video_B)
