"""The model card: what weights are, what they were taught, how well, and what they must be fed."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import studio
from studio.engine import files
from studio.engine.backbones.backbone import Backbone
from studio.engine.backbones.cost import cost
from studio.engine.evaluation.kept import kept_results
from studio.engine.evaluation.told import in_words, shareable_recipe, tell
from studio.engine.project import Project
from studio.engine.recipe import Recipe

SCALINGS = {"unit": "red, green, blue in 0 to 1", "mean-96.5": "red, green, blue in 0 to 255, less 96.5",
            "mean-127.5": "red, green, blue in 0 to 255, less 127.5",
            "caffe": "blue, green, red in 0 to 255, less (103.939, 116.779, 123.68)",
            "kinetics": "red, green, blue in 0 to 1, less (0.43216, 0.394666, 0.37645), divided by (0.22803, 0.22145, "
                        "0.216989)"}
ENCODINGS = {
    "differences": "Before that, each frame is replaced by half its difference from the one before, plus 127.5; the "
                   "first frame repeats the second's",
    "stack-of-differences": "Before that, a clip becomes one picture: half the difference of each pair of frames, plus "
                            "127.5, as three channels each, one pair after the other",
    "sum-of-differences": "Before that, a clip becomes one picture: half the difference of its last frame from its "
                          "first, plus 127.5",
    "dynamic-image": "Before that, a clip becomes one picture: its frames weighted by approximate rank pooling "
                     "(2 (T - t + 1) - (T + 1) (H_T - H_{t-1})), over the sum of the positive weights, halved, plus "
                     "127.5"}
LICENCE = ("The weights are yours: they were learned from your videos. Whether they may be passed on depends on the "
           "rights in those videos and on what patients consented to. The network's code is under Apache-2.0.")


USE = ("For research use only. This is no medical device: nothing about a patient may be decided with these weights, "
       "and they say nothing about videos of another kind than those that they learned from.")


def write_card(project: Project, run_folder: Path, recipe: Recipe, backbone: Backbone, *, weights: Path,
               format_name: str) -> list[Path]:
    """Write the card beside `weights` as Markdown and as JSON; gives both paths."""
    card = make_card(project, run_folder, recipe, backbone)
    card["file"] = {"name": weights.name, "format": format_name, "sha256": files.sha256_of_file(weights),
                    "bytes": weights.stat().st_size}
    paths = [weights.with_name(weights.name + ending) for ending in (".card.md", ".card.json")]
    files.write_text(paths[0], to_markdown(card))
    files.write_json(paths[1], card)
    return paths


def make_card(project: Project, run_folder: Path, recipe: Recipe, backbone: Backbone) -> dict[str, Any]:
    """Gather the card's content. No names of files, folders or patients: counts and figures only."""
    told, task, counted = tell(project, run_folder), recipe.make_task(), cost(backbone)
    run, data = told.run, told.data
    return {
        "title": f"{backbone.title}, taught by: {task.question}",
        "backbone": {"name": recipe.backbone, "title": backbone.title, "paper": backbone.paper,
                     "parameters": counted.parameters, "gmac_per_clip": round(counted.gmac_per_clip, 3),
                     "feature_dim": backbone.feature_dim},
        "input": {"name": "clips_BCTHW", "shape": ["clips", backbone.channels, backbone.clip_frames,
                                                   backbone.input_pixels, backbone.input_pixels],
                  "clip_frames": recipe.sampling.clip_frames, "frame_stride": recipe.sampling.frame_stride,
                  "frames_per_second": recipe.sampling.frames_per_second,
                  "scaling": SCALINGS[recipe.augmentation.scaling],
                  "encoding": recipe.augmentation.encoding,
                  "crop_pixels": recipe.augmentation.crop_pixels,
                  "short_side_pixels": project.settings.short_side_pixels},
        "training": {"question": task.question, "task": recipe.task, "paper": task.paper, "classes": task.classes,
                     "chance": round(task.chance, 4), "accuracy": run.accuracy,
                     "balanced_chance": round(task.balanced_chance, 4),
                     "balanced_accuracy": run.balanced_accuracy, "loss": run.loss, "steps": run.step,
                     "seconds": run.seconds, "hours": round(run.seconds / 3600, 3),
                     "seed": recipe.training.seed, "state": run.state,
                     "videos_in_project": data.videos, "groups_in_project": data.groups,
                     "videos_learned_from": told.environment.get("train_videos"),
                     "videos_held_out": told.environment.get("validation_videos"),
                     "started_from": "given weights" if recipe.starts_from else "random weights"},
        "data": data.plain(),
        "evaluation": {protocol: {key: result[key] for key in ("top1", "top5", "chance_top1", "accuracy", "chance",
                                                               "interval", "intervals", "asked_seeds", "verdict")
                                  if key in result}
                       | {"random": _main_figure(result)} for protocol, result in kept_results(run_folder).items()},
        "leak_probe": told.probe["sentence"] if told.probe else None,
        "warnings": told.warnings, "use": USE, "machine": told.environment.get("device"),
        "recipe": shareable_recipe(recipe),
        "versions": {"studio": studio.__version__, "torch": version("torch"),
                     "torchvision": version("torchvision"), "python": platform.python_version()},
        "licence": LICENCE,
    }


