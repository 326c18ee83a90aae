"""What a finished operation says to a person: a few lines of figures, each beside what it is to be compared with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from studio.commands.judged import evaluation_text
from studio.commands.nearest import neighbours_text
from studio.commands.scanned import findings_lines, mask_text
from studio.commands.words import counted, seconds, share, size, table
from studio.engine.errors import MachineError, StudioError, TrainingError, VideoError
from studio.engine.events import Finished
from studio.engine.guessing import Guessing

Result = dict[str, Any]
_STEERS = ("pause", "continue", "stop")
"""Operations that ask something of a training in another process."""
SHOWN_PROBLEMS = 20
_ALIKE = ("\n(where one answer is commoner than the others, as in shuffle-and-learn, each answer counts alike in the "
          "columns right and guessing)")


def summary(finished: Finished) -> str:
    """Say the result of an operation in words."""
    if finished.stopped:
        return _stopped(finished)
    write = _SUMMARIES.get(finished.operation)
    return write(finished.result) if write else _plain(finished.result)


def shortfall(finished: Finished) -> StudioError | None:
    """Tell what an operation that came to its end nevertheless lacks: its figures stand, but the work failed."""
    result = finished.result
    if finished.operation == "scan" and result.get("videos") and not result.get("good") and not result.get("partial"):
        return VideoError(counted(result["videos"], "file"), "none of them can be read as a video",
                          "Look at the reasons above; convert the files to MP4, or name another folder")
    queued = result if finished.operation == "queue" else result.get("queue") or {}
    if failed := queued.get("failed"):
        return TrainingError(counted(len(failed), "run") + " of the queue", "could not be trained: "
                             + "; ".join(one["name"] for one in failed),
                             "See why with studio queue PROJECT and studio runs PROJECT, and add them again")
    if finished.operation == "doctor" and result.get("bad"):
        return MachineError(counted(result["bad"], "check"), "the studio does not work well on this machine yet",
                            "Do what stands behind the arrow, then run: studio doctor")
    return None


def _stopped(finished: Finished) -> str:
    if finished.operation == "queue":
        return "Stopped and saved. Go on with the rest with: studio queue PROJECT --run\n" + _queue(finished.result)
    if finished.operation in _STEERS:
        return "Not waited for any longer. It was asked, and does it after its present step."
    if "queue" in finished.result:
        return "The queue was stopped; the rest of it waits.\n" + _train(finished.result)
    if finished.operation == "train":
        return ("Stopped and saved.\n" + _train(finished.result)
                + f"\nGo on with: studio train PROJECT --resume {finished.result.get('run', 'latest')}")
    return "Stopped. What was done so far is kept; the same command goes on from there."


def _scan(result: Result) -> str:
    head = (f"{counted(result['videos'], 'video')}: {result['good']} good, {result['partial']} partly readable, "
            f"{result['unreadable']} unreadable; {counted(result['frames'], 'frame')}, "
            f"{seconds(result['seconds'])} of video")
    problems = result.get("problems", [])
    lines = [head, *(f"  {problem['verdict']}: {problem['path']}: {problem['reason']}"
                     for problem in problems[:SHOWN_PROBLEMS])]
    if len(problems) > SHOWN_PROBLEMS:
        lines.append(f"  and {len(problems) - SHOWN_PROBLEMS} more (all of them with --json)")
    return "\n".join([*lines, *findings_lines(result)])


def _relink(result: Result) -> str:
    missing = f"; not there: {counted(result['missing'], 'video')}" if result["missing"] else ""
    return (f"{result['source']} lies in {result['folder']} now: {result['fit']} of "
            f"{counted(result['checked'], 'file')} that were read are the same, {result['there']} of "
            f"{counted(result['videos'], 'video')} were found by name and size{missing}.")


def _preview(result: Result) -> str:
    lines = [f"{result['question']} {result['classes']} possible answers; guessing gives {share(result['chance'])}."]
    lines += [f"  {number}. {shown['video']}, {shown['window_seconds'][0]:.2f} to {shown['window_seconds'][1]:.2f} s: "
              f"{shown['answer']}" for number, shown in enumerate(result["tuples"], start=1)]
    return "\n".join([*lines, f"The picture: {result['picture']}"])


def _train(result: Result) -> str:
    lines = [f"Run {result['run']}: {counted(result['steps'], 'step')} in {seconds(result.get('seconds') or 0)}"]
    if (loss := result.get("loss")) is not None:
        lines.append(f"  loss on held-out videos   {loss:.3f}")
    if (accuracy := result.get("accuracy")) is not None:
        lines.append(f"  right on held-out videos  {share(accuracy)} (guessing gives {share(result['chance'])})")
    guessing = Guessing.told(result.get("chance"), result.get("balanced_chance"))
    if guessing.skewed and (balanced := result.get("balanced_accuracy")) is not None:
        lines.append(f"  each answer alike         {share(balanced)} (guessing gives {share(guessing.level)})")
    lines += [f"  {name.replace('_', ' ').ljust(24)}  {value:.3f}"
              for name, value in result.get("measures", {}).items()]
    if result.get("samples_per_second"):
        lines.append(f"  speed                     {result['samples_per_second']:.1f} tuples a second")
    return "\n".join([*lines, *([_queue(result["queue"])] if "queue" in result else [])])


def _queue(result: Result) -> str:
    lines = [f"Trained: {run}" for run in result.get("trained", [])]
    lines += [f"Not trained: {one['name']}: {one['problem']}" for one in result.get("failed", [])]
    if not result["waiting"]:
        return "\n".join([*lines, "Nothing waits. Add a run with: studio queue PROJECT --add --recipe quick"])
    rows = [["", "run", "recipe", "task", "backbone"]]
    rows += [[str(one["number"]), f"{one['name']} (goes on)" if one["resume"] else one["name"], one["recipe"],
              one["task"], one["backbone"]] for one in result["waiting"]]
    problems = [f"{one['number']}: could not begin: {one['problem']}" for one in result["waiting"] if one["problem"]]
    return "\n".join([*lines, table(rows), *problems])


def _paused(result: Result) -> str:
    return f"Paused: {_reached(result)}. Let it go on with: studio continue PROJECT {result['run']}"


def _going_on(result: Result) -> str:
    return f"Going on: {_reached(result)}"


def _ended(result: Result) -> str:
    lines = list[str]()
    if "run" in result:
        lines = [f"Stopped and saved: {_reached(result)}", f"Go on with: studio train PROJECT --resume {result['run']}"]
    if waiting := result.get("waiting"):
        lines.append(f"The queue is stopped, {counted(len(waiting), 'run')} waiting. Go on with the rest with: "
                     "studio queue PROJECT --run")
    return "\n".join(lines or ["The queue is stopped. Nothing waits."])


def _reached(result: Result) -> str:
    return f"{result['run']}, at step {result['steps']} of {result['total_steps'] or '?'}"


def _preflight(result: Result) -> str:
    low, high = result["expected_seconds"]
    reason = f" ({result['device_reason']})" if result.get("device_reason") else ""
    detail = f" ({result['precision_detail']})" if result.get("precision_detail") else ""
    figures = {
        "expected time": (f"{_span(low, high)} for {counted(result['steps'], 'step')} "
                          f"({result['samples_per_second']:.1f} tuples a second)"),
        "memory": f"{size(result['peak_memory_bytes'])} at most, {size(result['free_memory_bytes'])} free",
        "RAM": f"{size(result['peak_ram_bytes'])} for the program, {size(result['free_ram_bytes'])} free",
        "disk": f"{size(result['disk_needed_bytes'])} needed, {size(result['disk_free_bytes'])} free",
        "network": (f"{result['parameters'] / 1e6:.2f} million parameters, {result['classes']} answers, "
                    f"guessing gives {share(result['chance'])}"),
        "videos": (f"{result['train_videos']} to learn from, {result['validation_videos']} held out, "
                   f"{result['too_short']} too short for {result['span_frames']} frames")}
    lines = [f"Runs on {result['device']}{reason}, {result['precision']}{detail}",
             *(f"  {name.ljust(13)}  {text}" for name, text in figures.items())]
    lines += [f"  warning: {warning['message'].rstrip('.')}. {warning.get('remedy', '')}".rstrip()
              for warning in result.get("warnings", [])]
    return "\n".join(lines)


def _span(low: float, high: float) -> str:
    first, last = seconds(low), seconds(high)
    return first if first == last else f"{first} to {last}"


def _runs(result: Result) -> str:
    if not result["runs"]:
        return "This project has no runs yet. Train one with: studio train PROJECT --recipe quick"
    rows = [["run", "recipe", "state", "steps", "loss", "right", "guessing", "time", "top 1", "random"]]
    skewed = False
    for run in result["runs"]:
        loss, top = run["loss"], run["top1"]
        guessing = Guessing.told(run["chance"], run["balanced_chance"])
        right, skewed = run[guessing.figure], skewed or guessing.skewed
        rows.append([run["run"], run["recipe"], run["state"], f"{run['steps']}/{run['total_steps'] or '?'}",
                     "" if loss is None else f"{loss:.3f}",
                     "" if right is None else share(right),
                     "" if run["chance"] is None else share(guessing.level), seconds(run["seconds"]),
                     "" if top is None else f"{top:.1f} %",
                     "" if run["random_top1"] is None else f"{run['random_top1']:.1f} %"])
    return table(rows) + (_ALIKE if skewed else "")


def _features(result: Result) -> str:
    return (f"Features of {counted(result['clips'], 'clip')} of {counted(result['videos'], 'video')} "
            f"({result['weights']} weights, {result.get('feature_dim', 0)} numbers each), kept in the run's folder")


def _units(result: Result) -> str:
    lines = list[str]()
    for found in (result, *([result["beside"]] if result.get("beside") else [])):
        seen, used = (" x ".join(str(side) for side in found[name]) for name in ("field", "effective_field"))
        lines.append(f"Layer {found['layer']} ({found['title']}): {found['units']} units, {found['silent']} "
                     f"silent. Each sees {seen} (frames, height, width) and uses {used} of it.")
        lines += [f"  unit {entry['unit']:>4}  selectivity {entry['selectivity']:.2f}" for entry in found["ranked"]]
    return "\n".join([*lines, *_picture(result)])


def _attribution(result: Result) -> str:
    asked = result["trained"]
    head = (f"{result['video']}: {asked['label_text']}. The network answers {asked['answer_text']} "
            f"({'right' if asked['right'] else 'wrong'}); {result['beside']['title']} answers "
            f"{result['other']['answer_text']}.")
    return "\n".join([head, *_picture(result)])


def _activations(result: Result) -> str:
    where = "" if result["question"] is not None else f", {result['times'][0]:.2f} to {result['times'][-1]:.2f} s"
    what = "a question about " if result["question"] is not None else ""
    head = f"Layer {result['layer']} of run {result['run']} over {what}{result['video']}{where}"
    other = "random weights" if result["beside"] == "random" else f"run {result['beside']}"
    likeness = (f"  trained and {other} are {result['alike']:.2f} alike (1: both answer in the same places, 0: "
                "unrelated)")
    if result["flat"]:
        likeness = "  this layer answers alike everywhere in this clip, so there is nothing to see"
    layers = "  layers: " + ", ".join(layer["name"] for layer in result["layers"])
    return "\n".join([head, likeness, layers, *_picture(result)])


def _picture(result: Result) -> list[str]:
    return [f"The picture: {result['picture']}"] if result.get("picture") else []


def _probe(result: Result) -> str:
    return "\n".join([result["sentence"], *(f"  {entry['sentence']}" for entry in result["probes"])])


def _report(result: Result) -> str:
    verdicts = [value["sentence"] for value in result.values() if isinstance(value, dict) and "sentence" in value]
    return "\n".join([*verdicts, f"The report, in the project's folder: {result['report']}"])


def _export(result: Result) -> str:
    return (f"Wrote {result['file']} ({result['format']}, {size(result['bytes'])}, {result['parameters'] / 1e6:.2f} "
            f"million parameters) and its model card: {', '.join(result['cards'])}")


def _doctor(result: Result) -> str:
    marks = {"good": "good   ", "warning": "WARNING", "bad": "BAD    "}
    lines = []
    for check in result["checks"]:
        lines.append(f"{marks[check['state']]}  {check['name']}: {check['sentence']}")
        if check["remedy"]:
            lines.append(f"         -> {check['remedy']}")
    return "\n".join(lines)


def _demo(result: Result) -> str:
    head = f"The sample project: {counted(result['videos'], 'video')}, one training, in {seconds(result['seconds'])}"
    return "\n".join([head, *(f"  {sentence}" for sentence in result["sentences"]), f"The report: {result['report']}"])


def _plain(result: Result) -> str:
    return "\n".join(f"{name}: {value}" for name, value in result.items())


_SUMMARIES: dict[str, Callable[[Result], str]] = {
    "scan": _scan, "relink": _relink, "mask": mask_text, "preview": _preview, "train": _train,
    "preflight": _preflight, "runs": _runs, "queue": _queue, "pause": _paused, "continue": _going_on, "stop": _ended,
    "features": _features, "neighbours": neighbours_text, "activations": _activations, "units": _units,
    "attribution": _attribution, "probe": _probe, "evaluate": evaluation_text, "report": _report,
    "export": _export, "doctor": _doctor, "demo": _demo}
