"""Masks hide what is burnt in: in the cached frames, before motion is measured, and never in the originals."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from studio.engine.catalogue import Video
from studio.engine.errors import ProjectError, UsageError
from studio.engine.events import Finished, Warned
from studio.engine.masks import Hider, Mask, Polygon, Rectangle, fingerprint, hidden, masked_share
from studio.engine.project import Grouping, Project
from studio.engine.video import make
from studio.engine.video.estimate import estimate
from studio.engine.video.footage import form_of, open_footage, open_unmasked
from studio.engine.video.ingest import GONE, scan
from studio.engine.video.mask_edits import add_mask, add_masks, remove_mask, told_masks, video_masked_share
from tests.clips import draw_frame, write_clip

BLOCKS = Rectangle(x=0, y=0.8, width=1, height=0.2)
"""The number blocks at the bottom of every drawn frame."""


def rectangle(name: str = "r", **values: Any) -> Mask:
    return Mask(name=name, shapes=(BLOCKS,), **values)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("masks")
    for number, name in enumerate(("a/p1-1.mp4", "a/p1-2.mp4", "b/p2-1.mp4")):
        size = (96, 72) if number < 2 else (120, 72)
        write_clip(folder / "videos" / name, frames=12, width=size[0], height=size[1], seed=number)
    made = Project.create(folder / "study")
    made.settings.short_side_pixels = 64
    made.save()
    run(made, folder / "videos")
    return folder


@pytest.fixture
def project(scanned: Path, tmp_path: Path) -> Project:
    shutil.copytree(scanned, tmp_path, dirs_exist_ok=True)
    return Project.open(tmp_path / "study")


def run(project: Project, *folders: Path, **options: Any) -> dict[str, Any]:
    events = list(scan(project, folders, workers=1, **options))
    assert isinstance(events[-1], Finished)
    return events[-1].result


def rows(project: Project) -> list[Video]:
    with project.catalogue() as catalogue:
        return catalogue.videos()


def stamps(project: Project) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in project.cache_folder.rglob("*.frames")}


# ---------------------------------------------------------------- what a mask is


@pytest.mark.parametrize(("shape", "rule"), [
    ({"kind": "rectangle", "x": 0.5, "y": 0, "width": 0.6, "height": 1}, "beyond the frame"),
    ({"kind": "rectangle", "x": -0.1, "y": 0, "width": 0.6, "height": 1}, "greater than or equal to 0"),
    ({"kind": "rectangle", "x": 0, "y": 0, "width": 0, "height": 1}, "greater than 0"),
    ({"kind": "polygon", "points": [[0, 0], [1, 1]]}, "at least 3"),
    ({"kind": "polygon", "points": [[0, 0], [1, 1], [0, 0]]}, "three corners that differ"),
    ({"kind": "polygon", "points": [[0, 0], [1, 1], [0, 1.2]]}, "beyond the frame"),
    ({"kind": "circle", "x": 0}, "tag 'circle'"),
])
def test_shapes_that_make_no_sense_are_refused(shape: dict[str, Any], rule: str) -> None:
    with pytest.raises(ValidationError, match=rule):
        Mask.model_validate({"name": "m", "shapes": [shape]})


def test_a_damaged_mask_in_the_file_is_named(project: Project) -> None:
    add_mask(project, rectangle("clock"))
    path = project.root / "project.toml"
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace("y = 0.8", "y = 0.9"), encoding="utf-8")
    with pytest.raises(ProjectError, match=r"masks\.0\.shapes\.0.*beyond the frame"):
        Project.open(project.root)
    path.write_text(whole + whole[whole.index("[[masks]]"):], encoding="utf-8")
    with pytest.raises(ProjectError, match="two masks are called 'clock'"):
        Project.open(project.root)


def test_masks_survive_reopening_and_removal_leaves_room_for_ones_written_by_hand(project: Project) -> None:
    made = [rectangle("clock", source="videos", group="g", size="96x72"),
            Mask(name="sector", hides="outside", shapes=(Polygon(points=((0.5, 0), (1, 1), (0, 1))),))]
    add_masks(project, made)
    assert Project.open(project.root).settings.masks == made
    for name in ("clock", "sector"):
        remove_mask(project, name)
    path = project.root / "project.toml"
    assert "masks" not in path.read_text(encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8") + '\n[[masks]]\nname = "mine"\nshapes = [{kind = "rectangle", '
                    'x = 0, y = 0, width = 0.1, height = 0.1}]\n', encoding="utf-8")
    assert [mask.name for mask in Project.open(project.root).settings.masks] == ["mine"]


def test_wrong_edits_change_nothing(project: Project) -> None:
    add_mask(project, rectangle("clock"))
    everything = Mask(name="all", shapes=(Rectangle(x=0, y=0, width=1, height=1),))
    for mask, rule in ((rectangle("clock"), "of this name"), (rectangle("x", source="nowhere"), "no such source"),
                       (everything, "hides 100 %")):
        with pytest.raises(UsageError, match=rule):
            add_masks(project, [rectangle("first"), mask])
    with pytest.raises(UsageError, match="no such mask"):
        remove_mask(project, "clok")
    assert [mask.name for mask in Project.open(project.root).settings.masks] == ["clock"]


def test_shapes_hide_the_same_at_every_size() -> None:
    triangle = Mask(name="t", shapes=(Polygon(points=((0.5, 0), (1, 1), (0, 1))),))
    kept = triangle.model_copy(update={"hides": "outside"})
    for height, width in ((64, 64), (128, 170), (256, 512), (63, 85)):
        inside_HW = hidden([triangle], height=height, width=width)
        assert inside_HW.shape == (height, width)
        assert inside_HW.mean() == pytest.approx(0.5, abs=0.05)
        assert (inside_HW | hidden([kept], height=height, width=width)).all()
        assert not inside_HW[2, 2] and inside_HW[-2, width // 2]
    assert masked_share([rectangle()]) == pytest.approx(0.2, abs=0.01)
    assert masked_share([triangle, kept]) == 1.0
    assert masked_share([]) == 0.0


def test_two_kept_shapes_stay_both() -> None:
    """Two sectors side by side are one mask; as two masks each would hide the other."""
    left, right = Rectangle(x=0, y=0, width=0.4, height=1), Rectangle(x=0.6, y=0, width=0.4, height=1)
    assert masked_share([Mask(name="m", hides="outside", shapes=(left, right))]) == pytest.approx(0.2, abs=0.02)
    apart = [Mask(name=name, hides="outside", shapes=(shape,)) for name, shape in (("l", left), ("r", right))]
    assert masked_share(apart) == 1.0


def test_hidden_pixels_are_black_without_a_tint_at_the_edge() -> None:
    planes = [np.full((16, 20), 200, np.uint8), np.full((8, 10), 30, np.uint8), np.full((8, 10), 220, np.uint8)]
    hider = Hider([Mask(name="m", shapes=(Rectangle(x=0.21, y=0.33, width=0.3, height=0.4),))], height=16, width=20)
    hider.hide(*planes)
    luma_HW, colour_HW = planes[0] == 0, planes[1] == 128
    assert 0 < luma_HW.sum() == hider.pixels < luma_HW.size
    assert (luma_HW == colour_HW.repeat(2, axis=0).repeat(2, axis=1)).all()
    assert ((planes[2] == 128) == colour_HW).all()


def test_the_fingerprint_is_of_the_shapes_alone() -> None:
    one, other = rectangle("a", source="s"), Mask(name="b", shapes=(Rectangle(x=0, y=0, width=0.5, height=0.5),))
    assert fingerprint([]) == ""
    assert fingerprint([one, other]) == fingerprint([other, rectangle("c", group="g")])
    assert len({fingerprint([one]), fingerprint([other]), fingerprint([one, other]),
                fingerprint([one.model_copy(update={"hides": "outside"})])}) == 4


# ---------------------------------------------------------------- masks on frames


def test_a_scan_makes_exactly_the_videos_concerned_and_undoing_finds_the_old_frames(project: Project) -> None:
    before, originals = stamps(project), _digests(project)
    plain = [cached.motion_N.copy() for cached in open_footage(project).cached]
    add_mask(project, rectangle(size="96x72"))
    assert estimate(project).videos == 2
    assert run(project)["new"] == 2
    assert estimate(project).videos == 0
    footage = open_footage(project)
    for video, cached, motion_N in zip(footage.videos, footage.cached, plain, strict=True):
        luma_NHW = cached.planes(np.arange(cached.frames)).y_SHW
        bottom = int(np.ceil(cached.height * 0.8)) + 1
        if video.width == 96:
            assert not luma_NHW[:, bottom:].any() and luma_NHW[:, :bottom - 4].mean() > 60
            assert cached.facts.masked == pytest.approx(0.2, abs=0.03) == video_masked_share(project, video)
        else:
            assert luma_NHW[:, bottom:].any() and cached.facts.masked == 0 == video_masked_share(project, video)
        assert (cached.motion_N.mean() < motion_N.mean()) == (video.width == 96)
    assert {name: stamp for name, stamp in stamps(project).items() if name in before} == before
    assert _digests(project) == originals
    assert open_unmasked(project, footage.videos[0]).facts.masked == 0
    remove_mask(project, "r")
    assert estimate(project).videos == 0
    assert run(project)["new"] == 0, "the frames without the mask are still there"
    assert [cached.facts.masked for cached in open_footage(project).cached] == [0, 0, 0]


def test_motion_that_is_hidden_is_not_measured(tmp_path: Path) -> None:
    """A trace that sweeps over a still picture draws windows, unless it is masked. Broken twin: a mask elsewhere."""
    write_clip(tmp_path / "v" / "ecg.mp4", frames=16, draw=_sweep)
    means = {}
    for name, y in (("on the trace", 0.75), ("elsewhere", 0.0)):
        project = Project.create(tmp_path / name)
        project.settings.short_side_pixels = 64
        add_mask(project, Mask(name="m", shapes=(Rectangle(x=0, y=y, width=1, height=0.25),)))
        run(project, tmp_path / "v")
        means[name] = rows(project)[0].motion
    assert means["on the trace"] < 0.01 < 0.05 < means["elsewhere"]


def _sweep(number: int, *, width: int, height: int, seed: int = 0, still: bool = False) -> NDArray[np.uint8]:
    picture = draw_frame(0, width=width, height=height, seed=seed, still=True)
    picture[int(height * 0.76):] = 0
    picture[int(height * 0.8):int(height * 0.95), number * 5 % (width - 12):number * 5 % (width - 12) + 12] = 235
    return picture


def test_a_mask_that_was_not_put_on_yet_leaves_the_video_out(project: Project) -> None:
    add_mask(project, rectangle(group=rows(project)[0].group))
    assert [video.path for video in open_footage(project).videos] == ["a/p1-2.mp4", "b/p2-1.mp4"]
    add_mask(project, Mask(name="all", shapes=(Rectangle(x=0, y=0, width=0.5, height=0.5),)))
    with pytest.raises(ProjectError, match="not yet made with the present masks"):
        open_footage(project)
    run(project)
    assert len(open_footage(project).videos) == 3


def test_a_mask_of_folders_is_put_on_the_videos_below_them_alone(project: Project) -> None:
    add_mask(project, rectangle(source="videos", folders=("a", "none/at all")))
    assert run(project)["new"] == 2
    masked = {video.path: cached.facts.masked > 0 for video, cached in
              zip(open_footage(project).videos, open_footage(project).cached, strict=True)}
    assert masked == {"a/p1-1.mp4": True, "a/p1-2.mp4": True, "b/p2-1.mp4": False}
    assert told_masks(project, rows(project))[0]["videos"] == 2
    assert Project.open(project.root).settings.masks[0].folders == ("a", "none/at all")
    mask = rectangle(folders=("ward/1",))
    holds = {path: mask.holds_for(source="s", path=path, group="", size="") for path in
             ("ward/1/x.mp4", "ward/1/b/x.mp4", "ward/10/x.mp4", "1/x.mp4", "x.mp4")}
    assert holds == {"ward/1/x.mp4": True, "ward/1/b/x.mp4": True, "ward/10/x.mp4": False, "1/x.mp4": False,
                     "x.mp4": False}


def test_groups_that_are_found_while_scanning_bring_their_masks(project: Project, tmp_path: Path) -> None:
    add_mask(project, rectangle(group="p1"))
    assert run(project)["new"] == 0, "no group is called p1 yet"
    result = run(project, grouping=Grouping(by="pattern", pattern=r"(p\d)-"))
    assert (result["new"], result["unchanged"]) == (2, 3)
    write_clip(tmp_path / "videos" / "a" / "p1-3.mp4", frames=12, seed=7)
    run(project)
    masked = {video.path: cached.facts.masked > 0 for video, cached in
              zip(*(open_footage(project).videos, open_footage(project).cached), strict=True)}
    assert masked == {"a/p1-1.mp4": True, "a/p1-2.mp4": True, "a/p1-3.mp4": True, "b/p2-1.mp4": False}


def test_a_file_that_is_gone_waits_for_its_masks_and_is_not_lost(project: Project, tmp_path: Path) -> None:
    add_mask(project, rectangle(size="120x72"))
    shutil.move(tmp_path / "videos" / "b" / "p2-1.mp4", tmp_path / "kept.mp4")
    events = list(scan(project, workers=1))
    assert "files-gone-masked" in [event.code for event in events if isinstance(event, Warned)]
    assert GONE not in {row.reason for row in rows(project)}
    assert len(open_footage(project).videos) == 2
    remove_mask(project, "r")
    assert len(open_footage(project).videos) == 3


def test_the_list_says_what_each_mask_hides_and_where(project: Project) -> None:
    add_masks(project, [rectangle(size="96x72"), rectangle("none", group="nobody")])
    told = told_masks(project, rows(project))
    assert [(one["name"], one["videos"], one["share"]) for one in told] == [("r", 2, pytest.approx(0.2, abs=0.01)),
                                                                            ("none", 0, pytest.approx(0.2, abs=0.01))]


def test_a_broken_hider_is_noticed(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken twin: masks that are named but not put on leave the blocks in the frames."""
    monkeypatch.setattr(make.Hider, "hide", lambda *_planes: None)
    add_mask(project, rectangle())
    for path in sorted(project.source_folder("videos").rglob("*.mp4")):
        order = make.Order(path=path, cache_folder=project.cache_folder, form=form_of(project, rows(project)[0]),
                           masks=tuple(project.settings.masks))
        make.make_cached(order)
    with pytest.raises(AssertionError):
        for cached in open_footage(project).cached:
            assert not cached.planes(np.arange(2)).y_SHW[:, int(cached.height * 0.8) + 2:].any()


def _digests(project: Project) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in project.source_folder("videos").rglob("*.mp4")}
