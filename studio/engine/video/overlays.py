"""Find overlays: what a machine burnt into its videos (text, clocks, rulers, ECG traces, logos, a black surround).

Only videos of one layout are looked at together: one source, one size. Two traces give overlays away. Where a picture
has a surround that is black in every frame, as ultrasound has around its sector, all that is lit in it is an overlay.
And what stays the same in the videos of several groups while nearly all else changes is one anywhere.
Legend: F frames looked at, H, W height and width in pixels, P corners of a polygon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from studio.engine.masks import Point, Polygon, Rectangle, Shape
from studio.engine.video import regions
from studio.engine.video.regions import Bools, Piece
from studio.engine.video.stored import StoredVideo

Bytes = NDArray[np.uint8]
FRAMES_LOOKED_AT = 24
_BLACK, _LIT, _COLOURED, _MOVES = 3, 16, 24, 10
"""Luma that is black, luma that is lit, distance of a colour from grey, and a range of luma that is motion."""
_BLACK_SHARE, _BLACK_CORNERS = 0.12, 2
_SECTOR_SHARE = 0.2
"""A part of the picture belongs to the sector when its moving core has this share of the largest's."""
_TIP_SHARE = 0.01
_HULL_SHARE = 0.85
_BRIGHT = 60
_FEWEST_LIT = 5
_SHRED = 0.1
"""What is shorter than this share of the picture and touches the sector belongs to it."""
_COVERED = 0.9
_SELDOM = 0.25
"""A pixel that is lit in a smaller share of the frames is lit seldom."""
_SWEPT_WIDTH, _SWEPT_HEIGHT, _SWEPT_FILL = 0.4, 0.3, 0.8
"""Shares of the picture that a strip is wide at least and tall at most, and of its box that it fills."""
_OVERLAP, _COST = 0.12, 0.02
"""The share of a box of marks that may lie on the sector of some video, and the share of the sector this may be."""
_SAME, _EDGE = 6, 60
"""A range of luma that is no change, and a difference within 5 x 5 pixels that text or a logo has."""
_AGREEING = 0.8
_MANY_GROUPS = 3
_STILL_SHARES = ((1, 0.03), (2, 0.06), (_MANY_GROUPS, 0.15))
"""Groups, and the share of the detailed picture that may stand still before it is the scene and not an overlay."""
_FEW_SETTLED = 0.1

Kind = Literal["surround", "text", "clock", "ruler", "trace", "colour-bar", "logo"]


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """Something burnt in: its shapes in shares of the frame, what it is taken for, why, and how sure (0 to 1).

    `group` is empty when it holds for the whole layout.
    """

    kind: Kind
    shapes: tuple[Shape, ...]
    reason: str
    confidence: float
    hides: Literal["inside", "outside"] = "inside"
    group: str = ""


