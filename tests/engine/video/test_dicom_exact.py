"""DICOM frames against pydicom's own arrays, video in DICOM against the video itself; no word of a header is kept."""

from __future__ import annotations

import io
import json
import sqlite3
import warnings
import zlib
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from studio.engine.project import Project
from studio.engine.video import dicom
from studio.engine.video.cache import Form
from studio.engine.video.ingest import scan
from studio.engine.video.make import Order, make_cached
from studio.engine.video.opening import open_reader
from studio.engine.video.reader import frame_times
from tests.benchmarks.exactness import differences, sequential
from tests.engine.video.test_dicom import DATA, ramp, write_dicom

pydicom = pytest.importorskip("pydicom")


def values(path: Path) -> np.ndarray:
    """The frames that the reader gives: grey, or red, green and blue, 8 bits."""
    reader = open_reader(path)
    found = [picture.frame for picture in reader.pictures()]
    assert not reader.fault, reader.fault
    return np.stack([frame.to_ndarray() for frame in found])


def expected(path: Path) -> np.ndarray:
    """What PS3.3 makes of pydicom's array: rescaled, windowed (or from the least to the largest value), inverted."""
    from pydicom.pixels import apply_rescale, apply_windowing

    dataset = pydicom.dcmread(path)
    array = apply_rescale(dataset.pixel_array, dataset)
    if "WindowWidth" in dataset:
        array = apply_windowing(dataset.pixel_array if "RescaleSlope" not in dataset else array, dataset)
        low, high = _output_range(dataset)
    else:
        low, high = (0, 255) if dataset.BitsStored == 8 else (array.min(), array.max())
    shown = np.clip((array.astype(float) - low) / (high - low), 0, 1) * 255
    return 255 - shown if dataset.PhotometricInterpretation == "MONOCHROME1" else shown


def _output_range(dataset: Any) -> tuple[float, float]:
    """The range that pydicom's windowing gives its output (`apply_windowing`: the stored values', rescaled)."""
    low, high = (-(2 ** (dataset.BitsStored - 1)), 2 ** (dataset.BitsStored - 1) - 1) if dataset.PixelRepresentation \
        else (0, 2 ** dataset.BitsStored - 1)
    slope, intercept = float(dataset.get("RescaleSlope", 1)), float(dataset.get("RescaleIntercept", 0))
    return low * slope + intercept, high * slope + intercept


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("tags", [
    {}, {"WindowCenter": "9000", "WindowWidth": "12000"}, {"WindowCenter": ["300", "5"], "WindowWidth": ["41", "9"]},
    {"WindowCenter": "100", "WindowWidth": "4000", "RescaleSlope": "0.5", "RescaleIntercept": "-1024"},
    {"WindowCenter": "9000.5", "WindowWidth": "800", "VOILUTFunction": "LINEAR_EXACT"},
], ids=["no window", "window", "two windows", "rescaled", "exact"])
def test_grey_levels_are_those_of_the_standard(tmp_path: Path, photometric: str, tags: dict[str, Any]) -> None:
    frames = np.random.default_rng(3).integers(0, 18000, (4, 64, 64)).astype(np.uint16)
    frames[:, 0, :40] = np.arange(280, 320)
    path = write_dicom(tmp_path / "a.dcm", frames, photometric=photometric, **tags)
    assert np.abs(values(path) - expected(path)).max() <= 1


def test_signed_values(tmp_path: Path) -> None:
    frames = np.random.default_rng(3).integers(-2000, 3000, (3, 64, 64)).astype(np.int16)
    path = write_dicom(tmp_path / "a.dcm", frames, PixelRepresentation=1, WindowCenter="40", WindowWidth="400")
    assert np.abs(values(path) - expected(path)).max() <= 1


def test_a_window_that_all_frames_share(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", ramp(np.uint16))
    dataset = pydicom.dcmread(path)
    window, group = pydicom.Dataset(), pydicom.Dataset()
    window.WindowCenter, window.WindowWidth = "16384", "32768"
    group.FrameVOILUTSequence = [window]
    dataset.SharedFunctionalGroupsSequence = [group]
    dataset.save_as(path)
    assert np.abs(values(path)[:, 32, 32].astype(int) - [0, 127, 255, 255, 255]).max() <= 1


@pytest.mark.parametrize(("tags", "expected_times"), [
    ({"FrameTime": "40"}, [0, 0.04, 0.08]), ({"FrameTimeVector": ["0", "30", "70"]}, [0, 0.03, 0.1]),
    ({"CineRate": "50"}, [0, 0.02, 0.04]), ({"RecommendedDisplayFrameRate": "10"}, [0, 0.1, 0.2]),
    ({}, [0, 0.04, 0.08]),
    ({"FrameTime": "0", "CineRate": "20"}, [0, 0.05, 0.1]), ({"FrameTimeVector": ["0", "30"]}, [0, 0.04, 0.08]),
])
def test_times_come_from_the_header_that_has_them(tmp_path: Path, tags: dict[str, Any],
                                                  expected_times: list[float]) -> None:
    reader = open_reader(write_dicom(tmp_path / "a.dcm", ramp(np.uint8)[:3], **tags))
    stamps = [picture.seconds for picture in reader.pictures()]
    found = frame_times(stamps, frames_per_second=reader.source.frames_per_second)
    np.testing.assert_allclose(found, expected_times, atol=1e-9)


def test_colours_in_ybr_become_red_green_and_blue(tmp_path: Path) -> None:
    from pydicom.pixels import convert_color_space

    colours = np.random.default_rng(1).integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)
    stored = convert_color_space(colours, "RGB", "YBR_FULL")
    path = write_dicom(tmp_path / "a.dcm", stored, photometric="YBR_FULL")
    assert np.abs(values(path).astype(int) - convert_color_space(stored, "YBR_FULL", "RGB")).max() == 0


