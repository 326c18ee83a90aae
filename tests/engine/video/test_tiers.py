"""Where frames come from changes nothing but time and disk: the same facts, the same pixels, and damage has a name."""

from __future__ import annotations

import dataclasses
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from studio.engine.catalogue import Video
from studio.engine.errors import ProjectError, VideoError
from studio.engine.events import Finished, Progress, StopRequest, Warned
from studio.engine.masks import Mask, Rectangle
from studio.engine.project import Project
from studio.engine.video.facts import Facts, Form, cache_path, read_facts
from studio.engine.video.footage import Footage, open_footage, open_stored
from studio.engine.video.ingest import scan
from studio.engine.video.make import Order, make_cached
from studio.engine.video.packs import KINDS
from studio.engine.video.sizes import ensured_footage, in_memory
from studio.engine.video.storage import choose_kind
from studio.engine.video.stored import Planes420, StoredVideo, Window
from studio.engine.video.tiers.jpeg import JpegVideo
from tests.clips import number_of, write_clip

FORM = Form(64)
FRAMES = 40
ASKED = np.array([33, 4, 5, 6, 21, 33, 0])
WINDOW = Window(10, 22, 40, 36)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """Likeness of two pictures in decibels."""
    return float(10 * np.log10(255 ** 2 / max(1e-9, np.mean((one.astype(float) - other) ** 2))))


def scanned(root: Path, tier: str, **options: object) -> Project:
    """A project of two clips in one tier."""
    if not (root / "videos").exists():
        write_clip(root / "videos" / "a.mp4", frames=FRAMES, seed=1)
        write_clip(root / "videos" / "b.avi", frames=FRAMES, seed=2, codec="mpeg4")
    project = Project.create(root / tier)
    project.settings.short_side_pixels = 64
    project.settings.masks = [Mask(name="corner", shapes=(Rectangle(x=0, y=0, width=0.2, height=0.2),))]
    project.save()
    *_, last = scan(project, [root / "videos"], workers=1, tier=tier, **options)
    assert isinstance(last, Finished)
    assert last.result["good"] == 2
    return project


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Project]:
    """The same clips in each tier, with a mask over a corner."""
    root = tmp_path_factory.mktemp("tiers")
    return {tier: scanned(root, tier) for tier in ("map", "jpeg", "video")}


def loaded(project: Project) -> Footage:
    """The footage in memory."""
    events, footage = in_memory(project, open_footage(project)), None
    try:
        while True:
            next(events)
    except StopIteration as stop:
        footage = stop.value
    assert footage is not None
    return footage


@pytest.fixture(scope="module")
def footages(projects: dict[str, Project]) -> dict[str, Footage]:
    """The footage of each tier; `memory` is read from the maps."""
    found = {tier: open_footage(project) for tier, project in projects.items()}
    projects["map"].settings.tier = "memory"
    found["memory"] = loaded(projects["map"])
    projects["map"].settings.tier = "map"
    return found


def test_each_tier_says_its_name_and_keeps_its_own_kind_of_file(projects: dict[str, Project],
                                                                footages: dict[str, Footage]) -> None:
    assert {tier: footage.tier for tier, footage in footages.items()} == {name: name for name in footages}
    kinds = {tier: {path.suffix[1:] for path in project.cache_folder.glob("*/*-*.*")}
             for tier, project in projects.items()}
    assert kinds == {"map": {"frames"}, "jpeg": {"jpegs"}, "video": {"motion"}}


def test_the_facts_of_a_video_are_the_same_in_every_tier(footages: dict[str, Footage]) -> None:
    def plain(facts: Facts) -> Facts:
        return dataclasses.replace(facts, kind="", jpeg_bytes=0, entries=0, tables_crc=0)

    for footage in footages.values():
        assert [video.identity for video in footage.videos] == [video.identity for video in footages["map"].videos]
        for one, mapped in zip(footage.cached, footages["map"].cached, strict=True):
            assert plain(one.facts) == plain(mapped.facts)
            for name in ("times_N", "motion_N", "motion_grid_NYX"):
                assert np.array_equal(getattr(one, name), getattr(mapped, name)), name
            assert one.motion_N[0] == one.motion_N[1] > 0