@dataclass(frozen=True)
class Seen:
    """Frames of one video, spread over it: luma, and each pixel's largest distance from grey."""

    group: str
    y_FHW: Bytes
    colour_HW: Bytes

    @classmethod
    def of(cls, video: StoredVideo, *, group: str) -> Seen:
        """Look into a video."""
        frames = np.unique(np.linspace(0, video.frames - 1, FRAMES_LOOKED_AT).round().astype(np.int64))
        planes = video.planes(frames)
        far = [np.abs(plane.astype(np.int16) - 128).max(axis=0) for plane in (planes.u_SHW, planes.v_SHW)]
        colour_HW = np.maximum(*far).astype(np.uint8).repeat(2, axis=0).repeat(2, axis=1)
        return cls(group, np.array(planes.y_SHW), colour_HW)

    @cached_property
    def most_HW(self) -> Bytes:
        """The brightest that each pixel ever is."""
        return np.asarray(self.y_FHW.max(axis=0))

    @cached_property
    def range_HW(self) -> NDArray[np.float64]:
        """How much each pixel changes, but for its rarest values."""
        low, high = np.percentile(self.y_FHW, [5, 95], axis=0)
        return np.asarray(high - low)

    @cached_property
    def lit_HW(self) -> Bools:
        """What is lit in some frame."""
        return (self.most_HW > _LIT) | ((self.colour_HW > _COLOURED) & (self.most_HW > _BLACK))

    @cached_property
    def often_HW(self) -> NDArray[np.float64]:
        """In which share of the frames each pixel is lit."""
        return np.asarray((self.y_FHW > _LIT).mean(axis=0))

    @cached_property
    def swept_HW(self) -> Bools:
        """What is seldom lit in strips over which a bright bar sweeps, as it does where an ECG is drawn.

        They may touch the picture proper, and would be taken for a part of it.
        """
        step = _step(self.lit_HW)
        seldom_HW = self.lit_HW & (self.often_HW < _SELDOM)
        swept_HW = np.zeros_like(self.lit_HW)
        for part in regions.pieces(regions.opened(regions.closed(seldom_HW, 4 * step), 2 * step)):
            wide, tall = part.width / swept_HW.shape[1], part.height / swept_HW.shape[0]
            if wide > _SWEPT_WIDTH and tall < _SWEPT_HEIGHT and part.fill > _SWEPT_FILL:
                top, left = part.top, part.left
                swept_HW[top:top + part.height, left:left + part.width] = True
        return swept_HW & (seldom_HW | ~self.lit_HW)

    @cached_property
    def sector_HW(self) -> Bools:
        """The picture proper: the large parts in which something moves, without holes, a little enlarged."""
        step = _step(self.lit_HW)
        moving_HW = regions.opened(self.range_HW > _MOVES, 2 * step)
        parts = regions.pieces(regions.closed(regions.opened(self.lit_HW & ~self.swept_HW, 2 * step), 2 * step))
        cores = [int((part.region_HW & moving_HW).sum()) for part in parts]
        largest = max(cores, default=0)
        sector_HW = np.zeros_like(self.lit_HW)
        for part, core in zip(parts, cores, strict=True):
            if largest and core >= _SECTOR_SHARE * largest:
                sector_HW |= part.region_HW
        sector_HW = _whole(sector_HW, step)
        near_HW = regions.grown(sector_HW, 10 * step, 10 * step)
        for part in parts:  # the tip of a sector is bright and still, and close by
            large = part.pixels >= _TIP_SHARE * sector_HW.sum()
            if large and (near_HW & part.region_HW).any() and self.colour_HW[part.region_HW].mean() < _COLOURED:
                sector_HW |= part.region_HW
        return regions.grown(_whole(sector_HW, step), step, step) if sector_HW.any() else sector_HW

    @cached_property
    def marks_HW(self) -> Bools:
        """What is lit outside the picture proper, without the shreds of its rim."""
        step, marks_HW = _step(self.lit_HW), self.lit_HW & ~self.sector_HW
        rim_HW = regions.grown(self.sector_HW, 2 * step, 2 * step)
        for piece in regions.pieces(marks_HW):
            if max(piece.height, piece.width) < _SHRED * min(marks_HW.shape) and (piece.region_HW & rim_HW).any():
                marks_HW &= ~piece.region_HW
        return marks_HW


def _step(picture_HW: NDArray) -> int:
    """Pixels that count as close by: 1 at a short side of 128."""
    return max(1, round(min(picture_HW.shape) / 128))


def _whole(region_HW: Bools, step: int) -> Bools:
    """A region without holes and notches; each part becomes its convex hull where it nearly is convex."""
    whole_HW = np.zeros_like(region_HW)
    for part in regions.pieces(regions.filled(regions.closed(region_HW, 4 * step))):
        hull_HW = regions.drawn(regions.outline(part, detail_pixels=0.5, hull=True), *region_HW.shape)
        whole_HW |= hull_HW if part.pixels >= _HULL_SHARE * hull_HW.sum() else part.region_HW
    return whole_HW


def find_overlays(seen: Sequence[Seen]) -> list[Overlay]:
    """Find the overlays of videos of one layout; the surest first, nothing in pictures that have none."""
    found = _around(seen) if has_surround(seen) else []
    height, width = seen[0].lit_HW.shape
    covered_HW = np.zeros((height, width), bool)
    for overlay in found:
        if overlay.hides == "inside" and not overlay.group:
            for shape in overlay.shapes:
                covered_HW |= _raster(shape, height, width)
    if not found or len({one.group for one in seen}) >= _MANY_GROUPS:  # the tip of a sector stands still, too
        found += [one for one in _settled(seen) if not _mostly(one, covered_HW)]
    return sorted(found, key=lambda overlay: -overlay.confidence)


