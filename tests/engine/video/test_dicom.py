"""DICOM files give their frames as pictures, or one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.engine.video.cache import CachedVideo, Facts, Form, cache_path
from studio.engine.video.make import Order, make_cached
from studio.engine.video.opening import open_reader

pydicom = pytest.importorskip("pydicom")
DATA = Path(__file__).parents[4] / "shared" / "data" / "dicom"


def write_dicom(path: Path, frames_NHW: np.ndarray, *, photometric: str = "MONOCHROME2", **tags: object) -> Path:
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, UltrasoundMultiFrameImageStorage, generate_uid

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = UltrasoundMultiFrameImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    bits = frames_NHW.dtype.itemsize * 8
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = frames_NHW.shape[:3]
    dataset.SamplesPerPixel = 3 if frames_NHW.ndim == 4 else 1
    if frames_NHW.ndim == 4:
        dataset.PlanarConfiguration = 0
    dataset.PhotometricInterpretation = photometric
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit, dataset.PixelRepresentation = bits - 1, 0
    for name, value in tags.items():
        setattr(dataset, name, value)
    dataset.PixelData = frames_NHW.tobytes()
    dataset.save_as(path, enforce_file_format=True)
    return path


def made(path: Path, tmp_path: Path) -> tuple[Facts, CachedVideo]:
    facts = make_cached(Order(path=path, cache_folder=tmp_path / "cache", form=Form(64)))
    assert facts.frames, facts.reason
    return facts, CachedVideo(cache_path(tmp_path / "cache", identity=facts.identity, form=Form(64)))


def ramp(dtype: type) -> np.ndarray:
    """Five frames, each of one value, with a black and a white edge."""
    top = np.iinfo(dtype).max
    frames = np.zeros((5, 64, 64), dtype)
    frames[:] = (np.arange(5) * (top // 4)).astype(dtype)[:, None, None]
    frames[:, :, :8], frames[:, :, -8:] = 0, top
    return frames


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
def test_grey_frames_of_8_and_16_bits(tmp_path: Path, dtype: type, photometric: str) -> None:
    facts, video = made(write_dicom(tmp_path / "a.dcm", ramp(dtype), photometric=photometric, FrameTime="40"), tmp_path)
    assert (facts.verdict, facts.frames, facts.source_width) == ("good", 5, 64)
    middles = video.y_NHW[:, 32, 32].astype(int)
    expected = np.arange(5) * 63.75
    assert np.abs(middles - (expected if photometric == "MONOCHROME2" else 255 - expected)).max() <= 3
    assert np.allclose(video.times_N, np.arange(5) * 0.04)


def test_the_window_of_the_file_is_used(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", ramp(np.uint16), WindowCenter="16384", WindowWidth="32768")
    _, video = made(path, tmp_path)
    assert np.abs(video.y_NHW[:, 32, 32].astype(int) - [0, 127, 255, 255, 255]).max() <= 2


def test_colours_and_a_time_vector(tmp_path: Path) -> None:
    frames = np.zeros((3, 64, 80, 3), np.uint8)
    frames[..., 0], frames[1, ..., 1] = 220, 200
    path = write_dicom(tmp_path / "noext", frames, photometric="RGB", FrameTimeVector=["0", "30", "70"])
    _, video = made(path, tmp_path)
    assert np.abs(video.rgb([0])[0, 32, 40].astype(int) - (220, 0, 0)).max() <= 4
    assert np.abs(video.rgb([1])[0, 32, 40].astype(int) - (220, 200, 0)).max() <= 4
    assert np.allclose(video.times_N, [0, 0.03, 0.1])


@pytest.mark.parametrize("damage", ["cut", "text", "no pixels"])
def test_what_cannot_be_read_has_a_reason(tmp_path: Path, damage: str) -> None:
    path = write_dicom(tmp_path / "a.dcm", ramp(np.uint8))
    content = path.read_bytes()
    if damage == "no pixels":
        dataset = pydicom.dcmread(path)
        del dataset.PixelData
        dataset.save_as(path)
    else:
        path.write_bytes(content[:len(content) // 2] if damage == "cut" else b"plain text" * 50)
    facts = make_cached(Order(path=path, cache_folder=tmp_path / "cache", form=Form(64)))
    assert facts.verdict != "good"
    assert facts.reason


@pytest.mark.skipif(not DATA.is_dir(), reason="the DICOM files for development are not here")
def test_real_files_are_read_or_have_a_reason(tmp_path: Path) -> None:
    good = 0
    for path in sorted(DATA.iterdir()):
        facts = make_cached(Order(path=path, cache_folder=tmp_path / "cache", form=Form(64)))
        assert facts.reason or facts.verdict == "good", path.name
        good += facts.verdict == "good"
    assert good >= 30


def moments(numbers: list[int]) -> list[object]:
    from pydicom import Dataset

    groups = []
    for number in numbers:
        content, group = Dataset(), Dataset()
        content.TemporalPositionIndex = number
        group.FrameContentSequence = [content]
        groups.append(group)
    return groups


@pytest.mark.parametrize(("tags", "code"), [
    ({"FrameTime": "40"}, ""), ({"CineRate": "30"}, ""), ({"RecommendedDisplayFrameRate": "30"}, ""),
    ({"FrameTimeVector": ["0", "40", "40", "40", "40"]}, ""),
    ({"FrameTimeVector": ["0", "40"]}, "no-time"), ({"FrameTimeVector": ["0"] * 5}, "no-time"),
    ({"FrameTime": "0"}, "no-time"), ({"Modality": "US"}, "no-time"), ({"Modality": "XA"}, "no-time"),
    ({"Modality": "CT"}, "slices"), ({"Modality": "SEG"}, "slices"), ({"Modality": "RTDOSE"}, "slices"),
    ({"Modality": "PT"}, "slices"), ({"Modality": "MR"}, "slices"), ({"Modality": "MR", "FrameTime": "40"}, ""),
    ({"Modality": "MR", "TriggerTime": "12"}, "no-time"),
    ({"Modality": "MR", "NumberOfTemporalPositions": "5"}, "no-time"),
    ({"Modality": "MR", "PerFrameFunctionalGroupsSequence": moments([1, 2, 3, 4, 5])}, "no-time"),
    ({"Modality": "MR", "PerFrameFunctionalGroupsSequence": moments([1, 1, 1, 1, 1])}, "slices"),
], ids=str)
def test_a_rate_that_is_assumed_and_slices_are_told(tmp_path: Path, tags: dict[str, object], code: str) -> None:
    frames = np.random.default_rng(1).integers(0, 256, (5, 64, 64)).astype(np.uint8)
    facts, video = made(write_dicom(tmp_path / "a.dcm", frames, **tags), tmp_path)
    told = [one.reason for one in facts.findings or () if one.code in ("no-time", "slices")]
    assert [one.code for one in facts.findings or () if one.reason in told] == ([code] if code else [])
    assert video.facts.findings == facts.findings
    assert all("25" in reason and "assumed" in reason for reason in told)


def test_a_single_picture_has_no_rate_to_assume(tmp_path: Path) -> None:
    facts, _ = made(write_dicom(tmp_path / "a.dcm", ramp(np.uint8)[1:2], Modality="CT"), tmp_path)
    assert [one.code for one in facts.findings or ()] == ["static"]


@pytest.mark.skipif(not DATA.is_dir(), reason="the DICOM files for development are not here")
def test_real_stacks_of_slices_are_told_from_cine() -> None:
    codes: dict[str, str] = {}
    for path in sorted(DATA.iterdir()):
        reader = open_reader(path)
        codes[path.name] = " ".join(one.code for one in reader.source.findings)
        reader.close()
    slices = {name for name, code in codes.items() if code == "slices"}
    assert all(word in " ".join(slices) for word in ("CT0012", "liver", "rtdose", "emri_small", "dicom_file02"))
    assert {code for name, code in codes.items() if "echo" in name or "color3d" in name or "IM00001" in name} == {""}
    assert codes["fo-dicom__Test Data_MOVEKNEE.dcm"] == "no-time"  # each frame has a moment of its own
