"""The limit: receives bytes over TCP and does nothing but count newlines. Run as a module.

Prints the port it listens on, then, when the sender is done, the count and the CPU seconds spent.
"""

from __future__ import annotations

import socket
import time


def main() -> None:
    """Serves one connection on loopback."""
    buffer = bytearray(1 << 20)
    view = memoryview(buffer)
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        connection, _ = server.accept()
        with connection:
            before, lines = time.process_time(), 0
            while received := connection.recv_into(view):
                lines += buffer.count(b"\n", 0, received)
            print(lines, time.process_time() - before, flush=True)


if __name__ == "__main__":
    main()
