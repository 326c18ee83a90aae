"""Published splits: the lists in their own formats, and projects that hold all, some or none of their videos."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from studio.commands.judged import evaluation_text
from studio.engine.catalogue import Video
from studio.engine.errors import UsageError
from studio.engine.evaluation.evaluate import evaluate
from studio.engine.evaluation.labels import GALLERY, QUERY
from studio.engine.evaluation.split_files import PublishedSplit, find_split
from studio.engine.events import Finished
from studio.engine.project import Project
from studio.engine.recipe import make_recipe
from studio.engine.training.loop import train
from studio.engine.video.ingest import scan
from tests.clips import write_clip

UCF = Path(__file__).parents[4] / "shared" / "data" / "ucf101"
TRAIN = ["HandstandPushups/v_HandStandPushups_g08_c01.avi 1", "HandstandPushups/v_HandStandPushups_g09_c02.avi 1",
         "Diving/v_Diving_g08_c01.avi 2", "Diving/v_Diving_g09_c04.avi 2"]
TEST = ["HandstandPushups/v_HandStandPushups_g01_c01.avi", "HandstandPushups/v_HandStandPushups_g01_c02.avi",
        "Diving/v_Diving_g01_c01.avi", "Diving/v_Diving_g02_c01.avi"]
BRUSH = ["April_09_brush_hair_u_nm_np1_ba_goo_0.avi 1 ", "April_09_brush_hair_u_nm_np1_ba_goo_1.avi 1 ",
         "Brushing_Hair_with_Beth_brush_hair_h_nm_np1_le_goo_0.avi 2 ",
         "Haarek#mmen_brush_hair_h_cm_np1_fr_goo_0.avi 0 "]


def _ucf_lists(folder: Path, *, number: int = 1) -> Path:
    """Lists as they come: Windows line ends, numbers in the training list only."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"trainlist{number:02}.txt").write_bytes("\r\n".join([*TRAIN, ""]).encode())
    (folder / f"testlist{number:02}.txt").write_bytes("\r\n".join([*TEST, ""]).encode())
    (folder / "classInd.txt").write_bytes(b"1 HandstandPushups\r\n2 Diving\r\n")
    return folder


def _hmdb_lists(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "brush_hair_test_split1.txt").write_text("\n".join(BRUSH) + "\n")
    (folder / "wave_test_split1.txt").write_text("50_FIRST_DATES_wave_u_cm_np1_fr_goo_30.avi 1 \n"
                                                 "A_wave_u_nm_np1_ba_bad_2.avi 2 \n")
    return folder


def _videos(*paths: str) -> list[Video]:
    return [Video(id=number, source="videos", path=path) for number, path in enumerate(paths, start=1)]


def test_ucf101_lists(tmp_path: Path) -> None:
    split = find_split("UCF101/1", folder=_ucf_lists(tmp_path / "lists"), near=[])
    assert split.name == "ucf101/1" and len(split.lines) == 8
    line = split.lines["v_handstandpushups_g08_c01"]
    assert (line.label, line.group, line.side) == ("HandstandPushups", "HandStandPushups_g08", GALLERY)
    labels, fit = split.labels(_videos("HandStandPushups/v_HandStandPushups_g08_c01.mp4", "v_Diving_g01_c01.avi",
                                       "Diving/v_Diving_g25_c01.avi"))
    assert labels.label_V == ["HandstandPushups", "Diving", ""] and labels.published == "ucf101/1"
    assert labels.role(QUERY).tolist() == [1] and labels.role(GALLERY).tolist() == [0]
    assert fit == {"dataset": "ucf101", "number": 1, "train": 1, "missing_train": 3, "test": 1, "missing_test": 3,
                   "outside": 1}


def test_hmdb51_lists(tmp_path: Path) -> None:
    split = find_split("hmdb51/1", folder=_hmdb_lists(tmp_path / "lists"), near=[])
    assert len(split.lines) == 5, "a video marked 0 belongs to neither side"
    lines = {name: (line.label, line.group, line.side) for name, line in split.lines.items()}
    assert lines["april_09_brush_hair_u_nm_np1_ba_goo_1"] == ("brush_hair", "April_09", GALLERY)
    assert lines["50_first_dates_wave_u_cm_np1_fr_goo_30"] == ("wave", "50_FIRST_DATES", GALLERY)
    assert lines["brushing_hair_with_beth_brush_hair_h_nm_np1_le_goo_0"][2] == QUERY


@pytest.mark.parametrize("place", ["videos", "videos/ucfTrainTestlist", "ucfTrainTestlist", "lists", "project"])
def test_lists_are_found_near_the_videos(place: str, tmp_path: Path) -> None:
    _ucf_lists(tmp_path / place)
    (tmp_path / "videos" / "Diving").mkdir(parents=True, exist_ok=True)
    near = [tmp_path / "videos", tmp_path, tmp_path / "project"]
    assert isinstance(find_split("ucf101/1", folder=None, near=near), PublishedSplit)
    with pytest.raises(UsageError, match="trainlist02"):
        find_split("ucf101/2", folder=None, near=near)


