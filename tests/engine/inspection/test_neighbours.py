"""Neighbours on a real run: of a clip, of several, of a file outside; what stands beside; what cannot be compared."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from studio.engine.errors import CheckpointError, MachineError, ProjectError, StudioError, UsageError, VideoError
from studio.engine.events import Finished, Saved
from studio.engine.inspection import approximate
from studio.engine.inspection import neighbours as module
from studio.engine.inspection.embedding import open_embedder
from studio.engine.inspection.features import Features, load_features
from studio.engine.inspection.looks import Look, Way
from studio.engine.inspection.neighbours import ask, neighbours
from studio.engine.inspection.queries import ClipQuery, Outside, read_clips, written_clips
from studio.engine.project import Project
from studio.engine.recipe import recipe_from_toml
from studio.engine.training.checkpoint import load_weights, save_weights
from studio.engine.video.footage import Footage, open_footage


def find(run: Path, **asked: Any) -> dict[str, Any]:
    last = list(neighbours(Project.open(run.parents[1]), run, **asked))[-1]
    assert isinstance(last, Finished) and not last.stopped
    return last.result


@pytest.fixture
def own_run(tiny_run: Path, tmp_path: Path) -> Path:
    """A copy of the run, with its project, that may be changed."""
    root = Path(shutil.copytree(tiny_run.parents[1], tmp_path / "clips" / "P"))
    return root / "runs" / tiny_run.name


@pytest.fixture
def two_runs(own_run: Path) -> tuple[Path, Path]:
    """The run and another one, of other weights."""
    other = Path(shutil.copytree(own_run, own_run.parent / "other"))
    shutil.rmtree(other / "features", ignore_errors=True)
    return own_run, other


def files_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_both_weights_answer_and_a_picture_is_written(tiny_run: Path, tmp_path: Path) -> None:
    project = Project.open(tiny_run.parents[1])
    events = list(neighbours(project, tiny_run, video="jump/scene-01.mp4", at_seconds=1.0, k=3,
                             out=tmp_path / "sheet.png"))
    last = events[-1]
    assert isinstance(last, Finished) and any(isinstance(event, Saved) for event in events)
    result = last.result
    assert result["query"]["video"].endswith("jump/scene-01.mp4")
    assert len(result["neighbours"]) == len(result["random"]) == 3
    assert all(not entry["video"].endswith("jump/scene-01.mp4") for entry in result["neighbours"])
    assert result["beside"]["name"] == "random" and result["beside"]["neighbours"] == result["random"]
    assert result["search"] == {"how": "exact", "clips": 100} and result["notes"] == []
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_video_and_group_are_left_out(own_run: Path) -> None:
    project = Project.open(own_run.parents[1])
    with project.catalogue() as catalogue:
        catalogue.change([video.id for video in catalogue.videos() if "scene-01" in video.path], group="one")
    result = find(own_run, video="jump/scene-01.mp4", at_seconds=1, k=99)
    assert result["neighbours"] and all(entry["group"] != "one" for entry in result["neighbours"])
    assert result["groups"]["each"][0]["name"] == "one" and result["groups"]["each"][0]["queries"] == 4
    assert {one["name"] for one in result["labels"]["each"]} >= {"jump", "walk"} and result["labels"]["by"] == "folder"
    assert 0 < result["labels"]["chance"] < 1


def test_the_mean_of_several_clips_against_plain_numpy(tiny_run: Path) -> None:
    features = load_features(Project.open(tiny_run.parents[1]), tiny_run)
    assert features is not None
    first, second = (int(number) for number in features.video_ids_V[:2])
    result = find(tiny_run, clips=[(first, 0), (second, 9)], k=4, leave_out="video")
    unit_VCD = features.average_VCD / np.linalg.norm(features.average_VCD, axis=-1, keepdims=True)
    mean_D = unit_VCD[0, 0] + unit_VCD[1, 9]
    best_V = (unit_VCD @ (mean_D / np.linalg.norm(mean_D))).max(axis=1)[2:]
    assert [entry["video_id"] for entry in result["neighbours"]] == \
        features.video_ids_V[2:][np.argsort(-best_V)[:4]].tolist()
    assert [entry["similarity"] for entry in result["neighbours"]] == pytest.approx(np.sort(best_V)[::-1][:4], abs=1e-5)
    assert result["query"]["video"] == "2 clips of 2 videos" and len(result["query"]["shown"]) == 2


def test_a_file_outside_is_found_among_its_own_kind_and_leaves_nothing(own_run: Path, sample_clips: Path,
                                                                      tmp_path: Path) -> None:
    """A copy of one of the project's videos: nothing is left out, so that very video comes first."""
    copied = Path(shutil.copy(sample_clips / "walk" / "scene-01.mp4", tmp_path / "elsewhere.mp4"))
    find(own_run, video="jump/scene-01.mp4", at_seconds=1.0)  # features are kept from here on
    before = files_of(own_run.parents[1])
    result = find(own_run, file=copied, at_seconds=1.5, k=3, out=tmp_path / "sheet.png")
    assert result["neighbours"][0]["video"] == "walk/scene-01.mp4"
    assert result["neighbours"][0]["similarity"] > result["neighbours"][1]["similarity"]
    assert result["query"]["file"] == str(copied) and result["query"]["video_id"] is None
    assert files_of(own_run.parents[1]) == before
    with Project.open(own_run.parents[1]).catalogue(read_only=True) as catalogue:
        position = next(row.id for row in catalogue.videos() if row.path == "walk/scene-01.mp4")
    inside = find(own_run, video=position, at_seconds=1.5, k=3)
    assert inside["query"]["at_seconds"] == result["query"]["at_seconds"]


