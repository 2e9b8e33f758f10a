"""Which places are no real places. The rule is told in docs/locating.md; this is it. No I/O."""

from __future__ import annotations

from typing import Final

import numpy as np

from dynmap.geo import blocks
from dynmap.geo.mmdb import Family
from dynmap.geo.ranges import Mask, Ranges
from dynmap.geo.records import Record

MAX_RADIUS_KM: Final = 200
"""An accuracy radius above this is about a region, not a town."""

GIANT: Final[dict[Family, float]] = {4: 2.0**20, 6: 2.0**40}
"""No town has so many neighbouring addresses: an IPv4 /12, an IPv6 /24 (in /64s). Of the default table's 5 million
ranges 82 IPv4 and 379 IPv6 ones are so long: head offices of carriers and unallocated space."""

FILLER: Final = 10
"""A place with so many giant runs is where a database puts what it knows nothing of: for DB-IP in IPv6 Murten,
Chantilly, Evere, Amsterdam-Centrum, Ebene (the registries' towns), in IPv4 the US Department of Defense's Columbus."""


def is_coarse(record: Record) -> bool:
    """Whether a record itself says that it is not about a town."""
    return not record.city or (record.radius is not None and record.radius > MAX_RADIUS_KM)


def split_at_listed(ranges: Ranges, family: Family) -> Ranges:
    """The ranges cut at the edges of the listed blocks, as `coarse_ranges` needs them."""
    return ranges.split(blocks.coarse(family))


def coarse_ranges(ranges: Ranges, merged: Ranges, family: Family) -> Mask:
    """Which ranges are coarse for where they are: listed, giant, or at a filler (bool[n]).

    `ranges` are `merged` ones (value = place, 0 nowhere) after `split_at_listed`.
    """
    giant = (merged.sizes() >= GIANT[family]) & (merged.values != 0)
    places, runs = np.unique(merged.values[giant], return_counts=True)
    filler = np.isin(ranges.values, places[runs >= FILLER])
    in_giant = giant[np.searchsorted(merged.starts, ranges.starts, "right") - 1]
    return np.asarray((in_giant | filler | ranges.within(blocks.coarse(family))) & (ranges.values != 0))