@pytest.mark.parametrize("window", [None, WINDOW])
@pytest.mark.parametrize("asked", [ASKED, np.arange(3, 30, 4), np.array([7])])
def test_memory_map_and_video_give_equal_bytes_and_jpeg_nearly(footages: dict[str, Footage], asked: np.ndarray,
                                                               window: Window | None) -> None:
    for number in range(2):
        expected = footages["map"].cached[number].planes(asked, window)
        assert expected.y_SHW.shape[1:] == ((64, 86) if window is None else (40, 36))
        for tier in ("memory", "video"):
            found = footages[tier].cached[number].planes(asked, window)
            assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True)), tier
        near = footages["jpeg"].cached[number].planes(asked, window)
        assert all(psnr(one, other) > 34 for one, other in zip(near, expected, strict=True))
        assert [one.shape for one in near] == [one.shape for one in expected]


def test_masks_hide_the_same_in_every_tier(footages: dict[str, Footage]) -> None:
    for tier, footage in footages.items():
        corner = footage.cached[0].planes(np.array([9])).cut(Window(0, 0, 12, 16))
        assert corner.y_SHW.max() <= (6 if tier == "jpeg" else 0), tier
        assert abs(corner.u_SHW.astype(int) - 128).max() <= (6 if tier == "jpeg" else 0), tier


def test_pictures_and_glimpses_come_from_any_tier(footages: dict[str, Footage]) -> None:
    for footage in footages.values():
        video = footage.cached[1]
        shown = video.rgb([30, 12])
        assert [number_of(video.planes(np.array([number])).y_SHW[0]) for number in (30, 12)] == [30, 12]
        assert shown.shape == (2, 64, 86, 3)
        assert psnr(shown, footages["map"].cached[1].rgb([30, 12])) > 33
        assert video.glimpse(np.array([1, 2])).shape == footages["map"].cached[1].glimpse(np.array([1, 2])).shape


def test_jpegs_take_much_less_disk_and_the_video_tier_almost_none(projects: dict[str, Project]) -> None:
    sizes = {tier: sum(path.stat().st_size for path in project.cache_folder.glob("*/*-*.*"))
             for tier, project in projects.items()}
    assert sizes["map"] > 1.5 * sizes["jpeg"] > 3 * sizes["video"]


@pytest.mark.parametrize("tier", ["jpeg", "video"])
def test_the_loader_gives_the_same_batches_from_decoded_frames(footages: dict[str, Footage], tier: str) -> None:
    torch = pytest.importorskip("torch")
    from studio.engine.recipe import make_recipe
    from studio.engine.training.loader import Loader
    from studio.engine.training.plan import make_plan

    recipe = make_recipe({
        "name": "tiny", "task": "clip-order", "backbone": "r3d_small",
        "sampling": {"tuple_length": 3, "clip_frames": 2, "interval_frames": 6},
        "augmentation": {"crop_pixels": 56, "input_pixels": 32, "short_side_pixels": 64},
        "training": {"max_steps": 3, "batch_size": 4, "device": "cpu", "threads": 1}})
    plans = [make_plan(footages[name], recipe) for name in ("map", tier)]
    threads = threading.active_count()
    with Loader(plans[0], device=torch.device("cpu")) as one, Loader(plans[1], device=torch.device("cpu")) as other:
        for _ in range(3):
            clips, again = one.clips(one.take()), other.clips(other.take())
            if tier == "video":
                assert torch.equal(clips, again)
            else:
                assert float((clips - again).abs().mean()) < 4 / 255
    assert threading.active_count() == threads


# ---------------------------------------------------------------- what is broken has a name


def pack(tmp_path: Path) -> tuple[Path, bytes]:
    path = write_clip(tmp_path / "a.mp4", frames=12)
    facts = make_cached(Order(path=path, cache_folder=tmp_path / "cache", form=FORM, kind="jpegs"))
    target = cache_path(tmp_path / "cache", identity=facts.identity, form=FORM, kind="jpegs")
    return target, target.read_bytes()


def test_a_damaged_jpeg_is_refused_by_name_and_number(tmp_path: Path) -> None:
    target, content = pack(tmp_path)
    start = content.index(b"\xff\xd8", content.index(b"\xff\xd9", 4096))  # of the second JPEG
    for place in (start + 1, start + 700):
        broken = bytearray(content)
        broken[place] ^= 8
        target.write_bytes(broken)
        video = JpegVideo(target)
        video.planes(np.array([0]))
        with pytest.raises(VideoError, match=r"JPEG of frame 1 is damaged") as error:
            video.planes(np.array([0, 1]))
        assert error.value.value == target.name


