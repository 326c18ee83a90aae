"""Sorting shuffled frames (Order Prediction Network, Lee et al., ICCV 2017): forward and backward count as one."""

from __future__ import annotations

import numpy as np
from pydantic import Field
from torch import nn

from studio.engine.orders import Order, SortingHead, draw_merged, merged_orders, merged_text
from studio.engine.sampling import Arrangement, Windows, place_elements
from studio.engine.tasks.task import Task, TaskOptions


class SequenceSortingOptions(TaskOptions):
    """Options of sequence sorting."""

    frame_features: int = Field(
        1024, ge=16, le=4096, title="Width of fc6",
        description="Numbers that the head's first layer (fc6) makes of each frame; 1024 as published. Fewer need "
                    "less memory, and tell less apart.")
    pair_features: int = Field(
        512, ge=16, le=4096, title="Width of fc7",
        description="Numbers that the head's second layer (fc7) makes of each pair of frames; 512 as published. "
                    "Fewer need less memory, and tell less apart.")
    dropout: float = Field(
        0.5, ge=0, le=0.9, title="Dropout",
        description="Share of the head's inputs left out by chance in training, so that it leans on no few of them. "
                    "Less suits short trainings. 0.5 as published.")


class SequenceSorting(Task):
    """n frames (or clips) shuffled; n!/2 answers, because a sequence and its reverse look alike."""

    title = "Sequence sorting"
    question = "How must these frames be sorted?"
    learns = "Poses and what can follow what, from still frames"
    paper = "Lee et al., Unsupervised Representation Learning by Sorting Sequences, ICCV 2017"
    Options = SequenceSortingOptions
    options: SequenceSortingOptions

    @property
    def orders(self) -> list[Order]:
        """The class table, counted from 0: one of each pair of an order and its reverse."""
        return merged_orders(self.elements)

    @property
    def classes(self) -> int:
        return len(self.orders)

    def deal(self, windows: Windows, rng: np.random.Generator) -> Arrangement:
        """Place the frames in time, show them in the order of a class drawn at random, half of the time reversed."""
        timely_BEF = place_elements(windows, sampling=self.sampling, rng=rng)
        label_B, order_BE = draw_merged(len(windows), self.orders, rng)
        return Arrangement(np.take_along_axis(timely_BEF, order_BE[:, :, None], axis=1), label_B, order_BE)

    def label_text(self, label: int) -> str:
        return merged_text(self.orders[label])

    def head(self, feature_dim: int) -> nn.Module:
        return SortingHead(feature_dim=feature_dim, elements=self.elements, classes=self.classes,
                           frame_width=self.options.frame_features, pair_width=self.options.pair_features,
                           dropout=self.options.dropout)
