"""The catalogue keeps one row a video, whatever its name."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from studio.engine.catalogue import Catalogue, Finding, Video, display_path
from studio.engine.errors import ProjectError, UsageError

NAMES = ["plain.mp4", "with space.mp4", "日本.mp4", "it's \"quoted\".mp4", "שלום.mp4", "🎬.mp4",
         os.fsdecode(b"bad\xff\xfe.mp4"), "x" * 300 + ".mp4", "a/b/c.mp4", "50%_*?.mp4"]


def test_rows_come_back_equal_whatever_the_name(tmp_path: Path) -> None:
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        for name in NAMES:
            catalogue.put(Video(source="s", path=name, verdict="good", frames=7, seconds=0.5, excluded=True))
    with Catalogue(tmp_path / "c.sqlite", read_only=True) as catalogue:
        videos = catalogue.videos()
        assert {video.path for video in videos} == set(NAMES)
        assert all(video.frames == 7 and video.excluded is True for video in videos)
        for video in videos:
            assert catalogue.find(video.path).id == video.id
            assert catalogue.video(video.id) == video


def test_a_second_put_replaces_and_keeps_the_number(tmp_path: Path) -> None:
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        first = catalogue.put(Video(source="s", path="a.mp4", verdict="unreadable"))
        assert catalogue.put(Video(source="s", path="a.mp4", verdict="good")) == first
        assert [video.verdict for video in catalogue.videos()] == ["good"]
        catalogue.change([first], excluded=True, group="p1")
        assert catalogue.videos(usable_only=True) == []
        assert catalogue.video(first).group == "p1"
        catalogue.forget([first])
        assert catalogue.videos() == []


@pytest.mark.parametrize("at_once", [1, 3, 10, 50])
def test_rows_can_be_read_in_slices_of_the_same_order(tmp_path: Path, at_once: int) -> None:
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        for number, name in enumerate(NAMES):
            catalogue.put(Video(source=f"s{number % 3}", path=name))
        slices = list(catalogue.slices(at_once))
        assert [video for some in slices for video in some] == catalogue.videos()
        assert all(len(some) == at_once for some in slices[:-1]) and catalogue.count() == len(NAMES)


def test_an_error_inside_the_block_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), Catalogue(tmp_path / "c.sqlite") as catalogue:
        catalogue.put(Video(source="s", path="a.mp4"))
        raise RuntimeError
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        assert catalogue.videos() == []


def test_some_videos_are_read_and_changed_at_once_and_what_is_alike_is_one_object(tmp_path: Path) -> None:
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        numbers = [catalogue.put(Video(source="s", path=name, group="-".join(("patient", "1")), seconds=0.5,
                                       findings=(Finding("still", "nothing moves"),))) for name in NAMES]
        catalogue.change(numbers[::2], excluded=True, label="walk")
        catalogue.put_groups([("g", "l", numbers[1])])
        found = {video.id: video for video in catalogue.some([*numbers[:4], 999])}
        assert sorted(found) == sorted(numbers[:4])
        assert all(catalogue.video(number) == found[number] for number in found)
        assert [found[number].excluded for number in numbers[:4]] == [True, False, True, False]
        assert (found[numbers[1]].group, found[numbers[1]].label) == ("g", "l")
        first, other = found[numbers[0]], found[numbers[3]]
        assert first.group is other.group and first.seconds is other.seconds and first.findings is other.findings
        assert not hasattr(first, "__dict__")


def test_a_change_that_cannot_be_written_is_named_and_lets_go_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with Catalogue(path) as catalogue:
        number = catalogue.put(Video(source="s", path="a.mp4"))
    other = sqlite3.connect(path)
    other.execute("BEGIN")
    other.execute("SELECT * FROM videos").fetchone()
    with pytest.raises(ProjectError, match="locked"), Catalogue(path) as catalogue:
        catalogue._db.execute("PRAGMA busy_timeout = 0")
        catalogue.change([number], excluded=True)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        catalogue.commit()
    other.close()
    with pytest.raises(ProjectError, match="no such table: nowhere"), Catalogue(path) as catalogue:
        catalogue.change([number], excluded=True)
        catalogue._db.execute("DELETE FROM nowhere")
    with Catalogue(path) as catalogue:
        assert not catalogue.video(number).excluded


def test_names_that_fit_none_or_several_are_refused(tmp_path: Path) -> None:
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        for path in ("a/x.mp4", "b/x.mp4"):
            catalogue.put(Video(source="s", path=path))
        assert catalogue.find("s/a/x.mp4").path == "a/x.mp4"
        assert catalogue.find("/elsewhere/s/b/x.mp4").path == "b/x.mp4"
        with pytest.raises(UsageError, match="2 videos end like that"):
            catalogue.find("x.mp4")
        with pytest.raises(UsageError, match="no such video"):
            catalogue.find("y.mp4")
        with pytest.raises(UsageError, match="no such video"):
            catalogue.video(99)


def test_a_file_that_is_no_catalogue_is_named(tmp_path: Path) -> None:
    (tmp_path / "c.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(ProjectError, match="cannot be read"):
        Catalogue(tmp_path / "c.sqlite")


def test_a_newer_catalogue_is_left_alone(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "c.sqlite")
    database.execute("PRAGMA user_version=99")
    database.close()
    with pytest.raises(ProjectError, match="newer studio"):
        Catalogue(tmp_path / "c.sqlite")


def test_names_are_shown_as_text() -> None:
    assert display_path(os.fsdecode(b"bad\xff.mp4")) == "bad\ufffd.mp4"
    assert display_path("日本.mp4") == "日本.mp4"


def test_a_backslash_in_a_name_is_found_as_it_is_and_as_a_slash(tmp_path: Path) -> None:
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        odd = catalogue.put(Video(source="s", path="a\\b.mp4"))
        plain = catalogue.put(Video(source="s", path="c/d.mp4"))
        assert catalogue.find("a\\b.mp4").id == odd
        assert catalogue.find("c\\d.mp4").id == plain
        assert catalogue.find("s\\c\\d.mp4").id == plain


def test_a_name_that_is_no_text_is_found_by_what_is_shown_of_it(tmp_path: Path) -> None:
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        number = catalogue.put(Video(source="s", path=os.fsdecode(b"ward/bad\xff.mp4")))
        assert catalogue.find("bad\ufffd.mp4").id == number
        assert catalogue.find(os.fsdecode(b"bad\xff.mp4")).id == number


@pytest.mark.parametrize(("text", "verdict", "expected"), [
    ("", "", ["a/One.mp4", "b/zwei.mp4", "c/Ünö.mp4", "d/100%_x.mp4"]),
    ("one", "", ["a/One.mp4"]), ("ONE.", "", ["a/One.mp4"]), ("%", "", ["d/100%_x.mp4"]), ("_x", "", ["d/100%_x.mp4"]),
    ("ünÖ", "", ["c/Ünö.mp4"]), ("patient-7", "", ["b/zwei.mp4"]), ("walk", "", ["a/One.mp4"]),
    ("mp4", "partial", ["b/zwei.mp4"]), ("", "unreadable", ["a/One.mp4", "d/100%_x.mp4"]), ("nothing", "", []),
])
def test_a_search_looks_at_path_group_and_label(tmp_path: Path, text: str, verdict: str, expected: list[str]) -> None:
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        catalogue.put(Video(source="s", path="d/100%_x.mp4"))
        catalogue.put(Video(source="s", path="b/zwei.mp4", verdict="partial", group="Patient-7"))
        catalogue.put(Video(source="s", path="a/One.mp4", label="Walk"))
        catalogue.put(Video(source="s", path="c/Ünö.mp4", verdict="good", excluded=True))
        assert [video.path for video in catalogue.search(text, verdict=verdict)] == expected
        assert [video.path for video in catalogue.search(text, verdict=verdict, limit=1)] == expected[:1]
        assert catalogue.counts() == {"videos": 4, "good": 1, "partial": 1, "unreadable": 2, "excluded": 1, "usable": 1}
        assert min(catalogue.rows("verdict", "path")) == ("good", "c/Ünö.mp4".encode())
        with pytest.raises(ValueError, match="has no"):
            catalogue.rows("path; DROP TABLE videos")


def _of_format_1(path: Path) -> None:
    """Make a catalogue as the studio wrote it before findings."""
    with Catalogue(path) as catalogue:
        catalogue.put(Video(source="s", path="a.mp4", verdict="good", frames=7, group="g"))
    database = sqlite3.connect(path)
    with database:
        database.execute("ALTER TABLE videos DROP COLUMN findings")
        database.execute("DROP TABLE signatures")
        database.execute("PRAGMA user_version=1")
    database.close()


def test_an_older_catalogue_can_be_read_and_is_brought_up_to_date_when_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    _of_format_1(path)
    before = path.read_bytes()
    with Catalogue(path, read_only=True) as catalogue:
        video = catalogue.videos()[0]
        assert (video.frames, video.findings) == (7, None)
        assert catalogue.video(video.id) == video == catalogue.search("a")[0] == catalogue.find("a.mp4")
        assert catalogue.rows("id", "findings", "group") == [(video.id, None, "g")]
        assert catalogue.signatures() == {}
    assert path.read_bytes() == before, "reading changes nothing"
    first, second = Catalogue(path), Catalogue(path)
    with first, second:
        assert first.videos() == second.videos() == [video]
        first.change([video.id], findings=(Finding("black", "frames 0-9 are black"),))
        first.put_signature("x", b"bits")
    with Catalogue(path, read_only=True) as catalogue:
        assert catalogue.videos()[0].findings == (Finding("black", "frames 0-9 are black"),)
        assert catalogue.signatures() == {"x": b"bits"}


def test_an_upgrade_that_is_cut_off_leaves_the_old_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken twin of the step that keeps it whole: half an upgrade must not count as one."""
    path = tmp_path / "c.sqlite"
    _of_format_1(path)
    monkeypatch.setattr("studio.engine.catalogue._SIGNATURES", "CREATE TABLE nonsense")
    with pytest.raises(ProjectError, match="cannot be read"):
        Catalogue(path)
    monkeypatch.undo()
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA user_version").fetchone() == (1,)
    assert "findings" not in {row[1] for row in database.execute("PRAGMA table_info(videos)")}
    database.close()
    with Catalogue(path) as catalogue:
        assert catalogue.videos()[0].findings is None


@pytest.mark.parametrize("findings", [None, (), (Finding("black", "ünï \"x\""), Finding("static", "b"))])
def test_findings_come_back_as_they_were(tmp_path: Path, findings: tuple[Finding, ...] | None) -> None:
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        catalogue.put(Video(source="s", path="a.mp4", findings=findings))
        assert catalogue.videos()[0].findings == findings
