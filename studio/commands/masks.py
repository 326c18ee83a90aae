"""The command about masks: what is burnt into the videos and must not be seen by the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from typer import Option

from studio.commands.edge import Work
from studio.commands.options import Picture, ProjectFolder, png
from studio.engine.errors import UsageError

if TYPE_CHECKING:
    from studio.engine.masks import Mask


def mask(
    project: ProjectFolder,
    add: Annotated[str, Option("--add", metavar="NAME", help="Add a mask of this name, of the shapes that are given",
                               show_default=False)] = "",
    rectangle: Annotated[list[str] | None, Option(
        "--rectangle", metavar="X,Y,WIDTH,HEIGHT", help="A rectangle of the new mask, in shares of the frame: 0,0 is "
        "its left upper corner, 1,1 the opposite one; can be given many times", show_default=False)] = None,
    polygon: Annotated[list[str] | None, Option(
        "--polygon", metavar="X,Y,X,Y,...", help="A polygon of the new mask; can be given many times",
        show_default=False)] = None,
    outside: Annotated[bool, Option("--outside", help="Hide all that is outside the shapes, not what is inside",
                                    show_default=False)] = False,
    source: Annotated[str, Option("--source", metavar="NAME", help="Only in this source of the project; with --suggest "
                                  "look only there", show_default=False)] = "",
    folder: Annotated[list[str] | None, Option(
        "--folder", metavar="FOLDER", help="Only below this folder of the source, as ward/2024; can be given many "
        "times", show_default=False)] = None,
    group: Annotated[str, Option("--group", metavar="GROUP", help="Only in this group", show_default=False)] = "",
    size: Annotated[str, Option("--size", metavar="640x480", help="Only in videos of this size; with --suggest look "
                                "only at these", show_default=False)] = "",
    remove: Annotated[list[str] | None, Option("--remove", metavar="NAME", help="Take a mask away",
                                               show_default=False)] = None,
    suggest: Annotated[bool, Option("--suggest", help="Look for text, clocks, rulers, ECG traces and black surrounds",
                                    show_default=False)] = False,
    accept: Annotated[bool, Option("--accept", help="Suggest, and take the suggestions over",
                                   show_default=False)] = False,
    out: Picture = None,
    list_them: Annotated[bool, Option("--list", help="List the masks, as without any option",  # noqa: ARG001
                                      show_default=False)] = False,
) -> Work:
    """Hide what is burnt into the videos. A scan puts the masks on; the originals stay as they are."""
    from studio.engine.project import Project
    from studio.engine.video.mask_edits import add_mask, remove_mask
    from studio.engine.video.suggest import mask as run

    looks = suggest or accept
    if not add and (rectangle or polygon or outside or folder or group or ((source or size) and not looks)):
        raise UsageError("a shape", "it belongs to no mask", "Name the new mask with --add NAME")
    picture, opened = png(out) if out else None, Project.open(project)
    for name in remove or []:
        remove_mask(opened, name)
    if add:
        add_mask(opened, _mask(add, rectangle or [], polygon or [], outside=outside, source=source,
                               folders=folder or [], group=group, size=size))
    return Work(lambda stop: run(opened, suggest=suggest, accept=accept, out=picture, stop=stop,
                                 source="" if add else source, size="" if add else size))


def _mask(name: str, rectangles: list[str], polygons: list[str], *, outside: bool, source: str,
          folders: list[str], group: str, size: str) -> Mask:
    """Make a mask of what was typed. Raises `UsageError` with the number that does not fit."""
    from pydantic import ValidationError

    from studio.engine.masks import Mask

    shapes = [dict(zip(("x", "y", "width", "height"), _numbers("--rectangle", text, fit=4), strict=True))
              | {"kind": "rectangle"} for text in rectangles]
    for text in polygons:
        values = _numbers("--polygon", text)
        shapes.append({"kind": "polygon", "points": list(zip(values[::2], values[1::2], strict=True))})  # type: ignore[dict-item]
    if not shapes:
        raise UsageError(f"--add {name}", "a mask needs a shape", "Add --rectangle or --polygon")
    try:
        return Mask.model_validate({"name": name, "source": source, "folders": folders, "group": group, "size": size,
                                    "shapes": shapes, "hides": "outside" if outside else "inside"})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"--add {name}, {place}", first["msg"].removeprefix("Value error, "),
                         "Give shares of the frame between 0 and 1") from error


def _numbers(option: str, text: str, *, fit: int = 0) -> list[float]:
    """Read numbers with commas between them: `fit` of them, or else pairs."""
    try:
        values = [float(part) for part in text.replace(" ", ",").split(",") if part]
    except ValueError as error:
        raise UsageError(f"{option} {text}", "this is no list of numbers", "Write them as 0.8,0.0,0.2,0.1") from error
    if fit and len(values) != fit:
        raise UsageError(f"{option} {text}", f"{fit} numbers are needed, and these are {len(values)}",
                         "Write x, y, width and height as 0.8,0.0,0.2,0.1")
    if len(values) % 2:
        raise UsageError(f"{option} {text}", "an x has no y", "Write x and y of each corner as 0.5,0,1,1,0,1")
    return values