# ---------------------------------------------------------------- a black surround, and what is lit in it


def has_surround(seen: Sequence[Seen]) -> bool:
    """Whether all these videos are black in the same corners and in much of the picture, in every frame."""
    return black_around(seen) is not None


def black_around(seen: Sequence[Seen]) -> Bools | None:
    """What is black in every frame of all these videos; None where that is no surround of a picture."""
    most_HW = np.max([one.most_HW for one in seen], axis=0)
    height, width = most_HW.shape
    patch = max(2, min(height, width) // 24)
    corners = [most_HW[:patch, :patch], most_HW[:patch, -patch:], most_HW[-patch:, :patch], most_HW[-patch:, -patch:]]
    black = sum(float(np.median(corner)) <= _BLACK for corner in corners)
    black_HW = np.asarray(most_HW <= _BLACK)
    return black_HW if black >= _BLACK_CORNERS and float(black_HW.mean()) >= _BLACK_SHARE else None


def _around(seen: Sequence[Seen]) -> list[Overlay]:
    """The surround of the videos' sectors, and the marks in it."""
    sector_HW = np.any([one.sector_HW for one in seen], axis=0)
    if not sector_HW.any():
        return []
    height, width = sector_HW.shape
    step = _step(sector_HW)
    shapes = tuple(_polygon(regions.outline(part, detail_pixels=0.012 * max(height, width)), height, width)
                   for part in regions.pieces(regions.grown(_whole(sector_HW, step), step, step))
                   if part.pixels > 0.02 * sector_HW.size)
    kept_HW = np.any([_raster(shape, height, width) for shape in shapes], axis=0)
    found, marks_HW = list[Overlay](), np.any([one.marks_HW for one in seen], axis=0)
    share = float((~kept_HW).mean())
    if shapes and share >= _BLACK_SHARE / 2:
        found.append(Overlay(
            kind="surround", hides="outside", shapes=shapes, confidence=min(0.95, 0.75 + 0.05 * len(seen)),
            reason=f"{100 * share:.0f} % of the picture lies around the part in which something moves, and is black "
                   f"but for burnt-in marks in {_videos(len(seen))}"))
    for cluster in _clusters(marks_HW):
        met = [one for one in seen if (one.marks_HW & cluster.region_HW).any()]
        shape = _beside(cluster, sector_HW)
        if shape is None or len(met) < min(2, len(seen) - 1):
            continue
        kind, why, sure = _kind(cluster, max(met, key=lambda one: int((one.marks_HW & cluster.region_HW).sum())))
        if kind == "clock" and (regions.grown(cluster.region_HW, 4 * step, 4 * step) & sector_HW).any():
            continue  # a part of the picture, rather
        where = f"in {len(met)} of {_videos(len(seen))}" if len(seen) > 1 else "in this video"
        found.append(Overlay(kind=kind, shapes=(shape,), reason=f"{why}, outside the part that moves, {where}",
                             confidence=sure if len(met) > 1 or len(seen) == 1 else sure - 0.1))
    return found + _of_groups(seen, kept_HW, found)


def _beside(cluster: Piece, sector_HW: Bools) -> Shape | None:
    """A shape around marks that hides little of any sector; None where they lie on one."""
    height, width = sector_HW.shape
    step = _step(sector_HW)
    box_HW = _raster(_shape(cluster), height, width)
    if float((box_HW & sector_HW).sum()) <= min(_OVERLAP * box_HW.sum(), _COST * sector_HW.sum()):
        return _shape(cluster)
    close_HW = regions.closed(regions.grown(cluster.region_HW, step, step), 8 * step) & ~sector_HW
    tight = regions.pieces(close_HW)[0] if close_HW.any() else cluster
    if (tight.region_HW & cluster.region_HW).sum() < _COVERED * cluster.pixels:
        return None
    corners_P2 = regions.outline(tight, detail_pixels=1.5)
    return _polygon(corners_P2, height, width) if len(corners_P2) >= 3 else None


def _of_groups(seen: Sequence[Seen], kept_HW: Bools, found: Sequence[Overlay]) -> list[Overlay]:
    """Marks that lie where other videos have their sector, by group: hidden there alone."""
    left_HW, ofs = kept_HW.copy(), dict[str, list[tuple[Piece, Seen]]]()
    for overlay in found:
        if overlay.hides == "inside":
            left_HW &= ~np.any([_raster(shape, *left_HW.shape) for shape in overlay.shapes], axis=0)
    for one in seen if len(seen) > 1 else ():
        for cluster in _clusters(one.marks_HW & left_HW):
            lit_HW = one.marks_HW & cluster.region_HW
            steady = (one.range_HW[lit_HW] > 2 * _MOVES).mean() < 0.2 and one.often_HW[lit_HW].mean() > 0.5
            if one.most_HW[lit_HW].max() >= _BRIGHT and steady:
                ofs.setdefault(one.group, []).append((cluster, one))
    return [_of_group(group, marks) for group, marks in ofs.items()]


def _of_group(group: str, marks: Sequence[tuple[Piece, Seen]]) -> Overlay:
    kinds = [_kind(cluster, one)[0] for cluster, one in marks]
    return Overlay(kind=max(kinds, key=kinds.count), shapes=tuple(_shape(cluster) for cluster, _ in marks),
                   reason="bright marks that never change, outside what moves in this group; others show their "
                          "picture there", confidence=0.7, group=group)


def _clusters(marks_HW: Bools) -> list[Piece]:
    """Marks that belong together: close ones, and then rows of single dots."""
    step, found = _step(marks_HW), list[Piece]()
    left_HW = np.zeros_like(marks_HW)
    for piece in regions.pieces(marks_HW, joined_by=(2 * step, 4 * step)):
        if piece.pixels >= _FEWEST_LIT * step * step and max(piece.height, piece.width) > 2 * step:
            found.append(piece)
        else:
            left_HW |= piece.region_HW
    dots = [piece for piece in regions.pieces(left_HW, joined_by=(8 * step, 8 * step))
            if len(regions.pieces(piece.region_HW)) >= 3]
    return found + dots


def _kind(cluster: Piece, seen: Seen) -> tuple[Kind, str, float]:
    """What a cluster of marks is taken for, why, and how sure."""
    height, width = seen.lit_HW.shape
    lit_HW = seen.lit_HW & cluster.region_HW
    if not lit_HW.any():
        lit_HW = cluster.region_HW
    changing = float((seen.range_HW[lit_HW] > 2 * _MOVES).mean())
    coloured = float((seen.colour_HW[lit_HW] > _COLOURED).mean())
    wide, tall = cluster.width / width, cluster.height / height
    columns_W = lit_HW[:, cluster.left:cluster.right].sum(axis=0)
    thin = float(np.median(columns_W)) <= 0.25 * cluster.height + _step(lit_HW)
    unbroken = thin and float((columns_W > 0).mean()) > 0.85
    if float(seen.swept_HW[lit_HW].mean()) > 0.3:
        return "trace", "a strip over which a bar sweeps, as an ECG is drawn", 0.9
    if wide > 0.2 and 0.02 < tall < 0.3 and (unbroken or (changing > 0.3 and cluster.fill < 0.5)):
        return "trace", "a thin line along a strip, as an ECG is drawn", 0.9 if changing > 0.2 else 0.75
    if changing > 0.15:
        return "clock", "small marks that change while all around them stays as it is", 0.8
    if cluster.fill > 0.6 and max(wide, tall) > 0.1 and (coloured > 0.5 or cluster.slimness > 3):
        return "colour-bar", "a filled strip that never changes", 0.8
    if cluster.slimness > 4 and cluster.fill < 0.9:
        return "ruler", "a row of marks that never changes", 0.8
    if coloured > 0.5 and 0.5 < wide * width / max(1, cluster.height) < 2:
        return "logo", "a small coloured mark that never changes", 0.7
    return "text", "small bright marks that never change", 0.8


# ---------------------------------------------------------------- the same in many videos


def _settled(seen: Sequence[Seen]) -> list[Overlay]:
    """Detail that stays the same in the videos of the groups while nearly all other detail changes."""
    groups = sorted({one.group for one in seen})
    by_group = [[one for one in seen if one.group == group] for group in groups]
    step = _step(seen[0].lit_HW)
    still = [np.mean([_still(one, step) for one in some], axis=0) for some in by_group]
    still_HW = np.mean(still, axis=0) >= _AGREEING
    detail = float(np.mean([_edges(one, step).mean() for one in seen]))
    allowed = max(share for many, share in _STILL_SHARES if len(groups) >= many)
    if not still_HW.any() or still_HW.mean() > min(_FEW_SETTLED, allowed * detail):
        return []
    if np.mean([(one.range_HW > _MOVES).mean() for one in seen]) < 0.5:
        return []  # the scene stands still: what is burnt in cannot be told from it
    changing = 1 - float(still_HW.mean()) / detail
    found = []
    for cluster in regions.pieces(still_HW, joined_by=(2 * step, 4 * step)):
        thick = min(cluster.width, cluster.height) > 3 * step  # a line at the edge comes from shrinking the picture
        if thick and cluster.pixels >= 4 * _FEWEST_LIT * step * step and cluster.fill > 0.15:
            found.append(Overlay(
                kind="logo" if cluster.width < 2 * cluster.height else "text", shapes=(_shape(cluster),),
                reason=f"it stays as it is in {_videos(len(seen))} of {len(groups)} "
                       f"{'groups' if len(groups) > 1 else 'group'}, while {100 * changing:.0f} % of the picture's "
                       "detail changes", confidence=min(0.9, 0.5 + 0.1 * len(groups))))
    return found


def _edges(seen: Seen, step: int) -> Bools:
    """Where the picture has an edge, in a few of the frames."""
    some_FHW, side = seen.y_FHW[::4].astype(np.int16), 2 * step
    around = [np.roll(some_FHW, (down, across), (1, 2)) for down in (-side, 0, side) for across in (-side, 0, side)]
    return np.asarray(np.max(around, axis=0) - np.min(around, axis=0) > _EDGE)


def _still(seen: Seen, step: int) -> Bools:
    """Edges that never change."""
    return np.asarray(_edges(seen, step).all(axis=0) & (seen.range_HW <= _SAME))


# ---------------------------------------------------------------- pixels to shares


def _shape(cluster: Piece) -> Shape:
    """A rectangle around marks, or a polygon where they lie aslant; two pixels larger."""
    height, width = cluster.region_HW.shape
    room = 2 * _step(cluster.region_HW)
    if cluster.slimness > 4 and min(cluster.width, cluster.height) > 4 * room:
        wide = regions.piece_of(regions.grown(cluster.region_HW, room, room))
        return _polygon(regions.outline(wide, detail_pixels=1.0, hull=True), height, width)
    left, top = max(0, cluster.left - room) / width, max(0, cluster.top - room) / height
    right, bottom = min(width, cluster.right + room) / width, min(height, cluster.bottom + room) / height
    return Rectangle(x=round(left, 4), y=round(top, 4), width=round(min(right - left, 1 - round(left, 4)), 4),
                     height=round(min(bottom - top, 1 - round(top, 4)), 4))


def _polygon(corners_P2: NDArray[np.int64], height: int, width: int) -> Polygon:
    """Corners in shares; those at the picture's edge lie on it."""
    return Polygon(points=tuple((_share(int(x), width), _share(int(y), height)) for x, y in corners_P2))


def _share(place: int, side: int) -> float:
    return 0.0 if place <= 2 else 1.0 if place >= side - 3 else round((place + 0.5) / side, 4)


def _raster(shape: Shape, height: int, width: int) -> Bools:
    points: Sequence[Point] = shape.points
    corners = np.array([[round(x * width - 0.5), round(y * height - 0.5)] for x, y in points], np.int64)
    return regions.drawn(np.clip(corners, 0, [width - 1, height - 1]), height, width)


def _mostly(overlay: Overlay, covered_HW: Bools) -> bool:
    inside_HW = np.any([_raster(shape, *covered_HW.shape) for shape in overlay.shapes], axis=0)
    return float((inside_HW & covered_HW).sum()) > 0.5 * float(inside_HW.sum())


def _videos(number: int) -> str:
    return f"{number} videos" if number > 1 else "this video"
