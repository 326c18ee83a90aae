"""CSV files about videos are read as people and spreadsheets write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.engine.catalogue import Video
from studio.engine.errors import UsageError
from studio.engine.evaluation.labels import read_labels
from studio.engine.project import Grouping
from studio.engine.video.grouping import assign_groups
from studio.engine.video.video_lines import VideoLines

VIDEOS = [Video(id=number, source="Aufnahmen", path=path, identity=str(number))
          for number, path in enumerate(["Müller/Öffnen 1.mp4", "Müller/zu, langsam.mp4", "Groß/auf.mp4"])]
GERMAN = ("Path;Label;Group\r\nMüller\\Öffnen 1.mp4;öffnen;Müller\r\nMüller\\zu, langsam.mp4;schließen;Müller\r\n"
          "Groß\\auf.mp4;öffnen;Groß\r\n;;\r\n")
WITH_COMMAS = GERMAN.replace("Müller\\zu, langsam.mp4", '"Müller\\zu, langsam.mp4"').replace(";", ",")


@pytest.mark.parametrize("content", [
    GERMAN.encode("cp1252"), GERMAN.encode("utf-8"), GERMAN.encode("utf-8-sig"),
    GERMAN.replace(";", "\t").encode("utf-16"), GERMAN.replace(";", "\t").encode("cp1252"),
    ("sep=;\r\n" + GERMAN).encode("cp1252"), GERMAN.replace("\r\n", "\r").encode("utf-8"),
    WITH_COMMAS.encode("utf-8"), GERMAN.replace("ü", "u\u0308").encode("utf-8"),
], ids=["Excel", "utf-8", "Excel's CSV UTF-8", "Excel's Unicode text", "tabs", "sep", "old Mac", "commas", "Mac names"])
def test_one_reader_takes_what_spreadsheets_write(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "Befunde.csv"
    path.write_bytes(content)
    found = read_labels(VIDEOS, str(path))
    assert found.label_V == ["öffnen", "schließen", "öffnen"]
    assert [len(set(found.group_V)), found.group_V[0] == found.group_V[1]] == [2, True]
    known = assign_groups(VIDEOS, Grouping(by="csv", csv="Befunde.csv"), folder=tmp_path)
    assert [one["label"] for one in known] == found.label_V and [one["group"] for one in known] == found.group_V


def test_a_line_is_found_by_any_end_of_a_path(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("path,group\nC:\\Kino\\Aufnahmen\\Groß\\auf.mp4,far\nÖffnen 1.mp4,near\n"
                    "Aufnahmen/Müller/Öffnen 1.mp4,nearest\n", encoding="utf-8")
    lines = VideoLines(path, wanted=["group"])
    assert [lines.of(video).get("group") for video in VIDEOS] == ["nearest", None, "far"]


@pytest.mark.parametrize(("content", "said"), [
    (None, r"cannot be read \(No such file or directory\)\. Choose a CSV file with the columns path and label"),
    (b"PK\3\4\0\0", "is a workbook and no CSV file. Save it as CSV in the program that made it"),
    (b"\0\1\2", "is no text"), (b"", "its first line is missing, not path and label"),
    (b"path;label\r\n" + b"a" * 200_000 + b";b", "a value in it is longer than any path"),
    ("Pfad;Befund\r\na;b\r\n".encode("cp1252"), "its first line is Pfad;Befund, not path and label. Write the names"),
    (b"path;befund\r\na;b\r\n", "its first line is path;befund, not path and label"),
    (b"path;label\r\nanderswo.mp4;b\r\n",
     r"a\.csv, path = anderswo\.mp4: no line of this file fits .* such as Müller/Öffnen 1\.mp4"),
])
def test_what_is_wrong_is_said_without_the_words_of_a_programmer(tmp_path: Path, content: bytes | None,
                                                                 said: str) -> None:
    path = tmp_path / "a.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=said) as caught:
        read_labels(VIDEOS, str(path))
    assert "codec" not in str(caught.value) and "--" not in str(caught.value)
