"""Build hook: builds the map (needs Node) and the location table where they are missing.

Skipped for editable installs, which `make` prepares, and where both are there already, as in an sdist.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MAP = Path("src/dynmap/static/index.html")
TABLE = Path("src/dynmap/geo/data")
TABLE_NEEDS = ["maxminddb>=3.0", "numpy>=2.2"]
"""What building the table imports."""


class MapAndTable(BuildHookInterface[Any]):
    """Sees to it that no sdist or wheel leaves without the map and the location table."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the build environment needs on top of hatchling: only what building a missing table imports."""
        return [] if self._has_table() else TABLE_NEEDS

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Builds what is missing. Raises RuntimeError when npm is needed and not there, or a build fails."""
        if version == "editable":
            return
        if not (self._root / MAP).is_file():
            self._npm("web", "run", "build")
        if not self._has_table():
            self._npm("location")
            self._run([sys.executable, "-m", "dynmap.geo.build"], self._root)

    @property
    def _root(self) -> Path:
        return Path(self.root)

    def _has_table(self) -> bool:
        return any((self._root / TABLE).glob("location-*.zip"))

    def _npm(self, folder: str, *then: str) -> None:
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(
                f"building {folder}/ needs Node 20 or newer with npm; an sdist or a wheel holds it ready built"
            )
        self._run([npm, "ci", "--no-audit", "--no-fund"], self._root / folder)
        if then:
            self._run([npm, *then], self._root / folder)

    def _run(self, command: list[str], where: Path) -> None:
        self.app.display_info(f"{where.name}: {' '.join(command)}")
        paths = os.pathsep.join(filter(None, [str(self._root / "src"), os.environ.get("PYTHONPATH")]))
        done = subprocess.run(command, cwd=where, env=os.environ | {"PYTHONPATH": paths}, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} in {where} failed with exit code {done.returncode}")
