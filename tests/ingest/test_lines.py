from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from dynmap.ingest.lines import Cutter, ReadBuffer
from dynmap.pipeline.pipeline import MAX_LINE

SIZE = 200_000
line = st.one_of(
    st.binary(max_size=40).map(lambda text: text.replace(b"\n", b"")),
    st.sampled_from([MAX_LINE - 1, MAX_LINE, MAX_LINE + 2, MAX_LINE * 2, SIZE]).map(lambda n: b"x" * n),
)


def feed(chunks: list[bytes]) -> tuple[list[bytes], int, int, Cutter]:
    """Whole lines, how many were given up, how many bytes were dealt with, and the cutter afterwards."""
    buffer, cutter = ReadBuffer(SIZE), Cutter()
    lines: list[bytes] = []
    given_up = passed = 0
    for chunk in chunks:
        carried = cutter.carry
        buffer.room[: len(chunk)] = chunk
        cut = cutter.cut(buffer, len(chunk))
        seen = carried + chunk
        assert bytes(buffer.bytes[cut.start : cut.start + len(seen)]) == seen
        assert seen[cut.dropped :].startswith(cut.lines.tobytes())
        lines += [text + b"\n" for text in cut.lines.tobytes().split(b"\n")[:-1]]
        given_up += cut.too_long is not None
        passed += cut.dropped + len(cut.lines) + cut.lost
        assert len(cutter.carry) <= MAX_LINE + 1
    return lines, given_up, passed, cutter


@settings(deadline=None, max_examples=60)
@given(st.lists(line, max_size=12), st.binary(max_size=9), st.data())
def test_any_chunking_gives_the_same_lines(texts: list[bytes], rest: bytes, data: st.DataObject) -> None:
    rest = rest.replace(b"\n", b"")
    stream = b"".join(text + b"\n" for text in texts) + rest
    edges = data.draw(st.lists(st.integers(0, len(stream)), max_size=8).map(sorted))
    edges = sorted({0, len(stream), *edges, *range(0, len(stream), SIZE)})
    lines, given_up, passed, cutter = feed([stream[a:b] for a, b in pairwise(edges)])
    # A line over the limit is given up, unless it came whole in one read: then the pipeline rejects it.
    short = [text + b"\n" for text in texts if len(text) <= MAX_LINE]
    assert [text for text in lines if len(text.rstrip(b"\n")) <= MAX_LINE] == short
    assert len(lines) + given_up == len(texts)
    assert passed + len(cutter.carry) == len(stream)
    assert cutter.end().tobytes() == (rest + b"\n" if rest else b"")


def test_a_hundred_megabytes_without_a_line_feed_are_one_line_given_up() -> None:
    chunk = b"a" * SIZE
    buffer, cutter = ReadBuffer(SIZE), Cutter()
    buffer.room[:] = chunk
    given_up = [cutter.cut(buffer, SIZE).too_long for _ in range(500)]
    assert [sample is not None for sample in given_up] == [True, *[False] * 499]
    assert given_up[0] == b"a" * 256
    assert cutter.carry == b""
    buffer.room[:6] = b"end\nok"
    cut = cutter.cut(buffer, 6)
    assert (cut.dropped, cut.lines.tobytes(), cutter.carry) == (4, b"", b"ok")
