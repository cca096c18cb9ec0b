"""Chance by key: a draw depends on (seed, purpose, key) alone, never on how many draws came before it.

So the seed and every later half hour agree on what a given appointment or invoice is going to do, however time is cut.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]
Times = npt.NDArray[Any]
"""Instants as datetime64, or spans of time as timedelta64: numpy's types cannot express their arithmetic."""


def none_where(missing: Bools, values: Any) -> Objects:
    """The values as objects, None (NULL) where ``missing``."""
    result = np.array(values, dtype=object)
    result[missing] = None
    return result


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


class Chance:
    """Draws for one seed; ``labels`` give a stream of its own to one purpose."""

    def __init__(self, seed: int, *labels: object) -> None:
        self.label = "/".join(str(label) for label in (seed, *labels))

    def uniform(self, purpose: str, keys: Ints) -> Floats:
        """One number in [0, 1) per key (the SplitMix64 finaliser over key and purpose)."""
        digest = hashlib.sha256(f"{self.label}/{purpose}".encode()).digest()[:8]
        state = np.asarray(keys, dtype=np.int64).astype(np.uint64) * _GOLDEN + np.uint64(int.from_bytes(digest, "big"))
        state = (state ^ (state >> np.uint64(30))) * _MIX_1
        state = (state ^ (state >> np.uint64(27))) * _MIX_2
        state ^= state >> np.uint64(31)
        return (state >> np.uint64(11)).astype(np.float64) / float(1 << 53)

    def happens(self, purpose: str, keys: Ints, probability: float | Floats) -> Bools:
        """Whether an event of that probability happens to each key."""
        return np.asarray(self.uniform(purpose, keys) < probability)

    def between(self, purpose: str, keys: Ints, low: int, high: int) -> Ints:
        """A whole number in [low, high) per key."""
        return (low + np.floor(self.uniform(purpose, keys) * (high - low))).astype(np.int64)

    def exponential(self, purpose: str, keys: Ints, mean: float) -> Floats:
        """An exponentially distributed number per key."""
        return -mean * np.log1p(-self.uniform(purpose, keys))

    def index(self, purpose: str, keys: Ints, weights: Sequence[float]) -> Ints:
        """An index into ``weights`` per key, each as likely as its weight says."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        found = np.searchsorted(edges / edges[-1], self.uniform(purpose, keys), side="right")
        return np.minimum(found, len(edges) - 1).astype(np.int64)

    def choice(
        self, purpose: str, keys: Ints, options: Sequence[Any], weights: Sequence[float] | None = None
    ) -> Objects:
        """One of ``options`` per key."""
        pool = np.empty(len(options), dtype=object)
        pool[:] = list(options)
        return np.asarray(pool[self.index(purpose, keys, weights or [1.0] * len(options))])
