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
    unit_ND = features_ND / np.maximum(np.linalg.norm(features_ND, axis=1, keepdims=True), 1e-12)
    centred_ND = (unit_ND - unit_ND.mean(axis=0)).astype(np.float64)
    if centred_ND.shape[0] < centred_ND.shape[1]:
        spread, left = np.linalg.eigh(centred_ND @ centred_ND.T)
        axes_D2 = centred_ND.T @ left[:, ::-1][:, :2]
        axes_D2 /= np.maximum(np.linalg.norm(axes_D2, axis=0), 1e-12)
    else:
        spread, axes = np.linalg.eigh(centred_ND.T @ centred_ND)
        axes_D2 = axes[:, ::-1][:, :2]
    if axes_D2.shape[1] < 2:
        axes_D2 = np.pad(axes_D2, ((0, 0), (0, 2 - axes_D2.shape[1])))
    signs_2 = np.sign(axes_D2[np.abs(axes_D2).argmax(axis=0), np.arange(2)])
    xy_N2 = centred_ND @ (axes_D2 * np.where(signs_2 == 0, 1, signs_2))
    total = max(float(spread.sum()), 1e-12)
    shares = [max(0.0, float(value)) / total for value in (*spread[::-1][:2], 0.0)]
    return (xy_N2 / max(float(np.abs(xy_N2).max()), 1e-12)).astype(np.float32), (shares[0], shares[1])
