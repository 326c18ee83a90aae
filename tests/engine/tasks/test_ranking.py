"""Orders by ranking, against numbers worked by hand. Legend: B tuples, E elements."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from studio.engine import ranking
from studio.engine.recipe import load_recipe
from studio.engine.sampling import Sampling
from studio.engine.tasks.clip_order import ClipOrder, ClipOrderOptions
from studio.engine.tasks.task import noise_truth
from tests.engine.shapes import windows_at

SAMPLING = Sampling(tuple_length=3, clip_frames=2, interval_frames=1)


def task(*, elements: int = 3, merged: bool = False) -> ClipOrder:
    return ClipOrder(sampling=SAMPLING.model_copy(update={"tuple_length": elements}),
                     options=ClipOrderOptions(answer="ranking", merge_reversed=merged, hidden_features=64, dropout=0))


def test_the_chance_of_an_order_is_worked_by_hand() -> None:
    """Scores log 4, log 2, log 1 draw their own order with 4/7 x 2/3 x 1, and the reverse with 1/7 x 2/6."""
    scores_BE = torch.tensor([[4.0, 2, 1], [4, 2, 1]]).log()
    order_BE = torch.tensor([[0, 1, 2], [2, 1, 0]])
    found = ranking.log_likelihood(scores_BE, order_BE).exp()
    assert found.tolist() == pytest.approx([8 / 21, 1 / 21])
    merged = ranking.log_likelihood_merged(scores_BE, order_BE).exp()
    assert merged.tolist() == pytest.approx([9 / 21, 9 / 21])


def test_an_order_says_the_place_in_time_of_each_shown_element() -> None:
    """Shown are the last, the first and the middle one, with scores 1, 4 and 2: the highest is the earliest."""
    scores_BE, order_BE = torch.tensor([[1.0, 4, 2]]).log(), torch.tensor([[2, 0, 1]])
    assert ranking.order_of(scores_BE).tolist() == order_BE.tolist()
    assert float(ranking.log_likelihood(scores_BE, order_BE).exp()) == pytest.approx(8 / 21)
    assert float(ranking.pairs_right(scores_BE, order_BE)) == 1
    assert float(ranking.pairs_right(scores_BE, torch.tensor([[2, 1, 0]]))) == pytest.approx(2 / 3)


@pytest.mark.parametrize("elements", [2, 3, 4, 5])
def test_the_chances_of_all_orders_add_up_to_one(elements: int) -> None:
    scores_BE = torch.randn(1, elements, generator=torch.Generator().manual_seed(elements)).double()
    orders = torch.tensor(ranking.ranked_orders(elements))
    shares = ranking.log_likelihood(scores_BE.expand(len(orders), -1), orders).exp()
    assert float(shares.sum()) == pytest.approx(1, rel=1e-5)
    best = orders[shares.argmax()]
    assert ranking.order_of(scores_BE)[0].tolist() == best.tolist()


@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("elements", [2, 3, 5, 6])
def test_a_class_is_its_place_in_the_table(elements: int, merged: bool) -> None:
    table = ranking.ranked_orders(elements, merged=merged)
    assert len(table) == math.factorial(elements) // (2 if merged else 1)
    assert ranking.class_of(torch.tensor(table), merged=merged).tolist() == list(range(len(table)))
    every = torch.tensor(list(itertools.permutations(range(elements))))
    class_B = ranking.class_of(every, merged=merged)
    same_B = ranking.class_of(ranking.reversed_in_time(every), merged=merged)
    assert torch.equal(class_B, same_B) == merged


def test_guessing_costs_what_cross_entropy_does() -> None:
    for elements, merged in ((3, False), (4, False), (3, True), (8, False)):
        asked = task(elements=elements, merged=merged)
        truth = noise_truth(asked, 7, torch.Generator().manual_seed(1))
        assert float(asked.loss(torch.zeros(7, elements), truth)) == pytest.approx(asked.guessing.loss, rel=1e-5)


def test_answers_are_the_exact_order_and_their_share_is_its_chance() -> None:
    asked = task()
    scores_BE = torch.tensor([[1.0, 4, 2], [4, 2, 1]]).log()
    answer_B = asked.answers(scores_BE)
    assert [asked.label_text(int(answer)) for answer in answer_B] == ["shown as 3, 1, 2", "in order"]
    assert [asked.orders[answer] for answer in answer_B] == [(2, 0, 1), (0, 1, 2)]
    shares = asked.probabilities(scores_BE, answer_B)
    assert shares is not None and shares.tolist() == pytest.approx([8 / 21, 8 / 21])
    assert asked.score(scores_BE, int(answer_B[1])).exp().tolist()[1] == pytest.approx(8 / 21)
    assert asked.head(5)(torch.zeros(2, 3, 5)).shape == (2, 3)


def test_merged_takes_the_better_of_both_directions() -> None:
    asked = task(merged=True)
    forwards, backwards = torch.tensor([[9.0, 5, 0]]), torch.tensor([[0.0, 5, 9]])
    assert asked.answers(forwards).tolist() == asked.answers(backwards).tolist() == [asked.orders.index((0, 1, 2))]
    truth = noise_truth(asked, 1, torch.Generator().manual_seed(1)).part(slice(0, 1))
    for order in ([0, 1, 2], [2, 1, 0]):
        right = torch.tensor([order])
        for scores in (forwards, backwards):
            assert float(asked.loss(scores, type(truth)(**{**vars(truth), "order_BE": right}))) < 0.1
    wrong = type(truth)(**{**vars(truth), "order_BE": torch.tensor([[0, 2, 1]])})
    assert float(asked.loss(forwards, wrong)) > 2


@pytest.mark.parametrize("merged", [False, True])
def test_what_is_dealt_has_the_label_that_perfect_scores_answer(merged: bool) -> None:
    asked = task(elements=4, merged=merged)
    dealt = asked.deal(windows_at(np.full(400, 3), span=asked.span_frames), np.random.default_rng(5))
    place_BE = dealt.frames_BEF[:, :, 0].argsort(axis=1).argsort(axis=1)
    assert (place_BE == dealt.order_BE).all()
    assert len({tuple(order) for order in dealt.order_BE}) == 24, "both directions of time are shown"
    perfect_BE = -torch.from_numpy(place_BE).float()
    assert asked.answers(perfect_BE).tolist() == dealt.label_B.tolist()
    assert (asked.answers(-perfect_BE).tolist() == dealt.label_B.tolist()) == merged


def test_the_head_follows_its_elements_wherever_they_are_shown() -> None:
    torch.manual_seed(0)
    head = ranking.ScoreHead(feature_dim=6, hidden_features=16, dropout=0.5).eval()
    features_BED = torch.randn(2, 5, 6)
    order = [3, 0, 4, 1, 2]
    torch.testing.assert_close(head(features_BED)[:, order], head(features_BED[:, order]))
    assert head(features_BED).std() > 0
    torch.testing.assert_close(head(features_BED).sum(dim=1), torch.zeros(2), atol=1e-5, rtol=0)


def test_it_learns_eight_tuples_of_seven_elements_by_heart_and_not_when_the_orders_are_shuffled_each_step() -> None:
    asked = task(elements=7)
    rng = torch.Generator().manual_seed(3)
    truth, features_BED = noise_truth(asked, 8, rng), torch.randn(8, 7, 12, generator=rng)
    label_B = ranking.class_of(truth.order_BE)
    shares = {shuffled: _drilled(asked, features_BED, truth.order_BE, shuffled=shuffled, rng=rng)
              for shuffled in (False, True)}
    assert float((shares[False] == label_B).float().mean()) == 1
    assert float((shares[True] == label_B).float().mean()) <= 0.25


def _drilled(asked: ClipOrder, features_BED: torch.Tensor, order_BE: torch.Tensor, *, shuffled: bool,
             rng: torch.Generator) -> torch.Tensor:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        head = asked.head(12)
    optimiser = torch.optim.AdamW(head.parameters(), lr=0.02)
    truth = noise_truth(asked, 8, rng)
    for _ in range(150):
        order = torch.rand(8, 7, generator=rng).argsort(dim=1) if shuffled else order_BE
        loss = asked.loss(head(features_BED), type(truth)(**{**vars(truth), "order_BE": order}))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return asked.answers(head.eval()(features_BED))


def test_long_tuples_are_a_recipe_by_ranking() -> None:
    recipe = load_recipe("clip-order", ["sampling.tuple_length=8", "task_options.answer=ranking"])
    assert recipe.make_task().classes == 40_320
    assert recipe.make_task().chance == pytest.approx(1 / 40_320)
