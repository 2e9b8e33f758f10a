"""Locating: addresses and coordinates of a block to cells of the source's precision."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from dynmap import grid
from dynmap.frame import pack
from dynmap.geo.kernels import place_of_v4, place_of_v6
from dynmap.geo.table import LocationTable
from dynmap.pipeline.events import Block, Filled
from dynmap.pipeline.kernels_rollup import put_cells
from dynmap.pipeline.memory import address_of

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]


def packed(x: U32, y: U32) -> U64:
    """Cells as in column `cell`: 25 bits of x, 25 of y."""
    return pack(np.zeros(len(x), np.uint16), x, y)


_known: WeakKeyDictionary[LocationTable, dict[int, U64]] = WeakKeyDictionary()


def _cells_of_places(table: LocationTable, bits: int) -> U64:
    """The cell of each place (uint64[n]), shared by all sources of one precision; 0 for place 0, which is nowhere."""
    by_bits = _known.setdefault(table, {})
    if bits not in by_bits:
        cells = packed(grid.coarsen(table.place_x, bits), grid.coarsen(table.place_y, bits))
        cells[0] = 0
        by_bits[bits] = cells
    return by_bits[bits]


class Locator:
    """Turns the addresses and coordinates of blocks into cells of at most `bits` precision."""

    def __init__(self, table: LocationTable, bits: int) -> None:
        self._table = table
        self._bits = bits
        self._cell_of_place = _cells_of_places(table, bits)

    def locate(self, block: Block, filled: Filled) -> None:
        """Set `place` and `cell` of a block's rows; those without a place get 0."""
        table, rows, sixes, points = self._table, filled.rows, filled.sixes, filled.points
        place_of_v4(block.v4[:rows], table.t24, table.starts4, table.places4, block.place[:rows])
        if sixes:
            place_of_v6(block.six_high[:sixes], table.starts6, table.places6, block.six_place[:sixes])
        put_cells(block.at, rows, sixes, address_of(self._cell_of_place))
        if points:
            x, y = grid.cells(block.lat[:points], block.lon[:points], self._bits)
            block.cell[block.point_row[:points]] = packed(x, y)
