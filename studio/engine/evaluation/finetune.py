"""Fine-tuning: the whole network and a linear layer learn the labels of some groups and are tested on others.

VCOP's protocol (Xu et al., CVPR 2019, section 4.2), with its settings or in a short form: random clips, one label each;
tested by the mean answer over 10 clips spread over the video. Legend: B clips, V videos, K classes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from studio.engine.augmentation import crop_room
from studio.engine.backbones.backbone import FeaturesOf
from studio.engine.errors import TrainingError
from studio.engine.evaluation.finetuning import Finetuning
from studio.engine.evaluation.linear_probe import Split, split_groups
from studio.engine.events import Event, Progress, TimeLeft
from studio.engine.inspection.embedding import Embedder
from studio.engine.resampling import at_rate
from studio.engine.sampling import Tuples, clip_frames, plain_tuples, some_of, spread_clips
from studio.engine.shapes import Ints

CLIPS_PER_VIDEO = 10
Stop = Callable[[], bool]


class Course:
    """How far several trainings of the same length are, counted in steps of all of them."""

    def __init__(self, *, trainings: int, steps: int) -> None:
        self._total, self._steps, self._before = trainings * steps, steps, 0
        self._left = TimeLeft(self._total)

    def progress(self, step: int, detail: str) -> Progress:
        """Tell of a step of the present training."""
        done = min(self._before + step, self._total)
        return Progress(phase="fine-tuning", done=done, total=self._total, unit="steps", seconds_left=self._left(done),
                        detail=detail)

    def next(self) -> None:
        """Go on to the next training."""
        self._before += self._steps


@dataclass(frozen=True)
class _Learner:
    """A network that learns labels of V videos: the embedder's backbone under a linear layer."""

    embedder: Embedder
    network: nn.Module
    label_V: Ints

    def loss(self, video_B: Ints, rng: np.random.Generator) -> Tensor:
        """Mean loss over a random clip of each video."""
        outputs_BK = self.network(self.embedder.clips(_random_clips(self.embedder, video_B, rng)))
        return nn.functional.cross_entropy(outputs_BK, torch.from_numpy(self.label_V[video_B]).to(outputs_BK.device))


def finetune(embedder: Embedder, label_V: Ints, split: Split, *, options: Finetuning, group_V: Ints | None = None,
             seed: int = 0, detail: str = "", course: Course | None = None,
             stop: Stop = lambda: False) -> Generator[Event, None, Ints | None]:
    """Train and answer for the test videos; the generator's return value is their labels, or None when stopped.

    In float32. `group_V` keeps groups whole where the best epoch is chosen on held-out training videos. Changes the
    embedder's backbone. Raises `TrainingError` when the loss is not finite.
    """
    teach, held_V = _held_out(label_V, split.train, group_V, options, seed=seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = nn.Linear(embedder.backbone.feature_dim, int(label_V.max()) + 1).to(embedder.device)
    network = nn.Sequential(FeaturesOf(embedder.backbone.requires_grad_(True)), head)
    learner, course = _Learner(embedder, network, label_V), course or Course(trainings=1,
                                                                             steps=options.steps_of(len(split.train)))
    finished = yield from _learn(learner, teach, held_V, options, seed=seed, detail=detail, course=course, stop=stop)
    return (yield from _answers(embedder, network.eval(), split.test, detail=detail, stop=stop)) if finished else None


def _held_out(label_V: Ints, train: Ints, group_V: Ints | None, options: Finetuning, *, seed: int) -> tuple[Ints, Ints]:
    """Training videos that teach, and those that choose the epoch: none unless the options say so."""
    if not options.held_out_share:
        return train, train[:0]
    groups = np.arange(len(label_V)) if group_V is None else group_V
    inner = split_groups(label_V[train], groups[train], test_share=options.held_out_share, seed=seed)
    return train[inner.train], train[inner.test]


def _learn(learner: _Learner, teach: Ints, held_V: Ints, options: Finetuning, *, seed: int, detail: str, course: Course,
           stop: Stop) -> Generator[Event, None, bool]:
    """Take all steps, and go back to the best epoch where there is something to choose by; False when stopped."""
    steps, per_epoch = options.steps_of(len(teach)), options.steps_per_epoch(len(teach))
    optimiser, rng = _optimiser(learner.network, options), np.random.default_rng([seed, 31])
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps) if options.schedule == "cosine" else None
    best: tuple[float, dict[str, Tensor]] = (np.inf, {})
    dealt_V = np.zeros(0, np.int64)
    learner.network.train()
    for step in range(steps):
        if stop():
            return False
        yield course.progress(step, detail)
        while len(dealt_V) < options.batch_size:
            dealt_V = np.concatenate([dealt_V, rng.permutation(teach)])
        loss = learner.loss(dealt_V[:options.batch_size], rng)
        dealt_V = dealt_V[options.batch_size:]
        if not torch.isfinite(loss):
            raise TrainingError(f"fine-tuning, step {step + 1}", "the loss is not finite",
                                "Choose a smaller learning rate: --set learning_rate=0.0001")
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if cosine is not None:
            cosine.step()
        if len(held_V) and ((step + 1) % per_epoch == 0 or step + 1 == steps):
            best = _better(best, learner, held_V, options, seed=seed)
    if best[1]:
        learner.network.load_state_dict(best[1])
    return True


