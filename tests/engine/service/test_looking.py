"""What the worker says of units, attributions and maps; and that a question can be cancelled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from studio.engine.errors import UsageError
from studio.engine.inspection.activations import layer_maps
from studio.engine.inspection.dealt import question_of_run
from studio.engine.inspection.embedding import open_embedder
from studio.engine.project import Project
from studio.engine.service.answers import Answer, Answers
from studio.engine.service.inbox import Inbox, Question
from studio.engine.service.pictures import Glimpse
from studio.engine.training.pixels import gather, network_input
from studio.engine.video.footage import open_footage
from tests.engine.inspection.generators import result_of


def _ask(answers: Answers, asked: str, run: Path, **params: Any) -> Answer:
    return result_of(answers(asked, {"project": str(run.parents[1]), "run": run.name, **params}))


def test_units_first_as_a_list_and_then_one_with_its_clips(tiny_run: Path) -> None:
    answers = Answers(lambda: False)
    found = _ask(answers, "units", tiny_run, layer="conv3", count=4)
    assert [picture.ndim for picture in found.pictures] == [3] * 4 and len(found.result["ranked"]) == 4
    unit = found.result["ranked"][0]["unit"]
    one = _ask(answers, "units", tiny_run, layer="conv3", unit=unit, clips=3)
    (entry,) = one.result["ranked"]
    assert len(one.pictures) == len(entry["clips"]) == 3 and one.pictures[0].ndim == 4
    clip = entry["clips"][0]
    np.testing.assert_array_equal(one.pictures[0][clip["frame"]], found.pictures[0])
    assert clip["box"][1][0] < clip["box"][1][1] <= one.pictures[0].shape[1]
    values = [clip["value"] for clip in entry["clips"]]
    assert values == sorted(values, reverse=True)
    with pytest.raises(UsageError, match="units 0 to 63"):
        _ask(answers, "units", tiny_run, layer="conv3", unit=64)


def test_the_pixels_that_told_an_answer(tiny_run: Path) -> None:
    with Project.open(tiny_run.parents[1]).catalogue(read_only=True) as catalogue:
        longest = max(catalogue.videos(usable_only=True), key=lambda video: video.frames)
    told = _ask(Answers(lambda: False), "attribution", tiny_run, video_id=longest.id)
    clips, trained, random = told.pictures
    assert clips.shape[:-1] == trained.shape == random.shape and trained.dtype == np.uint8
    assert (trained != random).any()


def test_the_map_that_keeps_neighbours_together(tiny_run: Path) -> None:
    pytest.importorskip("openTSNE")
    answers = Answers(lambda: False)
    plain, kept = (_ask(answers, "map", tiny_run, method=method) for method in ("directions", "neighbours"))
    assert plain.pictures[0].shape == kept.pictures[0].shape and not np.allclose(plain.pictures[0], kept.pictures[0])
    with pytest.raises(UsageError, match="largest directions or keeps neighbours"):
        _ask(answers, "map", tiny_run, method="umap")


def test_neighbours_of_several_clips_and_of_a_file_beside_raw_pixels(tiny_run: Path, sample_clips: Path) -> None:
    answers = Answers(lambda: False)
    drawn = _ask(answers, "map", tiny_run, beside="pixels").result
    assert drawn["beside"] == {"name": "pixels", "title": "raw pixels"}
    assert np.shape(drawn["motion"]) == np.shape(drawn["times"]) and np.min(drawn["motion"]) >= 0
    first = drawn["video_ids"][0]
    found = _ask(answers, "neighbours", tiny_run, clips=[[first, 0], [first, 3]], k=4, beside="pixels").result
    assert first not in {entry["video_id"] for entry in found["neighbours"]} and found["beside"]["name"] == "pixels"
    path = sample_clips / "walk" / "scene-01.mp4"
    outside = _ask(answers, "neighbours", tiny_run, file=str(path), at_seconds=1.0, k=2)
    assert outside.result["neighbours"][0]["video"] == "walk/scene-01.mp4"
    assert outside.pictures[0].shape[0] == 8 and outside.pictures[0].shape[-1] == 3
    with pytest.raises(UsageError, match="no such run"):
        _ask(answers, "neighbours", tiny_run, clips=[[first, 0]], beside="nobody")
    answers.close()


def test_a_map_is_seen_on_its_way(tiny_run: Path) -> None:
    pytest.importorskip("openTSNE")
    working = Answers(lambda: False)("map", {"project": str(tiny_run.parents[1]), "run": tiny_run.name,
                                             "method": "neighbours"})
    glimpses, answer = list[Glimpse](), None
    while answer is None:
        try:
            event = next(working)
        except StopIteration as end:
            answer = end.value
        else:
            glimpses += [event] if isinstance(event, Glimpse) else []
    for side, settled in enumerate(answer.pictures):
        seen = [glimpse.pictures[0] for glimpse in glimpses if glimpse.about == {"side": side}]
        assert len(seen) > 10 and all(one.shape == settled.shape for one in seen)
        np.testing.assert_array_equal(seen[-1], settled)
        moves = [float(np.abs(one - settled).mean()) for one in seen]
        assert moves[-2] < moves[0], "it comes nearer to where it ends"
    assert set(answer.result["parts"]) == {"learned from", "held out"}


def test_the_heat_of_a_question_against_each_element_by_itself(tiny_run: Path) -> None:
    with Project.open(tiny_run.parents[1]).catalogue(read_only=True) as catalogue:
        longest = max(catalogue.videos(usable_only=True), key=lambda video: video.frames)
    asked = {"video_id": longest.id, "at_seconds": 0.0, "question": 5, "layer": "conv2", "unit": 3}
    found = _ask(Answers(lambda: False), "activations", tiny_run, **asked)
    footage = open_footage(Project.open(tiny_run.parents[1]))
    embedder = open_embedder(footage, tiny_run)
    position = [video.id for video in footage.videos].index(longest.id)
    tuples = question_of_run(footage, tiny_run, position, seed=5)
    elements = tuples.frames_BEF.shape[1]
    assert found.result["elements"] == elements == 3
    assert found.result["frames"] == tuples.frames_BEF[0].ravel().tolist()
    clips_BECTHW = network_input(gather(footage, tuples, embedder.view), tuples, embedder.view, "cpu")
    shown, heat = found.pictures[:2]
    parts = []
    for element in range(elements):
        map_UTHW = layer_maps(embedder.backbone, clips_BECTHW[:, element], "conv2")[0]
        size = (len(shown) // elements, *shown.shape[1:3])
        parts.append(torch.nn.functional.interpolate(map_UTHW[3].clamp_min(0)[None, None], size=size,
                                                     mode="trilinear")[0, 0])
    plain_NHW = torch.cat(parts).numpy()
    low, high = np.percentile(plain_NHW, [1, 99.5])
    np.testing.assert_allclose(heat, 255 * np.clip((plain_NHW - low) / (high - low), 0, 1), atol=1)


def test_units_can_be_asked_of_two_networks_at_once(tiny_run: Path) -> None:
    answers = Answers(lambda: False)
    own, random = (_ask(answers, method, tiny_run, layer="conv2", count=3, random=random).result["ranked"]
                   for method, random in (("units", False), ("units_beside", True)))
    assert own != random
    clip = own[0]["clips"][0]
    assert all(low <= start < stop <= high for (low, high), (start, stop) in
               zip(clip["box"], clip["inner"], strict=True))


def test_a_stopped_map_gives_no_answer(tiny_run: Path) -> None:
    pytest.importorskip("openTSNE")
    asked = {"project": str(tiny_run.parents[1]), "run": tiny_run.name, "method": "neighbours"}
    stopped = [False]
    working = Answers(lambda: stopped[0])("map", asked)
    with pytest.raises(StopIteration) as end:
        while True:
            stopped[0] = getattr(next(working), "phase", "") == "map"
    assert end.value.value is None


def test_a_cancelled_question_is_never_asked_or_stops() -> None:
    inbox = Inbox()
    inbox.put(Question(1, "map"))
    inbox.put(Question(2, "map"))
    assert inbox.cancel(1) and inbox.next() == Question(2, "map")
    assert not inbox.unwanted(2)
    assert not inbox.cancel(2) and inbox.unwanted(2)
    inbox.answered(2)
    assert not inbox.unwanted(2)


def test_cancelled_features_are_not_made(tiny_run: Path) -> None:
    asked = iter([False, True, True, True])
    working = Answers(lambda: next(asked))("units", {"project": str(tiny_run.parents[1]), "run": tiny_run.name,
                                                    "layer": "conv1"})
    with pytest.raises(StopIteration) as end:
        while True:
            next(working)
    assert end.value.value is None
