"""Sends a file over TCP to a port on loopback a number of times, as fast as it is taken. Run as a module."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

CHUNK = 1 << 20


def main(port: int, path: Path, repeat: int) -> None:
    """Sends `path` `repeat` times over one connection."""
    data = memoryview(path.read_bytes())
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for _ in range(repeat):
            for start in range(0, len(data), CHUNK):
                connection.sendall(data[start : start + CHUNK])


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