def test_the_frames_of_a_file_go_when_it_is_closed(own_run: Path, sample_clips: Path) -> None:
    outside = Outside(Project.open(own_run.parents[1]), sample_clips / "walk" / "scene-01.mp4")
    pieces = list(outside.make(128))
    assert all(piece.phase == "decoding" for piece in pieces)  # type: ignore[union-attr]
    folder = Path(outside._folder.name)
    assert files_of(folder)
    outside.close()
    assert not folder.exists()


@pytest.mark.parametrize(("content", "said"), [(b"no video at all", "not a video|no video|cannot be|no frame"),
                                               (None, "cannot be read")])
def test_a_bad_file_gives_its_reason(own_run: Path, tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "bad.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(VideoError, match=said) as met:
        find(own_run, file=path, at_seconds=0.0)
    assert met.value.value == "bad.mp4"


def test_raw_pixels_beside(tiny_run: Path) -> None:
    """Scenes look like themselves: the raw pixels of `scene-01` of one class find that of another."""
    result = find(tiny_run, video="jump/scene-01.mp4", at_seconds=1.0, k=9, beside="pixels")
    beside = result["beside"]
    assert (beside["name"], beside["title"], len(beside["neighbours"])) == ("pixels", "raw pixels", 9)
    assert beside["neighbours"] != result["random"] and {"hubs", "labels", "groups"} <= set(beside)
    assert (tiny_run / "features" / "pixels.safetensors").is_file()
    assert find(tiny_run, video="jump/scene-01.mp4", at_seconds=1.0, k=9, beside="pixels") == result


def test_another_run_beside(two_runs: tuple[Path, Path]) -> None:
    run, _ = two_runs
    own = find(run, video="jump/scene-01.mp4", at_seconds=1.0, k=9)
    same = find(run, video="jump/scene-01.mp4", at_seconds=1.0, k=9, beside="other")
    assert same["beside"]["name"] == "other" and same["beside"]["neighbours"] == own["neighbours"]
    assert same["beside"]["neighbours"] != own["random"]
    with pytest.raises(UsageError, match="is the run itself"):
        find(run, video="jump/scene-01.mp4", beside=run.name)
    with pytest.raises(UsageError, match="no such run"):
        find(run, video="jump/scene-01.mp4", beside="nobody")


@pytest.mark.skipif(importlib.util.find_spec("faiss") is None, reason="faiss is not installed")
def test_an_approximate_search_tells_its_recall(tiny_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = find(tiny_run, video="jump/scene-01.mp4", at_seconds=1.0, k=3)
    monkeypatch.setattr(approximate, "_PROBED_SHARE", 1.0)
    found = find(tiny_run, video="jump/scene-01.mp4", at_seconds=1.0, k=3, approximate=True)
    assert found["search"] == {"how": "approximate", "clips": 100, "recall": pytest.approx(1, abs=0.02)}
    assert [one["video"] for one in found["neighbours"]] == [one["video"] for one in exact["neighbours"]]
    monkeypatch.setattr(module, "EXACT_UP_TO", 99)
    assert find(tiny_run, video="jump/scene-01.mp4", at_seconds=1.0, k=3)["search"]["how"] == "approximate"


def test_without_faiss_many_clips_are_searched_exactly(tiny_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXACT_UP_TO", 99)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert find(tiny_run, video="jump/scene-01.mp4", k=3)["search"]["how"] == "exact"
    with pytest.raises(MachineError, match="faiss"):
        find(tiny_run, video="jump/scene-01.mp4", k=3, approximate=True)


# ---------------------------------------------------------------- what cannot be compared, or only seems to be


@pytest.fixture
def kept_features(own_run: Path) -> Path:
    """The file of the run's kept features, to be spoiled."""
    find(own_run, video="jump/scene-01.mp4", at_seconds=1.0)
    return own_run / "features" / "trained.safetensors"


def spoil(path: Path, value: float, *, where: Any = ...) -> None:
    """Overwrite kept features, under the same key."""
    with safe_open(path, framework="np") as stored:
        about = stored.metadata()
    arrays = load_file(path)
    arrays["average"][where] = value
    save_file(arrays, path, about)


def test_features_that_are_no_numbers_are_told(kept_features: Path) -> None:
    spoil(kept_features, np.nan, where=(0, slice(0, 3)))
    run = kept_features.parents[1]
    with pytest.raises(CheckpointError, match="3 of 100 clips are no numbers") as met:
        find(run, video="jump/scene-01.mp4")
    assert "learning rate" in met.value.remedy


@pytest.mark.parametrize("value", [0.0, 0.7])
def test_a_collapsed_network_is_told(kept_features: Path, value: float) -> None:
    spoil(kept_features, value)
    result = find(kept_features.parents[1], video="jump/scene-01.mp4")
    assert len(result["notes"]) == 1 and "collapsed" in result["notes"][0] and "run " in result["notes"][0]


def shown_to(tiny_run: Path, chosen: slice, group: str = "") -> Look:
    """A look with only some of the project's videos."""
    project = Project.open(tiny_run.parents[1])
    footage, features = open_footage(project), load_features(project, tiny_run)
    assert features is not None
    videos = footage.videos[chosen]
    if group:
        videos = [replace(video, group=group) for video in videos]
    own = Features(features.video_ids_V[chosen], features.times_VC[chosen], features.average_VCD[chosen],
                   features.pooled_VP[chosen])
    part = Footage(videos, footage.cached[chosen])
    return Look(Way("trained", tiny_run), part, own, recipe_from_toml(tiny_run / "recipe.toml"),
                open_embedder(part, tiny_run))


def test_one_video_or_one_group_gets_a_sentence(tiny_run: Path) -> None:
    alone = shown_to(tiny_run, slice(0, 1))
    with pytest.raises(ProjectError, match="no other usable one"):
        ask(ClipQuery(alone.footage.videos[0].id, 1.0), alone, k=3)
    together = shown_to(tiny_run, slice(0, 4), group="ward 7")
    query = ClipQuery(together.footage.videos[0].id, 1.0)
    with pytest.raises(UsageError, match="all 4 usable videos are of it") as met:
        ask(query, together, k=3)
    assert "--leave-out video" in met.value.remedy
    assert len(ask(query, together, k=3, leave_out="video")[1]) == 3


def test_clips_of_every_video_leave_none_to_find(tiny_run: Path) -> None:
    features = load_features(Project.open(tiny_run.parents[1]), tiny_run)
    assert features is not None
    with pytest.raises(UsageError, match="every usable one"):
        find(tiny_run, clips=[(int(number), 0) for number in features.video_ids_V], leave_out="video")


def test_weights_that_lack_a_layer_get_a_sentence(own_run: Path) -> None:
    recipe, network = load_weights(own_run)
    shutil.rmtree(own_run / "features", ignore_errors=True)
    for name in [name for name, _ in network.backbone.named_children()][-1:]:
        delattr(network.backbone, name)
    save_weights(own_run, network, recipe, step=1, measured={})
    with pytest.raises(CheckpointError) as met:
        find(own_run, video="jump/scene-01.mp4")
    assert met.value.remedy and "\n" not in met.value.rule


@pytest.mark.parametrize(("asked", "said"), [
    ({"video": "none.mp4"}, "no such video"), ({"video": "jump/scene-01.mp4", "k": 0}, "from 1"),
    ({}, "one video, of clips, or of a file"), ({"video": "a", "clips": [(1, 0)]}, "one video, of clips, or of a file"),
    ({"clips": [(1, 99)]}, "the clips 0 to 9"), ({"clips": [(999, 0)]}, "has no features of it")])
def test_a_wrong_question_gets_a_sentence(tiny_run: Path, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        find(tiny_run, **asked)


def test_clips_are_written_as_they_are_read() -> None:
    assert read_clips(" 3:0, 7:4,") == ((3, 0), (7, 4)) and written_clips([(3, 0), (7, 4)]) == "3:0,7:4"
    for wrong in ("3", "3:x", "-1:2", "a:1"):
        with pytest.raises(StudioError, match="a clip is the number"):
            read_clips(wrong)
