"""What a scan found in videos that can be read, and what masks there are, in words."""

from __future__ import annotations

from typing import Any

from studio.commands.words import counted, share

Result = dict[str, Any]
SHOWN_FINDINGS = 20


def findings_lines(result: Result) -> list[str]:
    """A line a finding, the first ones, and one that says how the frame rates differ."""
    findings, rates = result.get("findings", []), result.get("frame_rates", [])
    lines = [f"  note: {finding['path']}: {finding['reason']}" for finding in findings[:SHOWN_FINDINGS]]
    if len(findings) > SHOWN_FINDINGS:
        lines.append(f"  and {counted(len(findings) - SHOWN_FINDINGS, 'more note')} (all of them with --json)")
    if len(rates) > 1:
        named = ", ".join(f"{rate['frames_per_second']:.4g} ({counted(rate['videos'], 'video')})" for rate in rates)
        lines.append(f"  note: frames a second differ: {named}")
    return lines


def mask_text(result: Result) -> str:
    """The masks of a project and the suggestions, and what to do next."""
    lines = [_head(result["masks"]), *(f"  {_named(mask)}" for mask in result["masks"])]
    accepted = set(result["accepted"])
    if suggested := [one for one in result["suggestions"] if one["name"] not in accepted]:
        lines += ["", f"{counted(len(suggested), 'suggestion')}:"]
        for one in suggested:
            lines.append(f"  {one['name']} ({share(one['confidence'])} sure): hides {share(one['share'])}"
                         f"{_where(one)}: {one['reason']}")
        lines.append("Take them over with: studio mask PROJECT --accept; --remove NAME takes one away again.")
    if accepted:
        lines.append(f"Taken over: {counted(len(accepted), 'suggestion')}.")
    if result["picture"]:
        lines.append(f"The picture: {result['picture']}")
    if result["pending"]:
        lines.append(f"{counted(result['pending'], 'video')} must be read anew for this: studio scan PROJECT")
    return "\n".join(lines)


def _head(masks: list[Result]) -> str:
    return f"{counted(len(masks), 'mask')}:" if masks else "This project has no masks."


def _named(mask: Result) -> str:
    shapes = counted(len(mask["shapes"]), "shape")
    side = "outside " if mask["hides"] == "outside" else ""
    return (f"{mask['name']}: hides {share(mask['share'])} of the picture, {side}{shapes}, in "
            f"{counted(mask['videos'], 'video')}{_where(mask)}")


def _where(mask: Result) -> str:
    """In which videos a mask hides something."""
    folders = ", ".join(mask["folders"])
    found = [("source", mask["source"]), ("folder" if len(mask["folders"]) == 1 else "folders", folders),
             ("size", mask["size"]), ("group", mask["group"])]
    return "".join(f", only {what} {value}" for what, value in found if value)