def test_broken_twin_without_the_crc_shows_a_damaged_jpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, content = pack(tmp_path)
    whole = JpegVideo(target).planes(np.array([1]))
    start = content.index(b"\xff\xd8", content.index(b"\xff\xd9", 4096))
    broken = bytearray(content)
    broken[start + 700] ^= 8
    target.write_bytes(broken)
    video = JpegVideo(target)
    _ = video.times_N
    monkeypatch.setattr("studio.engine.video.tiers.jpeg.zlib.crc32", lambda _content: True)
    monkeypatch.setattr(JpegVideo, "_damaged", lambda *_args: VideoError("x", "y", "z"))
    monkeypatch.setattr(JpegVideo, "table", _crcs_that_fit(JpegVideo.table))
    shown = video.planes(np.array([1]))
    assert not np.array_equal(shown.y_SHW, whole.y_SHW), "wrong pixels pass for right ones"


def _crcs_that_fit(table):
    def patched(self: JpegVideo, place: int, shape: tuple[int, ...], kind: type) -> np.ndarray:
        return np.ones(shape, kind) if kind is np.uint32 else table(self, place, shape, kind)
    return patched


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_cut_or_bears_the_name_of_another_kind_is_refused(tmp_path: Path, kind: str) -> None:
    path = write_clip(tmp_path / "a.mp4", frames=12)
    facts = make_cached(Order(path=path, cache_folder=tmp_path / "cache", form=FORM, kind=kind))
    target = cache_path(tmp_path / "cache", identity=facts.identity, form=FORM, kind=kind)
    assert target.stat().st_size == facts.file_bytes
    assert read_facts(target).kind == kind
    other = shutil.copy(target, target.with_suffix(".jpegs" if kind == "frames" else ".frames"))
    with pytest.raises(VideoError, match=f"of the kind {kind}"):
        read_facts(Path(other))
    target.write_bytes(target.read_bytes()[:-3])
    with pytest.raises(VideoError, match="bytes, not the"):
        read_facts(target)
    assert make_cached(Order(path=path, cache_folder=tmp_path / "cache", form=FORM, kind=kind)) == facts


def test_a_video_that_changed_or_went_away_is_not_shown_for_the_old_one(tmp_path: Path) -> None:
    project = scanned(tmp_path, "video")
    footage = open_footage(project)
    file = tmp_path / "videos" / "a.mp4"
    shutil.copy(tmp_path / "videos" / "b.avi", file)
    with pytest.raises(VideoError, match="changed since it was scanned"):
        footage.cached[0].planes(np.array([1]))
    assert [video.path for video in open_footage(project).videos] == ["b.avi"]
    file.unlink()
    with pytest.raises(VideoError, match="cannot be read"):
        open_stored(project, footage.videos[0])


# ---------------------------------------------------------------- which tier, and which size


@pytest.mark.parametrize(("disk", "kind"), [(0.0, "frames"), (1e-3, "jpegs"), (1e-5, "motion")])
def test_auto_keeps_the_most_that_fits_the_disk_budget(tmp_path: Path, disk: float, kind: str) -> None:
    project = Project.create(tmp_path / "P")
    project.settings.disk_gigabytes = disk
    needed = {"frames": 5_000_000, "jpegs": 900_000, "motion": 50_000}
    assert choose_kind(project, needed) == kind
    assert choose_kind(project, {}) == "frames"
    project.settings.tier = "jpeg"
    assert choose_kind(project, needed) == "jpegs"


def test_a_scan_with_little_disk_keeps_jpegs_by_itself(tmp_path: Path) -> None:
    write_clip(tmp_path / "videos" / "a.mp4", frames=40)
    project = Project.create(tmp_path / "P")
    project.settings.short_side_pixels, project.settings.disk_gigabytes = 64, 0.00025
    list(scan(project, [tmp_path / "videos"], workers=1))
    assert open_footage(project).tier == "jpeg"


