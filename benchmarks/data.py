"""The lines that the benchmarks send: a made-up but lifelike web log, the same at every run.

Addresses are drawn Zipf-like (weight 1/rank) from 200,000, of which 3.5 % are IPv6; combined lines are 240 bytes long.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from dynmap.geo.table import LocationTable

POOL = 200_000
V6_SHARE = 0.035
COMBINED_BYTES = 240

_WORDS = (
    "blog shop api v1 v2 img css js news item cart user login search about static assets archive feed".split()
)
_TOPICS = ("email.open", "email.click", "web.page", "web.order", "error")
_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{} Safari/537.36"


def addresses(table: LocationTable, count: int, seed: int = 7) -> list[str]:
    """`count` addresses as text, drawn Zipf-like from the pool."""
    rng = np.random.default_rng(seed)
    v6 = int(POOL * V6_SHARE)
    pool = [str(ipaddress.IPv4Address(int(a))) for a in table.sample_addresses(rng, POOL - v6)]
    pool += [_v6(table, rng) for _ in range(v6)]
    rng.shuffle(pool)
    weight = 1.0 / np.arange(1, POOL + 1)
    return [pool[i] for i in rng.choice(POOL, count, p=weight / weight.sum())]


def _v6(table: LocationTable, rng: np.random.Generator) -> str:
    while True:
        start = int(table.starts6[rng.integers(len(table.starts6))])
        address = ipaddress.IPv6Address((start << 64) | int(rng.integers(1, 1 << 62)))
        if table.lookup(str(address)) is not None:
            return str(address)


def ip_lines(table: LocationTable, count: int) -> bytes:
    """Bare addresses, one a line."""
    return ("\n".join(addresses(table, count)) + "\n").encode()


def combined_lines(table: LocationTable, count: int) -> bytes:
    """Combined log lines of 240 bytes: address, time (now, running on), request, status, size, referer, agent."""
    rng = np.random.default_rng(11)
    paths = ["/" + "/".join(rng.choice(_WORDS, rng.integers(1, 5))) for _ in range(5000)]
    path = np.minimum((rng.pareto(1.0, count) * 5).astype(int), 4999).tolist()
    status = rng.choice(["200", "304", "404", "301", "500"], count, p=[0.8, 0.08, 0.08, 0.03, 0.01]).tolist()
    size, agent = rng.integers(0, 100_000, count).tolist(), rng.integers(100, 140, count).tolist()
    stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
    lines = (
        f'{address} - - [{stamp}] "GET {paths[p]} HTTP/1.1" {s} {b} "-" "{_AGENT.format(a)}'
        for address, p, s, b, a in zip(addresses(table, count), path, status, size, agent, strict=True)
    )
    return "".join(
        line[: COMBINED_BYTES - 2].ljust(COMBINED_BYTES - 2, "x") + '"\n' for line in lines
    ).encode()


def json_lines(table: LocationTable, count: int) -> bytes:
    """Flat JSON objects: ip, topic (one of five), ts (now, in ms)."""
    topic = np.random.default_rng(13).integers(0, len(_TOPICS), count).tolist()
    now = int(time.time() * 1000)
    lines = (
        f'{{"ip":"{address}","topic":"{_TOPICS[t]}","ts":{now + i % 1000}}}\n'
        for i, (address, t) in enumerate(zip(addresses(table, count), topic, strict=True))
    )
    return "".join(lines).encode()


FORMATS: dict[str, Callable[[LocationTable, int], bytes]] = {
    "ip": ip_lines,
    "combined": combined_lines,
    "json": json_lines,
}


def cached(directory: Path, table: LocationTable, count: int) -> Iterator[tuple[str, Path]]:
    """The lines of every format as files in a directory, made afresh (their times are now)."""
    for name, make in FORMATS.items():
        path = directory / f"{name}.txt"
        path.write_bytes(make(table, count))
        yield name, path
