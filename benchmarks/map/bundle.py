"""Builds the page that measures: our layer from its sources, beside deck.gl."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

PAGE = Path(__file__).parent / "page"
WEB = Path(__file__).parents[2] / "web"
VITE = WEB / "node_modules" / "vite" / "bin" / "vite.js"


class BundleError(RuntimeError):
    """The page can't be built here; the text is one line that says what it needs."""


def build(folder: Path) -> None:
    """Builds the page into a folder, with its packages installed if they are not. Raises BundleError."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise BundleError("needs Node 20.19 or newer, and npm")
    if not VITE.exists():
        raise BundleError("needs the page's packages: run `make setup`")
    if not (PAGE / "node_modules").exists():
        _run([npm, "ci", "--no-audit", "--no-fund", "--silent"], "npm ci")
    _run([node, str(VITE), "build", "--outDir", str(folder), "--logLevel", "error"], "vite build")


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(command, cwd=PAGE, check=False, capture_output=True, text=True)
    if done.returncode:
        raise BundleError(f"{what} failed in {PAGE}: {done.stderr.strip()[-500:]}")
