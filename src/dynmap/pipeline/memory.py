"""Reading bytes in compiled kernels: loads, searches and tests of 16 bytes at once.

Kernels take addresses (int64) instead of arrays. So read-only and writable buffers share one compiled kernel, columns
can be handed to parts of kernels without counting references (which took half of the time), and a kernel compiles in
a fraction of the time. Whoever calls one must hold on to the arrays; `limit` is the address one past a buffer's last
byte, which nothing reads past.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

import dynmap.pipeline.kernel_cache  # noqa: F401 (before the first kernel)

_F = TypeVar("_F", bound=Callable[..., Any])

_I8, _I16, _I32, _I64, _I128 = (ir.IntType(bits) for bits in (8, 16, 32, 64, 128))
_DOUBLE = ir.DoubleType()
_SIXTEEN = ir.VectorType(_I8, 16)

VECTOR: Final = 16
"""Bytes that `not_plain` and `dots_and_ends` read."""


_INNER: Final[Any] = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def kernel(function: _F) -> _F:
    """Compile a function that Python calls: cached on disk, releases the GIL, IEEE division."""
    return cast(_F, njit(cache=True, nogil=True, error_model="numpy")(function))


def part(function: _F) -> _F:
    """Compile a function that only kernels call. Without wrappers for Python, which take half the time to compile."""
    return cast(_F, njit(**_INNER)(function))


def inlined(function: _F) -> _F:
    """A part of kernels that is always merged into them: for what runs once a line or more."""
    return cast(_F, njit(**_INNER, forceinline=True)(function))


def _builtin(function: Callable[..., Any]) -> Callable[..., Any]:
    return cast(Callable[..., Any], intrinsic(function))


_memchr: Final[Any] = types.ExternalFunction("memchr", types.int64(types.int64, types.int32, types.int64))
strtod: Final[Any] = types.ExternalFunction("strtod", types.float64(types.int64, types.int64))
"""The C library's correctly rounded text to double; second argument 0. The text must end in what is no number."""


def address_of(data: npt.NDArray[Any]) -> int:
    """Where an array's first element is."""
    return int(data.__array_interface__["data"][0])


def _load(builder: Any, address: Any, kind: Any) -> Any:
    return builder.load(builder.inttoptr(address, kind.as_pointer()), align=1)


