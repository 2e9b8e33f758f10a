"""The nginx of deploy/nginx.conf, run for real: the shipped file, with its names replaced."""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import trustme

from dynmap.testing import Server, free_port

SHIPPED = (Path(__file__).parents[2] / "deploy" / "nginx.conf").read_text(encoding="utf-8")
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
SERVERS = ("10.0.0.11:8080", "10.0.0.12:8080")
"""Those that the shipped file names."""

EVENT = '{"lat":52.5,"lon":13.4,"topic":"web.ok","n":3}\n'


class Front:
    """Runs while the context is open, in front of servers of the loopback interface; trusts as `tls`.

    `extra` is put into the `http` block: for what only a test needs.
    """

    def __init__(self, folder: Path, servers: Sequence[int], extra: str = "") -> None:
        self.folder = folder
        self.port, self.plain_port = free_port(), free_port()
        self.url = f"https://localhost:{self.port}"
        self.tls = ssl.create_default_context()
        authority = trustme.CA()
        authority.configure_trust(self.tls)
        self.authority = folder / "authority.pem"
        authority.cert_pem.write_to_path(self.authority)
        certificate = authority.issue_cert("localhost")
        for name, blobs in (
            ("fullchain.pem", certificate.cert_chain_pems),
            ("privkey.pem", [certificate.private_key_pem]),
        ):
            (folder / name).write_bytes(b"".join(blob.bytes() for blob in blobs))
        (folder / "nginx.conf").write_text(self._configuration(servers, extra))

    def _configuration(self, servers: Sequence[int], extra: str) -> str:
        text = re.sub(r"^.*listen \[::\].*\n", "", SHIPPED, flags=re.M)
        temporary = "".join(
            f"{kind}_temp_path {self.folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        names = {
            "user www-data;": "user root;" if os.geteuid() == 0 else "",
            "http {": f"http {{\n{temporary}{extra}",
            "/run/nginx.pid": f"{self.folder}/nginx.pid",
            "/var/log/nginx/": f"{self.folder}/",
            "/var/cache/nginx/": f"{self.folder}/",
            "/var/www/acme": f"{self.folder}/acme",
            "/etc/letsencrypt/live/map.example.com/": f"{self.folder}/",
            "map.example.com": "localhost",
            "listen 80;": f"listen 127.0.0.1:{self.plain_port};",
            "listen 443 ": f"listen 127.0.0.1:{self.port} ",
            **{name: f"127.0.0.1:{port}" for name, port in zip(SERVERS, servers, strict=True)},
        }
        for shipped, here in names.items():
            assert shipped in text, f"deploy/nginx.conf does not name {shipped} any more"
            text = text.replace(shipped, here)
        return text

    def _command(self, *arguments: str) -> list[str]:
        assert NGINX is not None
        return [
            NGINX,
            "-p",
            str(self.folder),
            "-c",
            str(self.folder / "nginx.conf"),
            "-e",
            "error.log",
            *arguments,
        ]

    def check(self) -> str:
        """What `nginx -t` says of the configuration."""
        done = subprocess.run(self._command("-t"), capture_output=True, text=True, timeout=20, check=False)
        return done.stderr

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command("-g", "daemon off;"))
        end = time.monotonic() + 10
        while not (self.folder / "nginx.pid").exists():
            assert self._process.poll() is None, self.errors()
            assert time.monotonic() < end, self.errors()
            time.sleep(0.02)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(10)

    def errors(self) -> str:
        """nginx' error log."""
        return (self.folder / "error.log").read_text()

    def requests(self) -> str:
        """nginx' access log."""
        return (self.folder / "dynmap.log").read_text()


def port(server: Server) -> int:
    return urlsplit(server.url).port or 0


def located(server: Server) -> int:
    count = server.stats()["events"]["located"]
    assert isinstance(count, int)
    return count


def post(server: Server, lines: str) -> None:
    """Straight to a server: each shows what it has taken in itself."""
    headers = {"Content-Type": "application/x-ndjson"}
    request = urllib.request.Request(f"{server.url}/api/events", lines.encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 202
