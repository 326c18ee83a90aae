"""What a project's videos are in counts and one hash; the leak probe that is kept, and when it is out of date."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from studio.engine.inspection.data import content_hash, summarise
from studio.engine.inspection.kept_probes import keep_probe, kept_probe
from studio.engine.masks import Mask, Rectangle
from studio.engine.project import Project
from studio.engine.recipe import load_recipe

PROBE = {"recipe": "quick", "sentence": "No leak found.", "probes": []}


@pytest.fixture
def project(sample_project: Path, tmp_path: Path) -> Project:
    return Project.open(Path(shutil.copytree(sample_project, tmp_path / "P")))


def test_counts_and_figures_of_the_videos(project: Project) -> None:
    with project.catalogue(read_only=True) as catalogue:
        videos = catalogue.videos(usable_only=True)
    found = summarise(project)
    assert (found.videos, found.good, found.unreadable, found.groups) == (10, 10, 0, 10)
    assert found.frames == sum(video.frames for video in videos)
    assert found.length_seconds[0] == round(min(video.seconds for video in videos), 3)
    assert sum(count for _, count in found.codecs) == 10
    joined = "\n".join(sorted(video.identity for video in videos)).encode()
    assert found.sha256 == hashlib.sha256(joined).hexdigest()
    assert not any(video.path in str(found.plain()) for video in videos)


def test_the_hash_is_that_of_contents_alone(project: Project) -> None:
    with project.catalogue(read_only=True) as catalogue:
        videos = catalogue.videos(usable_only=True)
    renamed = [replace(video, path=f"other/{number}.mp4", group="g") for number, video in enumerate(videos)]
    assert content_hash(renamed[::-1]) == content_hash(videos) != content_hash(videos[1:])


def test_a_probe_is_kept_for_its_question_alone(project: Project) -> None:
    recipe = load_recipe("quick")
    assert kept_probe(project, recipe) is None
    keep_probe(project, recipe, PROBE)
    kept = kept_probe(project, recipe)
    assert kept and kept["sentence"] == PROBE["sentence"] and not kept["outdated"]
    assert kept_probe(project, load_recipe("quick", ["training.max_steps=7"])) is not None, "learning asks the same"
    assert kept_probe(project, load_recipe("quick", ["sampling.interval_frames=9"])) is None


def test_a_mask_that_holds_for_other_videos_puts_a_kept_probe_out_of_date(project: Project) -> None:
    recipe, clock = load_recipe("quick"), Mask(name="clock", shapes=(Rectangle(x=0, y=0, width=0.2, height=0.1),))
    project.settings.masks.append(clock)
    keep_probe(project, recipe, PROBE)
    project.settings.masks[:] = [clock.model_copy(update={"name": "renamed"})]
    assert not (kept_probe(project, recipe) or {})["outdated"]
    project.settings.masks[:] = [clock.model_copy(update={"size": "1x1"})]
    assert (kept_probe(project, recipe) or {})["outdated"]


def test_a_mask_puts_a_kept_probe_out_of_date(project: Project) -> None:
    recipe = load_recipe("quick")
    keep_probe(project, recipe, PROBE)
    project.settings.masks.append(Mask(name="clock", shapes=(Rectangle(x=0, y=0, width=0.2, height=0.1),)))
    kept = kept_probe(project, recipe)
    assert kept and kept["outdated"]


def test_a_damaged_probe_counts_for_nothing(project: Project) -> None:
    recipe = load_recipe("quick")
    keep_probe(project, recipe, PROBE)
    (path,) = (project.root / "probes").iterdir()
    path.write_text("{")
    assert kept_probe(project, recipe) is None