def test_another_tier_replaces_the_files_of_the_one_before(tmp_path: Path) -> None:
    project = scanned(tmp_path, "map")
    rows = open_footage(project).videos
    for tier in ("jpeg", "video", "map"):
        list(scan(project, workers=1, tier=tier))
        footage = open_footage(Project.open(project.root))
        assert (footage.tier, [video.id for video in footage.videos]) == (tier, [video.id for video in rows])
        assert len({path.suffix for path in project.cache_folder.glob("*/*-*.*")}) == 1


def ensured(project: Project, pixels: int, stop: StopRequest | None = None) -> tuple[list[object], Footage | None]:
    """Events and footage of `ensured_footage`."""
    events, made = ensured_footage(project, short_side_pixels=pixels, stop=stop or (lambda: False)), list[object]()
    while True:
        try:
            made.append(next(events))
        except StopIteration as end:
            return made, end.value


def test_frames_of_another_size_are_asked_for_in_words_or_made_first(tmp_path: Path) -> None:
    project = scanned(tmp_path, "map")
    with pytest.raises(ProjectError, match=r"frames of 96 pixels are not yet made of 2 of its videos"):
        open_footage(project, short_side_pixels=96)
    stop = StopRequest()
    stop.request()
    assert ensured(project, 96, stop)[1] is None
    events, footage = ensured(project, 96)
    assert footage is not None
    assert [video.height for video in footage.cached] == [96, 96]
    assert {event.phase for event in events if isinstance(event, Progress)} == {"ingest"}
    assert open_footage(project, short_side_pixels=96).cached[0].width == 128
    assert [video.height for video in open_footage(project).cached] == [64, 64]
    assert ensured(project, 96)[0] == [], "nothing is made twice"


def test_a_scan_makes_another_size_besides_and_only_what_is_new(tmp_path: Path) -> None:
    project = scanned(tmp_path, "map", short_side_pixels=96)
    stamps = {path: path.stat().st_mtime_ns for path in project.cache_folder.glob("*/*-*.*")}
    assert len(stamps) == 4
    write_clip(tmp_path / "videos" / "c.mp4", frames=12, seed=5)
    list(scan(project, workers=1, short_side_pixels=96))
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    assert len(list(project.cache_folder.glob("*/*-*.*"))) == 6
    (tmp_path / "videos" / "c.mp4").unlink()
    shutil.rmtree(project.cache_folder)
    events, footage = ensured(project, 96)
    assert [event.code for event in events if isinstance(event, Warned)] == ["files-gone"]
    assert footage is not None
    assert len(footage.videos) == 2


def test_the_video_tier_has_no_frames_of_a_size_but_decodes_to_it(tmp_path: Path) -> None:
    project = scanned(tmp_path, "video", short_side_pixels=96)
    straight = open_footage(project, short_side_pixels=96)
    assert straight.tier == "video"
    (tmp_path / "other").mkdir()
    shutil.copytree(tmp_path / "videos", tmp_path / "other" / "videos")
    mapped = open_footage(scanned(tmp_path / "other", "map", short_side_pixels=96), short_side_pixels=96)
    for one, other in zip(straight.cached, mapped.cached, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one.planes(ASKED), other.planes(ASKED), strict=True))


def test_what_does_not_fit_the_memory_stays_on_the_disk(tmp_path: Path) -> None:
    project = scanned(tmp_path, "map")
    project.settings.tier, project.settings.memory_gigabytes = "memory", 1e-6
    events = in_memory(project, open_footage(project))
    assert next(events).code == "not-in-memory"
    with pytest.raises(StopIteration) as end:
        next(events)
    assert end.value.value.tier == "map"
    project.settings.memory_gigabytes = 1.0
    assert loaded(project).tier == "memory"


def test_planes_are_cut_alike(footages: dict[str, Footage]) -> None:
    whole = footages["map"].cached[0].planes(ASKED)
    assert isinstance(whole, Planes420)
    cut = whole.cut(WINDOW)
    assert np.array_equal(cut.y_SHW, whole.y_SHW[:, 10:50, 22:58])
    assert np.array_equal(cut.v_SHW, whole.v_SHW[:, 5:25, 11:29])
    assert all(isinstance(one, StoredVideo) for one in footages["map"].cached)
    assert all(isinstance(one, Video) for one in footages["map"].videos)
