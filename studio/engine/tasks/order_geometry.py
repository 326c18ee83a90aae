"""Order and transformation of ultrasound clips, after Jiao et al., ISBI 2020: how sorted, and how turned?

The paper's abstract gives the two questions, the 12 answers and the two ways of joining them. The ranges of the
transformation, the heads and the weight between the losses are the studio's own, because no code was released.
Legend: B tuples, E elements, n elements of the order question, F frames of an element, D feature, K classes.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from studio.engine.orders import Order, SortingHead, draw_merged, merged_orders, merged_text
from studio.engine.sampling import Arrangement, Windows, place_elements
from studio.engine.tasks.task import Task, TaskOptions, Truth

ROTATION_DEGREES = 30.0
REACH_5 = (math.radians(ROTATION_DEGREES), math.log(1.25), 0.2, 0.1, 0.1)
"""Largest angle, logarithm of the scale (0.8 to 1.25), shear, and shift right and down as shares of the side."""


class OrderGeometryOptions(TaskOptions):
    """Options of order and transformation."""

    joint: Literal["parallel", "sequential"] = Field(
        "parallel", title="How the two questions are joined",
        description="parallel: the frames are shown twice to the same network, once shuffled, once transformed. "
                    "sequential: they are shown once, transformed and shuffled, which halves the work.")
    geometry_weight: float = Field(
        1.0, ge=0, le=100, title="Weight of the transformation",
        description="The loss is that of the order, and this many times that of the transformation. The published "
                    "weight is not known; 1 is ours.")
    frame_features: int = Field(
        1024, ge=16, le=4096, title="Width of fc6",
        description="Numbers that the head's first layer (fc6) makes of each frame; 1024 as in OPN. Fewer need less "
                    "memory, and tell less apart.")
    pair_features: int = Field(
        512, ge=16, le=4096, title="Width of fc7",
        description="Numbers that the head's second layer (fc7) makes of each pair of frames; 512 as in OPN. Fewer "
                    "need less memory, and tell less apart.")
    geometry_features: int = Field(
        512, ge=16, le=4096, title="Width of the transformation's head",
        description="Numbers in the layer before the five that describe the transformation. 512 is ours; fewer tell "
                    "less apart.")
    dropout: float = Field(
        0.5, ge=0, le=0.9, title="Dropout",
        description="Share of the head's inputs left out by chance in training, so that it leans on no few of them. "
                    "Less suits short trainings. 0.5 as in OPN.")


class OrderGeometry(Task):
    """Two questions at once: n!/2 orders of n shuffled frames, and five numbers of one transformation of all of them.

    Outputs are the logits of the orders, then the angle, logarithm of the scale, shear and shifts as shares of their
    reach, -1 to 1.
    """

    title = "Order and transformation"
    question = "How must these frames be sorted, and how were they turned?"
    learns = "How anatomy moves and how it lies in the picture, from still frames"
    paper = "Jiao et al., Self-supervised Representation Learning for Ultrasound Video, ISBI 2020 (our reading)"
    transforms = True
    Options = OrderGeometryOptions
    options: OrderGeometryOptions

    @property
    def elements(self) -> int:
        """Elements shown: in parallel, the shuffled ones, then the same in the order of time, transformed."""
        return self.asked_elements * (2 if self.options.joint == "parallel" else 1)

    @property
    def asked_elements(self) -> int:
        return self.sampling.tuple_length

    @property
    def orders(self) -> list[Order]:
        """The class table: one of each pair of an order and its reverse, as in sequence sorting."""
        return merged_orders(self.asked_elements)

    @property
    def classes(self) -> int:
        return len(self.orders)

    def deal(self, windows: Windows, rng: np.random.Generator) -> Arrangement:
        """Place the frames, shuffle them, and draw one transformation a tuple."""
        timely_BEF = place_elements(windows, sampling=self.sampling, rng=rng)
        label_B, order_BE = draw_merged(len(windows), self.orders, rng)
        shuffled_BEF = np.take_along_axis(timely_BEF, order_BE[:, :, None], axis=1)
        moved_B15 = rng.uniform(-1, 1, (len(windows), 1, 5)) * np.array(REACH_5)
        affine_BE5 = np.repeat(moved_B15, self.asked_elements, axis=1).astype(np.float32)
        if self.options.joint == "sequential":
            return Arrangement(shuffled_BEF, label_B, order_BE, affine_BE5)
        timely_BE = np.broadcast_to(np.arange(self.asked_elements), order_BE.shape)
        return Arrangement(np.concatenate([shuffled_BEF, timely_BEF], axis=1), label_B,
                           np.concatenate([order_BE, timely_BE], axis=1),
                           np.concatenate([np.zeros_like(affine_BE5), affine_BE5], axis=1))

    def label_text(self, label: int) -> str:
        return merged_text(self.orders[label])

    def head(self, feature_dim: int) -> nn.Module:
        return OrderGeometryHead(feature_dim=feature_dim, asked=self.asked_elements, classes=self.classes,
                                 options=self.options)

    def loss(self, outputs: Tensor, truth: Truth) -> Tensor:
        """Cross-entropy of the order, and the weighted smooth L1 of the five numbers."""
        order = nn.functional.cross_entropy(outputs[:, :self.classes].float(), truth.label_B)
        geometry = nn.functional.smooth_l1_loss(outputs[:, self.classes:].float(), wanted(truth))
        return order + self.options.geometry_weight * geometry

    def measures(self, outputs: Tensor, truth: Truth) -> dict[str, float]:
        """Give the mean error of the five numbers as a share of their reach, and of the angle in degrees.

        Always saying "not moved" gives 0.5 and 15 degrees.
        """
        error_B5 = (outputs[:, self.classes:].float() - wanted(truth)).abs()
        return {"geometry_error": float(error_B5.mean()),
                "rotation_error_degrees": float(error_B5[:, 0].mean()) * ROTATION_DEGREES}


def wanted(truth: Truth) -> Tensor:
    """The five numbers to be found, as shares of their reach; the last element is always transformed."""
    affine_B5 = truth.affine_BE5[:, -1].float()
    return affine_B5 / affine_B5.new_tensor(REACH_5)


class OrderGeometryHead(nn.Module):
    """OPN's head on the first `asked` elements, and two layers on the mean of the last `asked` features.

    All frames of a tuple are transformed alike, so their mean tells the transformation whatever their order.
    """

    def __init__(self, *, feature_dim: int, asked: int, classes: int, options: OrderGeometryOptions) -> None:
        super().__init__()
        self.asked = asked
        self.order = SortingHead(feature_dim=feature_dim, elements=asked, classes=classes,
                                 frame_width=options.frame_features, pair_width=options.pair_features,
                                 dropout=options.dropout)
        self.geometry = nn.Sequential(nn.Linear(feature_dim, options.geometry_features),
                                      nn.BatchNorm1d(options.geometry_features), nn.ReLU(),
                                      nn.Linear(options.geometry_features, len(REACH_5)))

    def forward(self, features_BED: Tensor) -> Tensor:
        """features_BED -> logits_BK and five numbers, one after the other."""
        moved_BD = features_BED[:, -self.asked:].mean(dim=1)
        return torch.cat([self.order(features_BED[:, :self.asked]), self.geometry(moved_BD)], dim=1)
