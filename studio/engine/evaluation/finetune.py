"""Fine-tuning: the whole network and a linear layer learn the labels of some groups and are tested on others.

A short form of VCOP's protocol (Xu et al., CVPR 2019, section 4.2): random clips, one label each; tested by the mean
answer over 10 clips spread over the video. Legend: B clips, C channels, T frames, H height, W width, K classes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator

import numpy as np
import torch
from torch import nn

from studio.engine.augmentation import crop_room
from studio.engine.backbones.backbone import FeaturesOf
from studio.engine.errors import TrainingError
from studio.engine.evaluation.linear_probe import Split
from studio.engine.events import Event, Progress, TimeLeft
from studio.engine.inspection.embedding import Embedder
from studio.engine.sampling import Tuples, plain_tuples, some_of, spread_clips
from studio.engine.shapes import Ints
from studio.engine.video.footage import Footage

BATCH_CLIPS = 8
CLIPS_PER_VIDEO = 10


def finetune(embedder: Embedder, label_V: Ints, split: Split, *, steps: int, learning_rate: float = 3e-4, seed: int = 0,
             detail: str = "", stop: Callable[[], bool] = lambda: False) -> Generator[Event, None, float | None]:
    """Train for `steps` batches and test; the generator's return value is the accuracy, a share, or None when stopped.

    AdamW with a cosine down to 0, in float32: a few steps, where the published 150 epochs of SGD would take days on a
    processor. Changes the embedder's backbone. Raises `TrainingError` when the loss is not finite.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = nn.Linear(embedder.backbone.feature_dim, int(label_V.max()) + 1).to(embedder.device)
    network = nn.Sequential(FeaturesOf(embedder.backbone.requires_grad_(True)), head)
    optimiser = torch.optim.AdamW(network.parameters(), lr=learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(1, steps))
    rng, left = np.random.default_rng([seed, 31]), TimeLeft(steps)
    network.train()
    for step in range(steps):
        if stop():
            return None
        yield Progress(phase="fine-tuning", done=step, total=steps, unit="steps", seconds_left=left(step),
                       detail=detail)
        tuples = _random_clips(embedder, rng.choice(split.train, BATCH_CLIPS), rng)
        outputs_BK = network(embedder.clips(tuples))
        loss = nn.functional.cross_entropy(outputs_BK, torch.from_numpy(label_V[tuples.video_B]).to(embedder.device))
        if not torch.isfinite(loss):
            raise TrainingError(f"fine-tuning, step {step + 1}", "the loss is not finite",
                                "Choose a smaller learning rate")
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return (yield from _test(embedder, network.eval(), label_V, split.test, detail=detail, stop=stop))


def _random_clips(embedder: Embedder, video_B: Ints, rng: np.random.Generator) -> Tuples:
    """One clip of each video, at a random place in time and space."""
    sampling, pixels = embedder.recipe.sampling, embedder.view.crop_pixels
    cached = [embedder.footage.cached[video] for video in video_B]
    span, offsets_F = sampling.element_span_frames, np.arange(sampling.clip_frames) * sampling.frame_stride
    frames, crops = [], []
    for video in cached:
        start = rng.integers(0, max(1, video.frames - span + 1))
        frames.append(np.minimum(start + offsets_F, video.frames - 1)[None])
        crops.append(rng.integers(0, np.array(crop_room(video, crop_pixels=pixels)) + 1)[None])
    return plain_tuples(video_B, np.stack(frames).astype(np.int64), np.stack(crops).astype(np.int64))


def _test(embedder: Embedder, network: nn.Module, label_V: Ints, test_V: Ints, *, detail: str,
          stop: Callable[[], bool]) -> Generator[Event, None, float | None]:
    """Accuracy of the mean answer over each test video's clips."""
    chosen = _only(embedder.footage, test_V)
    tuples = spread_clips(chosen, clips_per_video=CLIPS_PER_VIDEO, sampling=embedder.recipe.sampling,
                          augmentation=embedder.view)
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
    return float((mean_VK.argmax(dim=1).numpy() == label_V[test_V]).mean())


def _only(footage: Footage, chosen: Ints) -> list:
    return [footage.cached[position] for position in chosen]
