from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from studio.engine.augmentation import Augmentation
from studio.engine.sampling import Sampling, Tuples, plain_tuples, spread_clips
from studio.engine.training import pixels, squeeze
from studio.engine.training.pixels import displayable, expect, gather, network_input
from studio.engine.video.cache import CachedVideo
from studio.engine.video.footage import Footage
from studio.engine.video.stored import Planes420, StoredVideo, Window
from tests.engine.training.footage import footage_of

CROP = 21


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    return footage_of(tmp_path_factory.mktemp("pixels") / "P", videos=3)


def _tuples() -> Tuples:
    """Crops of all four parities, frames forwards, backwards, with a step and alone out of step."""
    frames = np.array([[[0, 1, 2], [9, 8, 7]], [[3, 6, 9], [5, 1, 30]]])
    crops = np.array([[[0, 0], [7, 4]], [[6, 5], [43, 43]]])
    return plain_tuples(np.array([2, 0]), frames, crops)


@pytest.mark.parametrize("scaling", ["unit", "mean-96.5", "caffe", "kinetics"])
def test_what_the_network_sees_is_the_very_crop_of_the_cached_frames(footage: Footage, scaling: str) -> None:
    augmentation = Augmentation(crop_pixels=CROP, scaling=scaling)
    tuples = _tuples()
    clips = network_input(gather(footage, tuples, Augmentation(crop_pixels=CROP)), tuples, augmentation, "cpu")
    assert clips.shape == (2, 2, 3, 3, CROP, CROP)
    shown = displayable(clips, augmentation).numpy()
    for b, e in np.ndindex(2, 2):
        top, left = tuples.crop_BE2[b, e]
        whole = footage.cached[tuples.video_B[b]].rgb(tuples.frames_BEF[b, e])
        assert np.array_equal(shown[b, e], whole[:, top:top + CROP, left:left + CROP])


def test_caffe_gets_blue_green_and_red_less_their_means(footage: Footage) -> None:
    tuples, plain = _tuples(), Augmentation(crop_pixels=CROP)
    planes = gather(footage, tuples, plain)
    planes.u_BEFHW.fill_(150), planes.v_BEFHW.fill_(100)  # the footage is grey, and grey has no order of colours
    rgb = 255 * network_input(planes, tuples, plain, "cpu")
    assert not torch.equal(rgb[:, :, 0], rgb[:, :, 2])
    bgr = network_input(planes, tuples, Augmentation(crop_pixels=CROP, scaling="caffe"), "cpu")
    for channel, mean in enumerate((103.939, 116.779, 123.68)):
        torch.testing.assert_close(bgr[:, :, channel], rgb[:, :, 2 - channel] - mean, atol=1e-3, rtol=0)
    assert np.array_equal(displayable(bgr, Augmentation(scaling="caffe")), displayable(rgb / 255, plain))