@pytest.mark.parametrize(("paths", "said"), [
    (["walk/a.mp4"], "none of its 8 videos"), (["Diving/v_Diving_g08_c01.avi"], "no test video"),
    (["Diving/v_Diving_g01_c01.avi"], "no train video")])
def test_a_project_that_does_not_fit_says_so(paths: list[str], said: str, tmp_path: Path) -> None:
    split = find_split("ucf101/1", folder=_ucf_lists(tmp_path), near=[])
    with pytest.raises(UsageError, match=said):
        split.labels(_videos(*paths))


@pytest.mark.skipif(not UCF.is_dir(), reason="the clips of UCF101 are not here")
def test_names_of_real_clips(tmp_path: Path) -> None:
    paths = [path.relative_to(UCF).as_posix() for path in sorted(UCF.glob("*/*.avi"))]
    (tmp_path / "trainlist01.txt").write_text("".join(f"{path} 1\n" for path in paths[5:]))
    (tmp_path / "testlist01.txt").write_text("".join(f"{path}\n" for path in paths[:5]))
    labels, fit = find_split("ucf101/1", folder=tmp_path, near=[]).labels(_videos(*paths))
    assert labels.names == ["ApplyEyeMakeup", "BenchPress", "Diving"] and len(set(labels.group_V)) == 3
    assert (fit["train"], fit["test"], fit["missing_train"], fit["outside"]) == (10, 5, 0, 0)


# ---------------------------------------------------------------- the operation on a small tree of that form


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, tiny_recipe: dict[str, Any]) -> Path:
    """A run of clip order on a tree like UCF101's, which lacks one listed video of each side."""
    root = tmp_path_factory.mktemp("ucf")
    _ucf_lists(root / "ucfTrainTestlist")
    for seed, line in enumerate([*TRAIN[1:], *TEST[1:], "Diving/v_Diving_g25_c09.avi"]):
        write_clip(root / "UCF-101" / line.split()[0], frames=36, codec="mpeg4", seed=seed)
    project = Project.create(root / "P")
    list(scan(project, [root / "UCF-101"], workers=1))
    recipe = make_recipe({**tiny_recipe, "sampling": {"clip_frames": 8, "interval_frames": 2}},
                         ["training.max_steps=1", "training.validation_tuples=8", "augmentation.input_pixels=32"])
    list(train(project, recipe, name="small"))
    return project.run_folders()[0]


def _evaluated(run: Path, **options: Any) -> dict[str, Any]:
    last = list(evaluate(Project.open(run.parents[1]), run, split="ucf101/1", **options))[-1]
    assert isinstance(last, Finished)
    return last.result


def test_retrieval_on_the_split_stands_beside_the_paper(run: Path) -> None:
    result = _evaluated(run)
    assert (result["queries"], result["gallery"]) == (3, 3), "test videos ask training videos, no other one"
    assert (result["split"]["missing_train"], result["split"]["missing_test"], result["split"]["outside"]) == (1, 1, 1)
    papers = {paper["network"]: paper for paper in result["published"]}
    assert papers["R3D (VCOP's, 14.4 M parameters)"]["figures"]["top1"] == 14.1 and len(papers) == 3
    said, page = evaluation_text(result), (run / "report.html").read_text(encoding="utf-8")
    for text in (said, page):
        assert "14.1" in text and "lacks 1 of the 4 training and 1 of the 4 test videos" in text
        assert "14.4 M" in text and "BestJuly/IIC" in text and "pooled feature" in text
    assert "--split ucf101/1" in page and "v_Diving" not in page


def test_the_short_fine_tuning_is_not_the_papers(run: Path) -> None:
    result = _evaluated(run, protocol="linear", against="nothing")
    assert "published" not in result and (result["train"], result["test"], len(result["splits"])) == (3, 3, 1)
    assert "64.9" not in evaluation_text(result)


def test_a_group_on_both_sides_of_a_published_split_stays(run: Path, tmp_path: Path) -> None:
    """Nothing is dropped from a published split, where a file of one's own would lose the training videos."""
    lists = Path(shutil.copytree(run.parents[2] / "ucfTrainTestlist", tmp_path / "lists"))
    moved = TEST[1].split()[0]
    (lists / "testlist01.txt").write_text("\n".join([TEST[1], TEST[2]]))
    (lists / "trainlist01.txt").write_text("\n".join([*TRAIN, f"{TEST[3]} 2", f"{moved.replace('c02', 'c01')} 1"]))
    result = _evaluated(run, protocol="linear", against="nothing", split_files=lists)
    assert (result["train"], result["test"]) == (4, 2)