def _better(best: tuple[float, dict[str, Tensor]], learner: _Learner, held_V: Ints, options: Finetuning, *,
            seed: int) -> tuple[float, dict[str, Tensor]]:
    """The present weights with their loss on held-out training videos if that is lower, else those before."""
    rng, losses = np.random.default_rng([seed, 32]), []
    learner.network.eval()
    with torch.inference_mode():
        for first in range(0, len(held_V), options.batch_size):
            part = held_V[first:first + options.batch_size]
            losses.append(float(learner.loss(part, rng)) * len(part))
    learner.network.train()
    loss = sum(losses) / len(held_V)
    if not loss < best[0]:
        return best
    return loss, {name: tensor.detach().cpu().clone() for name, tensor in learner.network.state_dict().items()}


def _optimiser(network: nn.Module, options: Finetuning) -> torch.optim.Optimizer:
    if options.optimiser == "sgd":
        return torch.optim.SGD(network.parameters(), lr=options.learning_rate, momentum=options.momentum,
                               weight_decay=options.weight_decay)
    return torch.optim.AdamW(network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay)


def _random_clips(embedder: Embedder, video_B: Ints, rng: np.random.Generator) -> Tuples:
    """One clip of each video, at a random place in time and space."""
    sampling, view = embedder.recipe.sampling, embedder.view
    frames, crops = [], []
    for video in (embedder.footage.cached[position] for position in video_B):
        shown = at_rate(video, sampling.frames_per_second)
        start = rng.integers(0, max(1, shown.frames - sampling.clip_span_frames + 1))
        frames.append(clip_frames(shown, np.array([start]), sampling))
        room = (0, 0) if view.crop == "whole" else crop_room(video, crop_pixels=view.crop_pixels)
        crops.append(rng.integers(0, np.array(room) + 1)[None])
    return plain_tuples(video_B, np.stack(frames), np.stack(crops).astype(np.int64))


def _answers(embedder: Embedder, network: nn.Module, test_V: Ints, *, detail: str,
             stop: Stop) -> Generator[Event, None, Ints | None]:
    """The label of the mean output over each test video's clips."""
    tuples = spread_clips([embedder.footage.cached[position] for position in test_V], clips_per_video=CLIPS_PER_VIDEO,
                          sampling=embedder.recipe.sampling, augmentation=embedder.view)
    tuples = dataclasses.replace(tuples, video_B=test_V[tuples.video_B])
    outputs, left = [], TimeLeft(len(tuples))
    for first in range(0, len(tuples), embedder.batch_clips):
        if stop():
            return None
        yield Progress(phase="testing", done=first, total=len(tuples), unit="clips", seconds_left=left(first),
                       detail=detail)
        with torch.inference_mode():
            outputs.append(network(embedder.clips(some_of(tuples, slice(first, first + embedder.batch_clips)))).cpu())
    mean_VK = torch.cat(outputs).unflatten(0, (len(test_V), CLIPS_PER_VIDEO)).mean(dim=1)
    return np.asarray(mean_VK.argmax(dim=1).numpy(), np.int64)
