"""A map of features: their two directions of largest spread (principal component analysis).

Legend: N clips, D feature.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def project(features_ND: NDArray[np.float32]) -> tuple[NDArray[np.float32], tuple[float, float]]:
    """Give xy_N2, scaled to -1 to 1, and the shares of the spread that both directions explain.

    Features are brought to length 1 first, as in the cosine that neighbours use. A direction's sign is fixed by its
    largest loading, so that the same features draw the same map.
    """
    if len(features_ND) < 2:
        return np.zeros((len(features_ND), 2), np.float32), (0.0, 0.0)
    axes_NA, shares_A = principal_axes(features_ND, count=2)
    return (axes_NA / max(float(np.abs(axes_NA).max()), 1e-12)).astype(np.float32), (float(shares_A[0]),
                                                                                    float(shares_A[1]))


def principal_axes(features_ND: NDArray[np.float32], *, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Features of length 1 along their `count` directions of largest spread, axes_NA, and each one's share of it.

    Directions that are not there are 0.
    """
    unit_ND = features_ND / np.maximum(np.linalg.norm(features_ND, axis=1, keepdims=True), 1e-12)
    centred_ND = (unit_ND - unit_ND.mean(axis=0)).astype(np.float64)
    if centred_ND.shape[0] < centred_ND.shape[1]:
        spread, left = np.linalg.eigh(centred_ND @ centred_ND.T)
        axes_DA = centred_ND.T @ left[:, ::-1][:, :count]
        axes_DA /= np.maximum(np.linalg.norm(axes_DA, axis=0), 1e-12)
    else:
        spread, axes = np.linalg.eigh(centred_ND.T @ centred_ND)
        axes_DA = axes[:, ::-1][:, :count]
    missing = count - axes_DA.shape[1]
    axes_DA = np.pad(axes_DA, ((0, 0), (0, missing)))
    signs_A = np.sign(axes_DA[np.abs(axes_DA).argmax(axis=0), np.arange(count)])
    shares_A = np.pad(np.maximum(spread[::-1][:count], 0), (0, max(0, count - len(spread))))
    return centred_ND @ (axes_DA * np.where(signs_A == 0, 1, signs_A)), shares_A / max(float(spread.sum()), 1e-12)
