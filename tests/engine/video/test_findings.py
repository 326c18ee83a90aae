"""What a person should know of a readable video is found while it is read, and said in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from studio.engine.catalogue import Finding, Video
from studio.engine.events import Finished, Warned
from studio.engine.project import Project
from studio.engine.video import alike, make, vision
from studio.engine.video.alike import MOST_PAIRED, SIGNATURE_BYTES, near_copies, signature_of
from studio.engine.video.facts import Facts, Form, cache_path, pack_header, read_facts
from studio.engine.video.findings import NEAR_COPY, frame_rates, warnings
from studio.engine.video.health import GLIMPSE_PIXELS, GLIMPSES, Health, runs_of
from studio.engine.video.ingest import scan
from studio.engine.video.make import Order, make_cached
from tests.clips import draw_frame, write_clip

Picture = NDArray[np.uint8]


def wander(number: int, **size: Any) -> Picture:
    """A whole scene that moves: every frame differs from the one before in all its pixels."""
    wide = draw_frame(number, **{**size, "width": 2 * size["width"]})
    return np.ascontiguousarray(wide[:, number % size["width"]:][:, :size["width"]])


def repeating(number: int, **size: Any) -> Picture:
    return wander(number // 2 * 2, **size)


def freezing(number: int, **size: Any) -> Picture:
    return wander(min(max(number - 40, 0), 1) * (number - 40) + min(number, 10), **size)


def going_black(number: int, **size: Any) -> Picture:
    return np.zeros((size["height"], size["width"], 3), np.uint8) if 20 <= number < 30 else wander(number, **size)


def dim(number: int, **size: Any) -> Picture:
    """A dark scene that moves: it is neither black nor a repeat."""
    return (wander(number, **size) * 0.12).astype(np.uint8)


def standing(_number: int, **size: Any) -> Picture:
    return wander(3, **size)


def enlarged(number: int, **size: Any) -> Picture:
    return vision.resize(wander(number, **{**size, "width": 96, "height": 72}), width=size["width"],
                         height=size["height"])


def nothing(_number: int, **size: Any) -> Picture:
    return np.zeros((size["height"], size["width"], 3), np.uint8)


@pytest.mark.parametrize(("draw", "findings"), [
    (wander, {}),
    (dim, {}),
    (repeating, {"repeated": "50 % of its frames repeat the one before"}),
    (freezing, {"frozen": "frames 10-40 stand still"}),
    (going_black, {"black": "frames 20-29 are black"}),
    (standing, {"static": "nothing moves in it: there is nothing to learn from"}),
    (nothing, {"black": "all its frames are black"}),
])
def test_each_fault_is_found_and_a_sound_video_has_none(draw: Any, findings: dict[str, str], tmp_path: Path) -> None:
    path = write_clip(tmp_path / "v.mp4", frames=60, draw=draw)
    facts = make_cached(Order(path=path, cache_folder=tmp_path / "cache", form=Form(64)))
    assert facts.findings is not None
    assert dict(facts.findings) == findings
    stored = read_facts(cache_path(tmp_path / "cache", identity=facts.identity, form=Form(64)))
    assert stored == facts


def test_a_rate_that_changes_is_found(tmp_path: Path) -> None:
    stamps = [10 * number if number < 30 else 300 + 30 * (number - 30) for number in range(60)]
    path = write_clip(tmp_path / "v.mp4", frames=60, draw=wander, stamps=stamps)
    facts = make_cached(Order(path=path, cache_folder=tmp_path / "cache", form=Form(64)))
    assert dict(facts.findings or ()) == {
        "variable-rate": "its frame rate changes, between 8.33 and 25 frames a second"}


def test_a_single_picture_has_nothing_to_learn_from() -> None:
    health = Health(64, 64)
    health.next(np.full((64, 64), 90, np.uint8))
    assert [one.code for one in health.findings(np.zeros(1), None)] == ["static"]


def test_masked_pixels_do_not_count() -> None:
    """A video of which a half is masked and whose other half is black is black."""
    luma_HW, times_N = np.zeros((64, 64), np.uint8), np.arange(8) / 25
    rng = np.random.default_rng(0)
    for black in (True, False):
        health = Health(64, 64, hidden=64 * 62)
        for _ in range(8):
            luma_HW[62:] = 5 if black else rng.integers(0, 255, (2, 64))
            health.next(luma_HW)
        assert ([one.code for one in health.findings(times_N, None)] == ["black"]) == black


def test_glimpses_of_a_long_video_are_spread_and_few() -> None:
    health = Health(32, 32)
    for number in range(2000):
        health.next(np.full((32, 32), number % 251, np.uint8))
    seen = health.glimpses()[:, 0, 0].astype(int)
    wanted = (np.arange(GLIMPSES) + 0.5) / GLIMPSES * 2000
    assert np.abs(seen - wanted % 251).max() <= 8
    assert len(health._glimpses) <= 256


def test_runs_are_first_and_last() -> None:
    assert runs_of(np.array([1, 1, 0, 1, 0, 0, 1], bool)) == [(0, 1), (3, 3), (6, 6)]
    assert runs_of(np.zeros(4, bool)) == []


# ---------------------------------------------------------------- videos that look the same


def glimpses(seed: int) -> Picture:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 255, (GLIMPSES, GLIMPSE_PIXELS, GLIMPSE_PIXELS)).astype(np.uint8)


def test_a_copy_with_noise_and_other_light_is_alike_and_another_video_is_not() -> None:
    rng = np.random.default_rng(1)
    one = glimpses(0)
    copied = np.clip(0.8 * one + 20 + rng.normal(0, 3, one.shape), 0, 255).astype(np.uint8)
    signatures = [signature_of(one), signature_of(copied), signature_of(glimpses(1)), b""]
    assert {len(one) for one in signatures} == {SIGNATURE_BYTES, 0}
    assert near_copies(signatures, ["a", "b", "c", "d"]) == [(0, 1)]
    assert near_copies(signatures, ["a", "a", "c", "d"]) == [], "in one group it is no leak"
    assert signature_of(np.full((GLIMPSES, GLIMPSE_PIXELS, GLIMPSE_PIXELS), 7, np.uint8)) == b""


def test_buckets_find_what_all_pairs_find(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    bits = rng.integers(0, 2, (300, 512), dtype=np.uint8)
    for copy in range(40):
        bits[260 + copy] = bits[copy]
        bits[260 + copy, rng.choice(512, 25, replace=False)] ^= 1
    signatures = [np.packbits(one).tobytes() for one in bits]
    groups = [str(number) for number in range(300)]
    whole = near_copies(signatures, groups)
    assert whole == [(copy, 260 + copy) for copy in range(40)]
    monkeypatch.setattr(alike, "MOST_PAIRED", 10)
    assert near_copies(signatures, groups) == whole
    assert MOST_PAIRED == 10_000


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project.create(tmp_path / "study")
    made.settings.short_side_pixels = 64
    made.save()
    return made


def run(project: Project, *folders: Path) -> tuple[dict[str, Any], list[str]]:
    events = list(scan(project, folders, workers=1))
    assert isinstance(events[-1], Finished)
    assert all(event.to_json() for event in events)
    return events[-1].result, [event.code for event in events if isinstance(event, Warned)]


def test_a_scan_tells_the_findings_beside_the_problems(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "v"
    write_clip(folder / "good.mp4", frames=40, draw=wander)
    write_clip(folder / "again.mp4", frames=40, draw=enlarged, width=120, height=90, codec="mpeg4")
    write_clip(folder / "twice.mp4", frames=40, draw=repeating, seed=3, fps=50)
    (folder / "broken.mp4").write_bytes(b"")
    result, codes = run(project, folder)
    assert [one["path"] for one in result["problems"]] == ["broken.mp4"]
    assert set(result["problems"][0]) == {"path", "verdict", "reason"}
    told = {(one["path"], one["code"]): one["reason"] for one in result["findings"]}
    assert set(told) == {("good.mp4", NEAR_COPY), ("again.mp4", NEAR_COPY), ("twice.mp4", "repeated")}
    assert told["good.mp4", NEAR_COPY].startswith("it looks the same as again.mp4, which is in another group: a leak")
    assert result["frame_rates"] == [{"frames_per_second": 25.0, "videos": 2}, {"frames_per_second": 50.0, "videos": 1}]
    assert codes == ["repeated", NEAR_COPY, "mixed-rates"]
    with project.catalogue() as catalogue:
        numbers = {row.path: row.id for row in catalogue.videos()}
        catalogue.change([numbers["again.mp4"]], excluded=True)
    result, codes = run(project)
    assert {(one["path"], one["code"]) for one in result["findings"]} == {("twice.mp4", "repeated")}
    assert codes == ["repeated", "mixed-rates"]


def test_findings_of_an_older_catalogue_are_made_up_for_without_decoding(project: Project, tmp_path: Path,
                                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    write_clip(tmp_path / "v" / "a.mp4", frames=40, draw=repeating)
    run(project, tmp_path / "v")
    with project.catalogue() as catalogue:
        row = catalogue.videos()[0]
        catalogue.change([row.id], findings=None)
    path = next(project.cache_folder.rglob("*.frames"))
    _forget_findings(path)
    monkeypatch.setattr(make, "open_reader", None)
    facts = make_cached(Order(path=project.video_file(source=row.source, path=row.path),
                              cache_folder=project.cache_folder, form=Form(64)))
    assert facts.findings == row.findings == (Finding("repeated", "50 % of its frames repeat the one before"),)
    assert run(project)[0]["new"] == 1
    with project.catalogue() as catalogue:
        assert catalogue.videos()[0].findings == row.findings


def _forget_findings(path: Path) -> None:
    """Make the header one of an earlier studio."""
    facts = read_facts(path)
    old = Facts(**{**vars(facts), "findings": None, "signature": ""})
    content = path.read_bytes()
    path.write_bytes(pack_header(old) + content[len(pack_header(old)):])


def test_rates_that_are_nearly_one_count_as_one() -> None:
    rows = [Video(source="s", path=str(number), verdict="good", frames=9, frames_per_second=rate)
            for number, rate in enumerate((25.0, 25.0, 24.98, 30.0, 29.97, 50.0))]
    assert [one["videos"] for one in frame_rates(rows)] == [3, 2, 1]
    assert [one.code for one in warnings(rows)] == ["mixed-rates"]
    assert list(warnings(rows[:3])) == []


def test_one_warning_a_kind_names_an_example() -> None:
    black = (Finding("black", "frames 1-9 are black"),)
    rows = [Video(source="s", path=f"{number}.mp4", verdict="good", frames=9, findings=black) for number in range(3)]
    told = list(warnings([*rows, Video(source="s", path="x", verdict="good", excluded=True, findings=black)]))
    assert [one.message for one in told] == ["3 videos have black frames, such as 0.mp4: frames 1-9 are black."]