@pytest.mark.skipif(not DATA.is_dir(), reason="the DICOM files for development are not here")
def test_frames_of_real_files_are_those_of_pydicom() -> None:
    compared = 0
    warnings.simplefilter("ignore")
    for path in sorted(DATA.glob("*.dcm")):
        dataset = pydicom.dcmread(path)
        plain = dataset.get("PhotometricInterpretation") == "RGB" and dataset.BitsAllocated == 8
        if plain or (dataset.get("SamplesPerPixel") == 1 and dataset.get("BitsStored") == 8):
            try:
                array = dataset.pixel_array
            except (RuntimeError, AttributeError, ValueError, NotImplementedError):
                continue
            if dataset.PhotometricInterpretation in ("RGB", "MONOCHROME2") and "WindowWidth" not in dataset:
                found = values(path)
                assert np.array_equal(found, array.reshape(found.shape)), path.name
                compared += len(found)
    assert compared >= 4


# ---------------------------------------------------------------- packed in other ways


DEFLATED, JPEG = "1.2.840.10008.1.2.8.1", "1.2.840.10008.1.2.4.50"


def encapsulated(path: Path, frames: list[bytes], *, syntax: str, shape: tuple[int, int], count: int,
                 bits: int = 8) -> Path:
    from pydicom.encaps import encapsulate

    write_dicom(path, np.zeros((count, *shape), np.uint8))
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax if syntax != DEFLATED else JPEG)
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].VR = "OB"
    dataset.save_as(path, enforce_file_format=True)
    if syntax == DEFLATED:  # pydicom writes no file of this syntax
        path.write_bytes(path.read_bytes().replace(JPEG.encode(), DEFLATED.encode() + b"\0"))
    return path


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def test_deflated_frames_and_single_bits(tmp_path: Path) -> None:
    frames = np.random.default_rng(2).integers(0, 256, (3, 30, 34)).astype(np.uint8)
    path = encapsulated(tmp_path / "a.dcm", [deflated(frame.tobytes()) for frame in frames],
                        syntax=DEFLATED, shape=(30, 34), count=3)
    assert np.array_equal(values(path), frames)
    bits = frames[:, :, :33] > 127
    packed = [deflated(np.packbits(frame, bitorder="little").tobytes()) for frame in bits]
    path = encapsulated(tmp_path / "b.dcm", packed, syntax=DEFLATED, shape=(30, 33), count=3, bits=1)
    assert np.array_equal(values(path), bits * 255)
    path = encapsulated(tmp_path / "c.dcm", [deflated(b"short")] * 3, syntax=DEFLATED, shape=(30, 34),
                        count=3)
    reader = open_reader(path)
    assert not list(reader.pictures())
    assert reader.fault == "its pixels are damaged"


@pytest.mark.skipif(not DATA.is_dir(), reason="the DICOM files for development are not here")
@pytest.mark.parametrize("name", ["liver_deflate", "liver_nonbyte_aligned_deflate", "liver_nonbyte_aligned_rle",
                                  "liver_j2k"])
def test_one_picture_in_four_packings(name: str) -> None:
    plain = values(DATA / "pydicom_data_pypi__x_liver.dcm")
    packed = values(DATA / f"pydicom__data_{name}.dcm")
    assert np.array_equal(packed, plain[:, :packed.shape[1], :packed.shape[2]])


@pytest.mark.skipif(not DATA.is_dir(), reason="the DICOM files for development are not here")
@pytest.mark.parametrize("kind", ["jpeg_lossless.57", "jpeg_baseline.51"])
def test_what_needs_a_further_package_says_what_to_do(kind: str) -> None:
    path = next(DATA.glob(f"cornerstonejs__*{kind}.dcm"))
    reader = open_reader(path)
    frames = list(reader.pictures())
    if frames:  # the package is here
        assert len(frames) == reader.source.declared_frames
    else:
        assert "no decoder here knows its compression (JPEG" in reader.fault
        assert reader.fault.endswith(": export it uncompressed or as JPEG Baseline, or install pylibjpeg-libjpeg")