def _main_figure(result: dict[str, Any]) -> float | None:
    random = result.get("against", {}).get("random", {})
    return random.get("top1", random.get("accuracy"))


def _of_rate(frames_per_second: float) -> str:
    return f" of video brought to {frames_per_second:g} a second" if frames_per_second else ""


def to_markdown(card: dict[str, Any]) -> str:
    """The card for people."""
    backbone, given, taught, data = card["backbone"], card["input"], card["training"], card["data"]
    lines = [f"# {card['title']}", "", f"**{card['use']}**", "", "## The network",
             (f"- {backbone['title']}: {backbone['parameters']:,} parameters, {backbone['gmac_per_clip']} GMAC a clip, "
             f"features of length {backbone['feature_dim']}"), f"- Source: {backbone['paper']}", "",
             "## What to feed it", f"- `{given['name']}`: {' x '.join(str(side) for side in given['shape'])}",
             (f"- Every {_ordinal(given['frame_stride'])} frame{_of_rate(given['frames_per_second'])}; "
              "frames resized to a short side of "
             f"{given['short_side_pixels']} pixels, a square of {given['crop_pixels']} cut out"),
             f"- {given['scaling']}",
             *([f"- {ENCODINGS[given['encoding']]}. A clip has {given['clip_frames']} frames"]
               if given["encoding"] in ENCODINGS else []), "",
             "## What it was taught", f"- {taught['question']} ({taught['paper']})",
             (f"- {taught['steps']} steps from {taught['started_from']}, {in_words(taught['seconds'])} on "
              f"{card['machine'] or 'a machine that is not on record'}, seed {taught['seed']}"),
             (f"- On {_or_some(taught['videos_learned_from'])} of {data['videos']} videos in {data['groups']} groups, "
              f"{_or_some(taught['videos_held_out'])} held out by whole groups; {in_words(data['seconds'])} of video, "
              f"{data['frames']} frames, {data['masks']} masks"),
             f"- The contents of all these videos, whatever their names: SHA-256 `{data['sha256']}`",
             (f"- Accuracy on held-out groups: {_share(taught['accuracy'])}; chance {_share(taught['chance'])}"),
             *([(f"- The same, each answer counting alike: {_share(taught['balanced_accuracy'])}; chance "
                 f"{_share(taught['balanced_chance'])}")] if taught["chance"] > taught["balanced_chance"] else []),
             "", "## What it is worth"]
    lines += [f"- {protocol}: {result['verdict']['sentence']}" for protocol, result in card["evaluation"].items()]
    if not card["evaluation"]:
        lines.append("- Not measured yet.")
    lines += [f"- Can it be answered by cheating? {card['leak_probe']}" if card["leak_probe"] else
              "- Whether the question can be answered by cheating was not probed."]
    lines += ["", "## Warnings of the run", *([f"- {message}" for message in card["warnings"]] or ["- None."])]
    lines += ["", "## The file", f"- `{card['file']['name']}`, SHA-256 `{card['file']['sha256']}`", "",
              "## Versions", *(f"- {name} {number}" for name, number in card["versions"].items()), "", "## Licence",
              card["licence"], ""]
    return "\n".join(lines)


def _or_some(count: int | None) -> str:
    return "some" if count is None else str(count)


def _ordinal(number: int) -> str:
    return {1: "single", 2: "second", 3: "third"}.get(number, f"{number}th")


def _share(value: float | None) -> str:
    return "not measured" if value is None else f"{100 * value:.1f} %"
