"""Whether two pictures look alike."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]

RENEW = "RENEW_PICTURES"
"""Set to 1: what the tests see is kept as what is right from then on."""

THRESHOLD = 40
"""Difference of a channel from which on a pixel is another one."""

SHARE = 0.01
"""So many pixels may be others: edges of letters and of coasts, on another machine."""

COLOURS = 256


def differing(a: Pixels, b: Pixels) -> float:
    """The share of pixels that are not alike in two pictures of one size."""
    return float((np.abs(a.astype(np.int16) - b).max(axis=2) > THRESHOLD).mean())


def check(picture: Pixels, kept: Path, found: Path) -> None:
    """Compares with the kept picture. Where they differ, `found` is a folder for what was seen."""
    if os.environ.get(RENEW) == "1":
        kept.parent.mkdir(exist_ok=True)
        _small(picture).save(kept, optimize=True)
        return
    found.mkdir(exist_ok=True)
    seen = found / kept.name
    Image.fromarray(picture).save(seen)
    assert kept.exists(), f"there is no {kept.name}: look at {seen}, then set {RENEW}=1"
    right = np.asarray(Image.open(kept).convert("RGB"))
    assert right.shape == picture.shape, f"{kept.name} has another size: look at {seen}, then set {RENEW}=1"
    share = differing(picture, right)
    assert share <= SHARE, (
        f"{share:.1%} of {kept.name} looks otherwise: compare {seen}; if that is as it should be, set {RENEW}=1"
    )


def _small(picture: Pixels) -> Image.Image:
    """With a palette and without dithering: a fifth of the bytes, and hardly another picture."""
    return Image.fromarray(picture).quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