def test_a_processor_makes_a_few_tuples_at_a_time_and_the_same(footage: Footage,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    plain = _tuples()
    several = Tuples(**{name: np.concatenate([array] * 3) for name, array in vars(plain).items()})
    augmentation = Augmentation(crop_pixels=CROP, input_pixels=10)
    planes = gather(footage, several, augmentation)
    whole = network_input(planes, several, augmentation, "cpu")
    monkeypatch.setattr(pixels, "_VALUES_AT_ONCE", 1)
    assert torch.equal(network_input(planes, several, augmentation, "cpu"), whole)


def test_mirror_and_one_channel(footage: Footage) -> None:
    augmentation, plain = Augmentation(crop_pixels=CROP), _tuples()
    planes = gather(footage, plain, Augmentation(crop_pixels=CROP))
    before = network_input(planes, plain, augmentation, "cpu")
    varied = dataclasses.replace(plain, flip_B=np.array([True, False]), channel_BE=np.array([[-1, 2], [0, -1]]))
    after = network_input(planes, varied, augmentation, "cpu")
    assert torch.equal(after[0, 0], before[0, 0].flip(-1))
    assert torch.equal(after[1, 1], before[1, 1])
    assert torch.equal(after[0, 1], before[0, 1].flip(-1)[2:3].expand(3, -1, -1, -1))
    assert torch.equal(after[1, 0], before[1, 0][0:1].expand(3, -1, -1, -1))


@pytest.mark.parametrize(("pixels", "crop"), [(10, 20), (13, 20), (40, 20)])
def test_resizing_keeps_the_picture(footage: Footage, pixels: int, crop: int) -> None:
    tuples = plain_tuples(np.array([1]), np.array([[[4, 5]]]), np.array([[[9, 12]]]))
    planes = gather(footage, tuples, Augmentation(crop_pixels=crop))
    small = network_input(planes, tuples, Augmentation(crop_pixels=crop, input_pixels=pixels), "cpu")
    whole = network_input(planes, tuples, Augmentation(crop_pixels=crop), "cpu")
    assert small.shape[-2:] == (pixels, pixels)
    assert float(small.mean()) == pytest.approx(float(whole.mean()), abs=0.01)
    assert 0 <= float(small.min()) <= float(small.max()) <= 1


def test_residual_frames_are_half_the_change_about_grey(footage: Footage) -> None:
    tuples = plain_tuples(np.array([1]), np.array([[[4, 5, 9]]]), np.array([[[9, 12]]]))
    planes = gather(footage, tuples, Augmentation(crop_pixels=20))
    plain = 255 * network_input(planes, tuples, Augmentation(crop_pixels=20), "cpu")[0, 0]
    found = 255 * network_input(planes, tuples, Augmentation(crop_pixels=20, encoding="differences"), "cpu")[0, 0]
    change = [(plain[:, 1] - plain[:, 0]) / 2 + 127.5, (plain[:, 2] - plain[:, 1]) / 2 + 127.5]
    torch.testing.assert_close(found, torch.stack([change[0], *change], dim=1), atol=1e-3, rtol=0)
    still = plain_tuples(np.array([1]), np.array([[[4]]]), np.array([[[9, 12]]]))
    alone = gather(footage, still, Augmentation(crop_pixels=20))
    assert torch.equal(network_input(alone, still, Augmentation(crop_pixels=20, encoding="differences"), "cpu"),
                       network_input(alone, still, Augmentation(crop_pixels=20), "cpu"))


# ---------------------------------------------------------------- shrunk as planes


def _float_shrunk(video: StoredVideo, frames: np.ndarray, top: int, left: int, crop: int, small: int) -> np.ndarray:
    """The same crop coloured first and then resized in floats: what shrinking planes must come near to."""
    rgb = torch.from_numpy(video.rgb(frames.tolist())[:, top:top + crop, left:left + crop]).movedim(-1, 1).float()
    return torch.nn.functional.adaptive_avg_pool2d(rgb, small).numpy()


class Drawn(CachedVideo):
    """A video of given planes, as the cache would give them."""

    def __init__(self, y_NHW: np.ndarray, u_NHW: np.ndarray, v_NHW: np.ndarray) -> None:
        self.name, self._given = "drawn", Planes420(y_NHW, u_NHW, v_NHW)

    @property
    def frames(self) -> int:
        return len(self._given.y_SHW)

    @property
    def height(self) -> int:
        return self._given.y_SHW.shape[1]

    @property
    def width(self) -> int:
        return self._given.y_SHW.shape[2]

    def planes(self, frames_S: np.ndarray, window: Window | None = None) -> Planes420:
        return Planes420(*(plane[frames_S] for plane in self._given)).cut(window)

    @property
    def motion_N(self) -> np.ndarray:
        return np.ones(self.frames, np.float32)


def _colourful(seed: int, *, frames: int = 6, height: int = 96, width: int = 130) -> Drawn:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    plane = 128 + 60 * np.sin(x / 9 + seed) + 40 * np.cos(y / 7)
    y_NHW = np.stack([plane + 4 * number for number in range(frames)])
    half = np.stack([128 + 50 * np.sin(x[::2, ::2] / 11 + number) for number in range(frames)])
    noise = rng.normal(0, 2, y_NHW.shape)
    return Drawn(np.clip(y_NHW + noise, 0, 255).astype(np.uint8), half.astype(np.uint8),
                 (255 - half).astype(np.uint8))


DRAWN = [_colourful(number) for number in range(2)]


def _shown(crop: int, small: int, top: int, left: int) -> tuple[np.ndarray, np.ndarray]:
    augmentation = Augmentation(crop_pixels=crop, input_pixels=small)
    frames = np.array([0, 2, 4])
    tuples = plain_tuples(np.array([1]), frames[None, None], np.array([[[top, left]]]))
    planes = gather(Footage([], DRAWN), tuples, augmentation)
    assert planes.shrunk
    clips = network_input(planes, tuples, augmentation, "cpu")[0, 0] * 255
    return clips.movedim(0, 1).numpy(), _float_shrunk(DRAWN[1], frames, top, left, crop, small)


@pytest.mark.parametrize(("top", "left"), [(0, 0), (3, 0), (0, 5), (7, 9)])
@pytest.mark.parametrize(("crop", "small"), [(64, 32), (64, 28), (80, 56), (64, 60), (63, 40), (91, 17)])
def test_planes_shrunk_first_are_the_picture_resized_after(crop: int, small: int, top: int, left: int) -> None:
    top, left = min(top, 96 - crop), min(left, 130 - crop)
    found, expected = _shown(crop, small, top, left)
    assert found.shape == (3, 3, small, small)
    assert np.abs(found - expected).mean() < 2.5, "colours and edges lie where they lay"
    assert abs(float((found - expected).mean())) < 0.7


def test_broken_twin_whose_chroma_lies_a_pixel_off_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = [np.abs(np.subtract(*_shown(64, 28, 4, 3))).mean() for _ in range(2)]
    under = squeeze._under
    monkeypatch.setattr(squeeze, "_under", lambda plane, *place: under(np.roll(plane, 1, axis=2), *place))
    assert np.abs(np.subtract(*_shown(64, 28, 4, 3))).mean() > 1.5 * right[0]


@pytest.mark.parametrize("small", [56, 40, 95, 127])
def test_whole_frames_are_squeezed_to_the_networks_square(small: int) -> None:
    augmentation = Augmentation(crop="whole", input_pixels=small)
    frames = np.array([5, 1])
    tuples = plain_tuples(np.array([0]), frames[None, None], np.zeros((1, 1, 2), np.int64))
    clips = network_input(gather(Footage([], DRAWN), tuples, augmentation), tuples, augmentation, "cpu")[0, 0] * 255
    rgb = torch.from_numpy(DRAWN[0].rgb(frames.tolist())).movedim(-1, 1).float()
    expected = torch.nn.functional.interpolate(rgb, size=(small, small), mode="area" if small < 60 else "bilinear",
                                               align_corners=None if small < 60 else False)
    assert clips.shape == (3, 2, small, small)
    assert float((clips.movedim(0, 1) - expected).abs().mean()) < 3


def test_a_frame_is_shrunk_alike_alone_and_among_others() -> None:
    rng = np.random.default_rng(0)
    for height, width, small in ((65, 65, 56), (64, 64, 28), (66, 90, 40), (40, 30, 56), (128, 171, 113)):
        plane = rng.integers(0, 256, (7, height, width)).astype(np.uint8)
        together, alone = np.zeros((7, small, small), np.uint8), np.zeros((7, small, small), np.uint8)
        squeeze.fit(plane, together)
        for number in range(7):
            squeeze.fit(plane[number:number + 1], alone[number:number + 1])
        assert np.array_equal(together, alone)


def test_clips_spread_over_videos_show_whole_frames_and_previews_undo_them() -> None:
    augmentation = Augmentation(crop="whole", input_pixels=227)
    sampling = Sampling(clip_frames=2, tuple_length=2)
    tuples = spread_clips(DRAWN, clips_per_video=2, sampling=sampling, augmentation=augmentation)
    clips = network_input(gather(Footage([], DRAWN), tuples, augmentation), tuples, augmentation, "cpu")
    assert displayable(clips, augmentation).shape == (4, 1, 2, 227, 227, 3)


def test_a_pool_of_threads_cuts_the_same(footage: Footage) -> None:
    tuples, augmentation = _tuples(), Augmentation(crop_pixels=CROP, input_pixels=10)
    with ThreadPoolExecutor(3) as pool:
        found = gather(footage, tuples, augmentation, pool=pool)
    expected = gather(footage, tuples, augmentation)
    assert all(torch.equal(getattr(found, name), getattr(expected, name)) for name in ("y_BEFHW", "u_BEFHW", "v_BEFHW"))
    expect(footage, tuples)