@pytest.mark.parametrize(("codec", "muxer", "syntax", "pieces"), [
    ("mpeg2video", "mpeg2video", "1.2.840.10008.1.2.4.100", 1), ("libx264", "mp4", "1.2.840.10008.1.2.4.102", 1),
    ("libx264", "mpegts", "1.2.840.10008.1.2.4.103.1", 7), ("libx265", "mpegts", "1.2.840.10008.1.2.4.107", 1),
])
def test_video_inside_dicom_is_that_video(tmp_path: Path, codec: str, muxer: str, syntax: str, pieces: int) -> None:
    stream = io.BytesIO()
    with av.open(stream, "w", format=muxer) as container:
        track = container.add_stream(codec, rate=25, options={"x265-params": "log-level=0"} if "265" in codec else {})
        assert isinstance(track, av.VideoStream)
        track.width, track.height, track.pix_fmt = 96, 72, "yuv420p"
        for number in range(20):
            picture = np.full((72, 96, 3), 10 * number, np.uint8)
            container.mux(track.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(track.encode(None))
    content = stream.getvalue()
    plain = tmp_path / "plain.mp4"
    plain.write_bytes(content)
    size = -(-len(content) // pieces // 2) * 2
    from pydicom.encaps import itemize_fragment

    path = encapsulated(tmp_path / "a.dcm", [b"\0\0"], syntax=syntax, shape=(72, 96), count=20)
    dataset = pydicom.dcmread(path)
    parts = [content[place:place + size] for place in range(0, len(content), size)]
    parts = [part + b"\0" * (len(part) % 2) for part in parts]
    dataset.PixelData = itemize_fragment(b"") + b"".join(itemize_fragment(part) for part in parts)
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path, enforce_file_format=True)
    wanted = sequential(plain)
    assert sequential(path) == wanted
    assert len(wanted) == 20
    assert differences(path, wanted)[1] == 0
    facts = make_cached(Order(path=path, cache_folder=tmp_path / "cache", form=Form(64)))
    assert (facts.frames, facts.verdict) == (20, "good")


# ---------------------------------------------------------------- words of the header


PLANTED = {"PatientName": "Planted^Petra", "PatientID": "PLANTED-4711", "InstitutionName": "Planted Clinic",
           "ReferringPhysicianName": "Doktor^Planted", "StudyDescription": "planted study",
           "ImageComments": "planted comment", "DeviceSerialNumber": "PLANTED9", "OperatorsName": "Planted^Olga"}


def planted(folder: Path) -> list[Path]:
    """Good and damaged files with planted names, also where a number is expected."""
    folder.mkdir(parents=True)
    paths = [write_dicom(folder / "good.dcm", ramp(np.uint8), **PLANTED)]
    content = paths[0].read_bytes()
    for name, old, new in (
            ("number.dcm", b"(\x00\x08\x00IS\x02\x005 ", b"(\x00\x08\x00IS\x02\x00PL"),
            ("cut.dcm", b"", b"")):
        changed = content.replace(old, new) if old else content[:len(content) * 2 // 3]
        (folder / name).write_bytes(changed)
        paths.append(folder / name)
    for tag, text in (("WindowCenter", "PLANTED"), ("FrameTime", "PLANTED"), ("NumberOfFrames", "PLANTED"),
                      ("PixelAspectRatio", "PLANTED"), ("BitsStored", "PLANTED"),
                      ("PhotometricInterpretation", "PLANTED")):
        marked = write_dicom(folder / f"{tag}.dcm", ramp(np.uint8), **PLANTED)
        dataset = pydicom.dcmread(marked)
        element = pydicom.dataelem.DataElement(pydicom.datadict.tag_for_keyword(tag), "CS", text)
        dataset[element.tag] = element
        dataset.save_as(marked, implicit_vr=False, little_endian=True)
        paths.append(marked)
    syntax = write_dicom(folder / "syntax.dcm", ramp(np.uint8), **PLANTED)
    syntax.write_bytes(syntax.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"PLANTED.SYNTAX.9876\0"))
    return [*paths, syntax]


def everything(project: Project, events: list) -> bytes:
    """All bytes that a scan leaves behind or tells."""
    told = json.dumps([event.to_json() for event in events]).encode()
    kept = b"".join(path.read_bytes() for path in project.root.rglob("*") if path.is_file())
    database = sqlite3.connect(project.root / "catalogue.sqlite")
    rows = repr(database.execute("SELECT * FROM videos").fetchall()).encode()
    database.close()
    return told + kept + rows


def test_no_word_of_a_header_is_kept_or_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    paths = planted(tmp_path / "scans")
    project = Project.create(tmp_path / "study")
    project.settings.short_side_pixels = 64
    project.save()
    events = list(scan(project, [tmp_path / "scans"], workers=1, with_motion=False))
    assert events[-1].result["videos"] == len(paths)
    said = "".join(capfd.readouterr()).encode()
    content = (everything(project, events) + said).lower()
    for word in ("planted", "petra", "doktor", "olga"):
        assert word.encode() not in content, word


def test_a_reader_that_repeats_what_an_error_says_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin."""
    monkeypatch.setattr(dicom.DicomReader, "_in_words", lambda _reader, error: f"its pixels are damaged ({error})")
    path = next(path for path in planted(tmp_path / "scans") if path.name == "BitsStored.dcm")
    facts = make_cached(Order(path=path, cache_folder=tmp_path / "cache", form=Form(64)))
    assert "planted" in facts.reason.lower()