def _reader(kind: Any, result: Any, extend: str | None, doc: str) -> Callable[..., Any]:
    """A function (base, i) that reads number i of those at `base`."""

    def read(typing: Any, base: Any, i: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            value = _load(builder, _offset(builder, kind, arguments), kind)
            return getattr(builder, extend)(value, _I64) if extend else value

        return result(types.int64, types.int64), generate

    read.__doc__ = doc
    return _builtin(read)


def _writer(kind: Any, given: Any, narrow: bool, doc: str) -> Callable[..., Any]:
    """A function (base, i, value) that writes number i of those at `base`."""

    def write(typing: Any, base: Any, i: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            data = builder.trunc(arguments[2], kind) if narrow else arguments[2]
            pointer = builder.inttoptr(_offset(builder, kind, arguments), kind.as_pointer())
            builder.store(data, pointer, align=1)
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, given), generate

    write.__doc__ = doc
    return _builtin(write)


def _offset(builder: Any, kind: Any, arguments: Any) -> Any:
    size = 8 if kind is _DOUBLE else kind.width // 8
    return builder.add(arguments[0], builder.mul(arguments[1], ir.Constant(_I64, size)))


get_u8: Final[Callable[[int, int], int]] = _reader(_I8, types.int64, "zext", "Number i of uint8, as int64.")
get_u16: Final[Callable[[int, int], int]] = _reader(
    _I16, types.int64, "zext", "Number i of uint16, as int64."
)
get_u32: Final[Callable[[int, int], int]] = _reader(
    _I32, types.int64, "zext", "Number i of uint32, as int64."
)
get_i32: Final[Callable[[int, int], int]] = _reader(_I32, types.int64, "sext", "Number i of int32, as int64.")
get_i64: Final[Callable[[int, int], int]] = _reader(_I64, types.int64, None, "Number i of int64.")
get_u64: Final[Callable[[int, int], np.uint64]] = _reader(_I64, types.uint64, None, "Number i of uint64.")

put_u8: Final = _writer(_I8, types.int64, True, "Set number i of uint8.")
put_u16: Final = _writer(_I16, types.int64, True, "Set number i of uint16.")
put_32: Final = _writer(_I32, types.int64, True, "Set number i of uint32 or int32.")
put_i64: Final = _writer(_I64, types.int64, False, "Set number i of int64.")
put_u64: Final = _writer(_I64, types.uint64, False, "Set number i of uint64.")
put_f64: Final = _writer(_DOUBLE, types.float64, False, "Set number i of float64.")


@_builtin
def byte(typing: Any, at: Any) -> Any:
    """The byte at an address, as int64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.zext(_load(builder, arguments[0], _I8), _I64)

    return types.int64(types.int64), generate


@_builtin
def word(typing: Any, at: Any) -> Any:
    """Eight bytes at an address, the first one lowest, as uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _load(builder, arguments[0], _I64)

    return types.uint64(types.int64), generate


@_builtin
def fetch_soon(typing: Any, at: Any) -> Any:
    """Tell the processor that the memory at an address will be read and written soon; any address will do."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer, number = _I8.as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        prefetch = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, kind, "llvm.prefetch.p0"
        )
        write, keep, data = (ir.Constant(number, value) for value in (1, 3, 1))
        builder.call(prefetch, [builder.inttoptr(arguments[0], pointer), write, keep, data])
        return context.get_dummy_value()

    return types.void(types.int64), generate


@_builtin
def lowest(typing: Any, bits: Any) -> Any:
    """The number of the lowest set bit (int64, not 0)."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), generate


@_builtin
def fold(typing: Any, a: Any, b: Any) -> Any:
    """The upper half of the 128-bit product of two uint64, xor the lower half: one step of a keyed hash."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        product = builder.mul(*(builder.zext(argument, _I128) for argument in arguments))
        upper = builder.trunc(builder.lshr(product, ir.Constant(_I128, 64)), _I64)
        return builder.xor(upper, builder.trunc(product, _I64))

    return types.uint64(types.uint64, types.uint64), generate


def _all(value: int) -> Any:
    return ir.Constant(_SIXTEEN, [value] * VECTOR)


def _mask(builder: Any, hits: Any) -> Any:
    return builder.zext(builder.bitcast(hits, _I16), _I64)


@_builtin
def not_plain(typing: Any, at: Any) -> Any:
    r"""Which of 16 bytes can't simply stand in a JSON string: `"`, `\`, below 32 or above 126 (bit i for byte i)."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = _load(builder, arguments[0], _SIXTEEN)
        shifted = builder.sub(data, _all(32))
        hits = builder.icmp_unsigned(">=", shifted, _all(127 - 32))
        for special in b'"\\':
            hits = builder.or_(hits, builder.icmp_unsigned("==", data, _all(special)))
        return _mask(builder, hits)

    return types.int64(types.int64), generate


@_builtin
def dots_and_ends(typing: Any, at: Any) -> Any:
    """Which of 16 bytes are dots (bits 0 to 15) and which neither digits nor dots (bits 16 to 31)."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = _load(builder, arguments[0], _SIXTEEN)
        dots = builder.icmp_unsigned("==", data, _all(ord(".")))
        digits = builder.icmp_unsigned("<", builder.sub(data, _all(ord("0"))), _all(10))
        ends = _mask(builder, builder.not_(builder.or_(dots, digits)))
        return builder.or_(_mask(builder, dots), builder.shl(ends, ir.Constant(_I64, VECTOR)))

    return types.int64(types.int64), generate


@inlined
def as_int(value: Any) -> int:
    """An int64: from another kind of number, or from a literal, each of which would get a kernel of its own."""
    return np.int64(value)  # type: ignore[return-value]


@inlined
def find(at: int, end: int, value: int) -> int:
    """The address of the first byte `value` in [at, end), or `end`."""
    if at >= end:
        return end
    found: int = _memchr(at, value, end - at)
    return found if found != 0 else end


@inlined
def tail_word(at: int, length: int, limit: int) -> np.uint64:
    """The first `length` (0 to 8) bytes at an address, the first one lowest, other bits zero."""
    if length <= 0:
        return np.uint64(0)
    if at + 8 <= limit:
        return word(at) & (np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(64 - 8 * length))  # type: ignore[no-any-return]
    value = np.uint64(0)
    for i in range(length):
        value |= np.uint64(byte(at + i)) << np.uint64(8 * i)
    return value


@inlined
def digest(at: int, end: int, limit: int, seed: np.uint64, secret: np.uint64) -> np.uint64:
    """A keyed 64-bit hash of the bytes [at, end).

    With both keys drawn at random per process nobody can construct a collision; by chance one new value meets any of
    the at most 2^15 kept ones once in 2^49. The harm would be a value counted under the other's topic.
    """
    value = seed ^ np.uint64(end - at)
    while end - at > 8:
        value = fold(value ^ word(at), secret)
        at += 8
    return fold(value ^ tail_word(at, end - at, limit), secret)  # type: ignore[no-any-return]


@inlined
def skip_blanks(at: int, end: int) -> int:
    """The address of the first byte in [at, end) that is neither space nor tab, or `end`."""
    while at < end and (byte(at) == 32 or byte(at) == 9):
        at += 1
    return at


@inlined
def line_end(at: int, newline: int) -> int:
    """Where the text of a line ends that begins at `at`: before its newline and any blanks or returns there."""
    while newline > at and (byte(newline - 1) == 13 or byte(newline - 1) == 32 or byte(newline - 1) == 9):
        newline -= 1
    return newline
