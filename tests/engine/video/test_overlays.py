"""Overlays are found in drawn ultrasound and in real one, and nothing is suggested where there are none."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from studio.engine.catalogue import Video
from studio.engine.events import Finished, Progress, StopRequest
from studio.engine.masks import Mask, Polygon, Rectangle, hidden
from studio.engine.project import Project
from studio.engine.video import vision
from studio.engine.video.footage import open_footage
from studio.engine.video.ingest import scan
from studio.engine.video.layouts import layouts_of, split
from studio.engine.video.mask_edits import add_mask
from studio.engine.video.overlays import FRAMES_LOOKED_AT, Overlay, Seen, find_overlays, has_surround
from studio.engine.video.regions import closed, filled, opened, pieces
from studio.engine.video.suggest import mask, suggest_masks
from tests.clips import write_clip

DATA = Path(__file__).parents[3].parent / "shared" / "data"
HEIGHT, WIDTH = 128, 170
CLOCK, RULER, TRACE = (4, 14, 130, 160), (30, 100, 160, 164), (112, 126, 8, 162)
"""Top, bottom, left, right of what is burnt into the drawn scenes."""

Picture = NDArray[np.uint8]
Draw = Callable[[int, Picture, np.random.Generator], None]


def sector(height: int = HEIGHT, width: int = WIDTH) -> NDArray[np.bool_]:
    y, x = np.mgrid[:height, :width]
    down, across = y - 4, x - width / 2
    return (np.hypot(down, across) < 98) & (np.abs(across) < 0.75 * down)


def scene(*marks: Draw, frames: int = FRAMES_LOOKED_AT, seed: int = 0, group: str = "g") -> Seen:
    """An ultrasound that moves inside its sector, with marks burnt in."""
    rng = np.random.default_rng(seed)
    inside_HW, luma = sector(), np.zeros((frames, HEIGHT, WIDTH), np.uint8)
    for number in range(frames):
        speckle = vision.resize(rng.integers(20, 220, (32, 43)).astype(np.uint8), width=WIDTH, height=HEIGHT)
        luma[number][inside_HW] = speckle[inside_HW]
        for draw in marks:
            draw(number, luma[number], rng)
    return Seen(group, luma, np.zeros((HEIGHT, WIDTH), np.uint8))


def clock(number: int, picture: Picture, _rng: np.random.Generator) -> None:
    """Four digits of 5 x 3 blocks of which some light up in each frame."""
    top, _bottom, left, _right = CLOCK
    for digit in range(4):
        shape = np.random.default_rng([digit, number // (8 - 2 * digit)]).random((5, 3)) > 0.4
        picture[top:top + 10, left + 8 * digit:left + 8 * digit + 6] = 230 * shape.repeat(2, 0).repeat(2, 1)


def ruler(_number: int, picture: Picture, _rng: np.random.Generator) -> None:
    top, bottom, left, right = RULER
    picture[top:bottom, left] = 200
    picture[top:bottom:8, left:right] = 200


def trace(number: int, picture: Picture, _rng: np.random.Generator) -> None:
    _top, bottom, left, right = TRACE
    now = left + (right - left) * (number % FRAMES_LOOKED_AT) // FRAMES_LOOKED_AT
    for x in range(left, right):
        beat = (x - (13 if x > now else 0)) % 40
        place = bottom - 3 - (9 if beat == 20 else 4 if beat in (19, 21) else 0)
        picture[place:place + 2, x] = 180


def box_of(overlay: Overlay) -> NDArray[np.bool_]:
    made = Mask(name="m", hides=overlay.hides, shapes=overlay.shapes)
    return hidden([made], height=HEIGHT, width=WIDTH)


def marked(box: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    region_HW = np.zeros((HEIGHT, WIDTH), bool)
    region_HW[box[0]:box[1], box[2]:box[3]] = True
    return region_HW


@pytest.mark.parametrize(("draw", "box", "kind"), [(clock, CLOCK, "clock"), (ruler, RULER, "ruler"),
                                                   (trace, TRACE, "trace")])
def test_a_burnt_in_mark_is_found_where_it_is_and_for_what_it_is(draw: Draw, box: tuple[int, int, int, int],
                                                                 kind: str) -> None:
    found = [one for one in find_overlays([scene(draw)]) if one.hides == "inside"]
    assert [one.kind for one in found] == [kind]
    lit_HW = scene(draw).most_HW * ~sector() > 40
    hidden_HW = box_of(found[0])
    assert (hidden_HW & lit_HW).sum() >= 0.9 * (lit_HW & marked(box)).sum() > 0
    assert (hidden_HW & sector()).sum() <= 0.02 * sector().sum()
    assert found[0].confidence >= 0.7 and found[0].reason


def test_the_surround_is_all_but_the_sector() -> None:
    found = find_overlays([scene(clock, ruler, trace, seed=seed) for seed in range(3)])
    around = next(one for one in found if one.kind == "surround")
    hidden_HW = box_of(around)
    assert (hidden_HW & sector()).sum() <= 0.02 * sector().sum(), "the picture proper stays"
    assert (hidden_HW & ~sector()).sum() >= 0.85 * (~sector()).sum()
    assert "black" in around.reason


def test_without_marks_only_the_surround_is_suggested() -> None:
    """Control: what finds marks in a scene without any would find them anywhere."""
    assert [one.kind for one in find_overlays([scene(seed=seed) for seed in range(3)])] == ["surround"]


def moving(seed: int, *marks: Draw, still: bool = False) -> Seen:
    """An ordinary scene: smooth texture that wanders over the whole picture, or stands still."""
    rng = np.random.default_rng(seed)
    wide = vision.resize(rng.integers(0, 256, (60, 60)).astype(np.uint8), width=480, height=480)
    luma = np.empty((FRAMES_LOOKED_AT, HEIGHT, WIDTH), np.uint8)
    for number in range(FRAMES_LOOKED_AT):
        shift = 0 if still else number
        luma[number] = wide[5 * shift:5 * shift + HEIGHT, 7 * shift:7 * shift + WIDTH]
        for draw in marks:
            draw(number, luma[number], rng)
    return Seen(f"g{seed}", luma, np.zeros((HEIGHT, WIDTH), np.uint8))


def caption(_number: int, picture: Picture, _rng: np.random.Generator) -> None:
    shape = np.random.default_rng(9).random((4, 24)) > 0.5
    picture[8:20, 10:82] = 255 * shape.repeat(3, 0).repeat(3, 1)


def test_what_stays_the_same_while_all_else_changes_is_found() -> None:
    found = find_overlays([moving(seed, caption) for seed in range(4)])
    assert len(found) == 1 and found[0].kind == "text"
    assert box_of(found[0])[8:20, 10:82].mean() > 0.9
    assert box_of(found[0]).mean() < 0.1
    assert "4 groups" in found[0].reason


@pytest.mark.parametrize("many", [1, 4])
def test_nothing_is_suggested_for_ordinary_scenes(many: int) -> None:
    """The second is the fault: a camera on a tripod, whose whole background stays the same."""
    assert find_overlays([moving(seed) for seed in range(many)]) == []
    assert find_overlays([moving(seed, caption, still=True) for seed in range(many)]) == []
    assert not has_surround([moving(0)])


def test_regions_are_filled_opened_and_taken_apart() -> None:
    region_HW = np.zeros((20, 30), bool)
    region_HW[2:12, 2:12], region_HW[4:6, 4:6], region_HW[15, 20:28] = True, False, True
    assert filled(region_HW)[4:6, 4:6].all() and filled(region_HW).sum() == 100 + 8
    assert not opened(region_HW, 1)[15].any()
    assert closed(region_HW, 1)[4:6, 4:6].all()
    first, second = pieces(region_HW)
    assert (first.pixels, second.pixels, second.height, second.width) == (96, 8, 1, 8)
    assert second.slimness > 4 > 2 > first.slimness
    assert len(pieces(region_HW, joined_by=(10, 10))) == 1


# ---------------------------------------------------------------- the operation, and real videos


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for seed in range(2):
        write_clip(tmp_path / "v" / f"{seed}.mp4", frames=24, width=WIDTH, height=HEIGHT, seed=seed, draw=_burnt)
    made = Project.create(tmp_path / "p")
    list(scan(made, [tmp_path / "v"], workers=1))
    return made


def _burnt(number: int, *, width: int, height: int, seed: int = 0, still: bool = False) -> Picture:
    assert (width, height, still) == (WIDTH, HEIGHT, False)
    frame = scene(ruler, trace, frames=1, seed=100 * seed + number).y_FHW[0].copy()
    frame[TRACE[0]:] = 0
    trace(number, frame, np.random.default_rng(0))
    return np.repeat(frame[..., None], 3, axis=2)


def test_suggestions_are_listed_drawn_and_taken_over_once(project: Project, tmp_path: Path) -> None:
    events = list(mask(project, suggest=True, out=tmp_path / "s.png"))
    assert isinstance(events[0], Progress)
    result = events[-1].result
    kinds = {one["kind"] for one in result["suggestions"]}
    assert {"surround", "trace", "ruler"} <= kinds and result["masks"] == [] and result["pending"] == 0
    assert all(0 < one["share"] < 1 and one["reason"] and one["source"] == "v" and not one["size"]
               for one in result["suggestions"])
    assert (tmp_path / "s.png").read_bytes().startswith(b"\x89PNG")
    taken = list(mask(project, accept=True))[-1].result
    assert taken["accepted"] == [one["name"] for one in taken["masks"]] and taken["pending"] == 2
    list(scan(project, workers=1))
    again = list(mask(project, suggest=True))[-1].result
    assert again["suggestions"] == [] and again["pending"] == 0
    luma = open_footage(project).cached[0].planes(np.arange(24)).y_SHW
    assert luma[:, TRACE[0]:].max() == 0 and luma[:, 40:80, 60:100].mean() > 60


def test_only_one_source_and_size_is_looked_at(project: Project) -> None:
    for chosen, layouts in ({"source": "v"}, 1), ({"size": f"{WIDTH}x{HEIGHT}"}, 1), ({"source": "w"}, 0), \
            ({"source": "v", "size": "1x1"}, 0):
        events = list(mask(project, suggest=True, **chosen))
        assert events[0].total == layouts and bool(events[-1].result["suggestions"]) == bool(layouts), chosen


def test_looking_can_be_stopped_and_keeps_nothing(project: Project) -> None:
    stop = StopRequest()
    stop.request()
    last = list(mask(project, accept=True, stop=stop))[-1]
    assert isinstance(last, Finished) and last.stopped and last.result["masks"] == []


def look(folder: Path, tmp_path: Path, *, names: str = "*") -> list:
    """Suggestions for a copy of some videos."""
    (tmp_path / "v").mkdir()
    for path in sorted(folder.glob(names)):
        if path.suffix in (".mp4", ".avi", ".dcm"):
            shutil.copy(path, tmp_path / "v")
    made = Project.create(tmp_path / "p")
    list(scan(made, [tmp_path / "v"], workers=1))
    looking = suggest_masks(made)
    while True:
        try:
            next(looking)
        except StopIteration as done:
            return done.value


def test_a_trace_that_touches_the_picture_proper_is_no_part_of_it() -> None:
    """A bar that sweeps over a strip lights it as a whole, right below the sector."""
    def swept(number: int, picture: Picture, _rng: np.random.Generator) -> None:
        picture[103:126, 20:150] = 0
        picture[115:117, 20:20 + 5 * number + 4] = 200
        picture[103:126, 20 + 5 * number:24 + 5 * number] = 235

    one = scene(swept)
    assert one.swept_HW[108:124, 24:140].mean() > 0.5 and not one.sector_HW[108:].any()
    assert one.sector_HW[:100].sum() == pytest.approx(scene().sector_HW[:100].sum(), rel=0.05)
    kinds = [overlay.kind for overlay in find_overlays([scene(swept, seed=seed) for seed in range(3)])]
    assert "trace" in kinds and "surround" in kinds


def test_folders_of_hearts_beside_folders_of_people_are_looked_at_alone(sample_project: Path) -> None:
    """All of the sample has one size and lies in one source; nothing is suggested for its people."""
    with Project.open(sample_project).catalogue() as catalogue:
        layouts = split(Project.open(sample_project), layouts_of(catalogue.videos())[0])
    assert [(one.folders, len(one.videos)) for one in layouts] == [
        (("echo-strong",), 2), (("jump", "sit", "throw", "walk"), 8)]
    found = list(mask(Project.open(sample_project), suggest=True))[-1].result["suggestions"]
    assert {"surround", "trace", "clock"} <= {one["kind"] for one in found}
    assert {tuple(one["folders"]) for one in found} == {("echo-strong",)}


def test_what_lies_in_no_folder_of_its_own_is_not_split_off(project: Project) -> None:
    with project.catalogue() as catalogue:
        rows = catalogue.videos()
    whole = layouts_of(rows)[0]
    assert split(project, whole) == [whole]
    spread = [replace(row, path=f"{number}/{row.path}") for number, row in enumerate(rows * 20)]
    assert split(project, layouts_of(spread)[0]) == layouts_of(spread), "more folders than are looked at alone"


@pytest.mark.skipif(not (DATA / "echo").is_dir(), reason="the development data are not here")
def test_real_echocardiograms_keep_their_picture_and_lose_their_marks(tmp_path: Path) -> None:
    found = look(DATA / "echo", tmp_path)
    large = [one for one in found if one.mask.size == "582x582"]
    assert sorted(one.kind for one in large) == ["surround", "trace"]
    ecg = hidden([one.mask for one in large if one.kind == "trace"], height=128, width=128)
    assert ecg[119:126, 2:100].mean() > 0.85 and ecg[:112].sum() == 0
    pairs = [one for one in found if one.mask.size == "224x112"]
    assert [one.kind for one in pairs[:1]] == ["surround"] and not pairs[0].mask.group
    of_groups = {one.mask.group for one in pairs if one.mask.group}
    assert len(of_groups) >= 7, "the depth ruler lies elsewhere in each of nine videos"
    assert all(hidden([one.mask], height=128, width=256).mean() < 0.06 for one in pairs if one.mask.group)


@pytest.mark.skipif(not (DATA / "ucf101").is_dir(), reason="the development data are not here")
def test_real_everyday_videos_get_no_suggestion(tmp_path: Path) -> None:
    assert look(DATA / "ucf101", tmp_path, names="*/*g01_c0[12]*") == []


def test_a_mask_that_is_there_is_not_suggested_again(project: Project) -> None:
    add_mask(project, Mask(name="mine", source="v", shapes=(Rectangle(x=0, y=0.8, width=1, height=0.2),)))
    kinds = {one["kind"] for one in list(mask(project, suggest=True))[-1].result["suggestions"]}
    assert "trace" not in kinds and "surround" in kinds


def test_a_layout_is_a_source_and_a_size(project: Project) -> None:
    write_clip(project.source_folder("v") / "other.mp4", frames=24, width=96, height=72)
    list(scan(project, workers=1))
    found = list(mask(project, suggest=True))[-1].result["suggestions"]
    assert {one["size"] for one in found} == {f"{WIDTH}x{HEIGHT}"}
    with project.catalogue() as catalogue:
        rows: list[Video] = catalogue.videos()
    assert {row.width for row in rows} == {WIDTH, 96}
    assert all(isinstance(shape, (Polygon, Rectangle)) for one in found
               for shape in Mask.model_validate({key: one[key] for key in Mask.model_fields}).shapes)
