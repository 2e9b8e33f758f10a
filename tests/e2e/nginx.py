"""A real nginx with a prefix and a port of its own."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_CONFIG = """
daemon off; master_process on; worker_processes 1; pid nginx.pid; error_log error.log;
{user}
events {{ worker_connections 64; }}
http {{
  access_log access.log combined;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  server {{
    listen 127.0.0.1:{port};
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Forwarded-For;
    location / {{ return 204; }}
  }}
}}
"""


class Nginx:
    """Runs while the context is open; `get` makes a request as if from an address."""

    def __init__(self, prefix: Path, port: int) -> None:
        self.prefix, self.port = prefix, port
        self.log = prefix / "access.log"
        self.requests = 0
        self._rotations = 0

    def __enter__(self) -> Self:
        self.prefix.mkdir(parents=True)
        user = "user root;" if os.geteuid() == 0 else ""
        (self.prefix / "nginx.conf").write_text(_CONFIG.format(port=self.port, user=user))
        binary = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        assert binary is not None
        self._process = subprocess.Popen(
            [binary, "-p", str(self.prefix), "-e", "error.log", "-c", "nginx.conf"]
        )
        end = time.monotonic() + 10
        while not (self.prefix / "nginx.pid").exists() or not self.log.exists():
            assert time.monotonic() < end, (self.prefix / "error.log").read_text()
            time.sleep(0.02)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(10)

    def get(self, address: str, path: str = "/") -> None:
        """One request that nginx logs as coming from `address`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path, headers={"X-Forwarded-For": address})
            assert connection.getresponse().status == 204
        finally:
            connection.close()
        self.requests += 1

    def rotate_by_rename(self) -> None:
        """What logrotate does by default: rename, then tell nginx to open its log anew."""
        self.log.rename(self._rotated())
        self._process.send_signal(signal.SIGUSR1)

    def rotate_by_copytruncate(self) -> None:
        """What logrotate does with `copytruncate`."""
        shutil.copy2(self.log, self._rotated())
        os.truncate(self.log, 0)

    def _rotated(self) -> Path:
        self._rotations += 1
        return self.prefix / f"access.log.{self._rotations}"

    def lines(self) -> int:
        """Lines in all of its logs, rotated ones included."""
        return sum(path.read_bytes().count(b"\n") for path in self.prefix.glob("access.log*"))
