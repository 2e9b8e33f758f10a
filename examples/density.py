# /// script
# requires-python = ">=3.11"
# dependencies = ["dynmap", "matplotlib"]
# ///
"""Listens to a DynMap server for some seconds and draws where things happened, as a picture.

    dynmap demo --no-open &
    python examples/density.py http://127.0.0.1:8080 --seconds 30 --png density.png

Each `# %%` begins a cell for Jupyter, VS Code, Spyder or PyCharm. In a notebook, write `await listen(...)` where this
script has `asyncio.run(listen(...))`.
"""

# %% What to listen to
import argparse
import asyncio
from contextlib import suppress
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib import pyplot as plt
from matplotlib.colors import LinearSegmentedColormap, LogNorm

from dynmap.client import Columns, DynMapError, connect
from dynmap.geo.table import open_default

parser = argparse.ArgumentParser(description="Draws where things happened.")
parser.add_argument("url", nargs="?", default="http://127.0.0.1:8080")
parser.add_argument("--topics", nargs="*", default=[">"], help="patterns such as 'web.>'")
parser.add_argument("--seconds", type=float, default=30)
parser.add_argument("--token", help="where the server asks for one")
parser.add_argument("--png", type=Path, default=Path("density.png"))
options = parser.parse_args()


# %% Listen: each step is a set of NumPy columns
async def listen(url: str, topics: list[str], seconds: float, token: str | None) -> list[Columns]:
    """What happened in the next seconds, step by step."""
    steps = []
    async with connect(url, topics=topics, token=token) as live:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async for step in live:
                    steps.append(step.columns())
                    print(f"\r{live.located:,} events since the server started", end="", flush=True)
    print()
    return steps


try:
    steps = asyncio.run(listen(options.url, options.topics, options.seconds, options.token))
except DynMapError as error:
    raise SystemExit(f"density: {error}") from None

# %% Add up: on a square map of the Mercator world, each row as wide as the cell that it stands for
SIDE = 3200


Image = npt.NDArray[np.float64]


def glow(
    x: npt.NDArray[np.uint32], y: npt.NDArray[np.uint32], n: npt.NDArray[np.int64], width: float
) -> Image:
    """A picture, float64[SIDE, SIDE], with a soft spot of `width` pixels for each cell. Its sum is that of `n`."""
    rows, columns = (position.astype(np.int64) * SIDE >> 32 for position in (y, x))
    spots = np.bincount(rows * SIDE + columns, n, SIDE * SIDE).reshape(SIDE, SIDE)
    waves = np.exp(-2 * (np.pi * width * np.fft.fftfreq(SIDE)) ** 2)
    return np.fft.irfft2(np.fft.rfft2(spots) * waves[:, None] * waves[: SIDE // 2 + 1], (SIDE, SIDE)).clip(0)


density = np.zeros((SIDE, SIDE))
for bits in np.unique(np.concatenate([step.bits for step in steps])):
    found = [
        (step.x[same], step.y[same], step.count[same]) for step in steps if (same := step.bits == bits).any()
    ]
    x, y, n = (np.concatenate(column) for column in zip(*found, strict=True))
    for width, share in ((1.4, 0.5), (5.0, 0.5)):  # a point, and the light around it
        density += share * glow(x, y, n, width=max(width, SIDE / 2.0**bits / 2))

# %% The ground: every place that DynMap's location table knows
table = open_default()
known = table.place_x & np.uint32(0xFFFF) != 0  # of some, only the region is
ground = glow(table.place_x[known], table.place_y[known], np.ones(known.sum(), np.int64), width=0.9)

# %% Draw: from 76 degrees north to 56 south, on a logarithmic scale
NIGHT = "#05070d"
LAND = LinearSegmentedColormap.from_list("land", [NIGHT, "#14233a", "#2f4a70"])
FIRE = LinearSegmentedColormap.from_list(
    "fire", ["#2a0f5400", "#5b1a86", "#b5256f", "#f0583f", "#fdb32f", "#fff6d5"]
)
shown = slice(*(int(SIDE * y) for y in (0.176, 0.691)))
events = sum(int(step.count.sum()) for step in steps)

mpl.rcParams |= {"font.family": "DejaVu Sans", "text.color": "#c9d4e5"}
figure = plt.figure(figsize=(16, 16 * (shown.stop - shown.start) / SIDE), facecolor=NIGHT)
axes = figure.add_axes((0, 0, 1, 1))
axes.axis("off")
axes.imshow(ground[shown], cmap=LAND, norm=LogNorm(0.02, 6, clip=True), aspect="auto")
brightest = max(density.max(), 1e-3)
faintest = brightest / 5000
heat = axes.imshow(
    np.ma.masked_less(density[shown], faintest),
    cmap=FIRE,
    norm=LogNorm(faintest, brightest),
    aspect="auto",
)
figure.text(0.03, 0.10, f"{events:,}", fontsize=34, weight="light", color="#ffffff")
asked = "all topics" if ">" in options.topics else ", ".join(options.topics)
figure.text(0.03, 0.065, f"events in {options.seconds:g} seconds  ·  {asked}", fontsize=12)
figure.text(0.97, 0.045, f"Places: {table.metadata.attribution}", fontsize=9, color="#5d6b80", ha="right")
scale = figure.colorbar(
    heat, cax=figure.add_axes((0.03, 0.045, 0.2, 0.006), facecolor=NIGHT), orientation="horizontal"
)
scale.outline.set_visible(False)
scale.set_ticks([])
figure.savefig(options.png, dpi=150, facecolor=NIGHT)
print(f"{events:,} events in {options.png}")
