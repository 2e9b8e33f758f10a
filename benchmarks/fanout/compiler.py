"""The C programs of this folder, compiled when they are wanted."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

SOURCES = Path(__file__).parent


class NoCompilerError(RuntimeError):
    """There is no C compiler; the text is one line that says what to do."""


def compiled(name: str, folder: Path) -> Path:
    """The program made of `name`.c, in a folder.

    Raises NoCompilerError, and CalledProcessError when the source does not compile.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise NoCompilerError("the fan-out benchmarks need a C compiler, cc; on Debian: apt-get install gcc libc6-dev")
    program = folder / name
    subprocess.run([compiler, "-O2", "-o", str(program), str(SOURCES / f"{name}.c")], check=True)
    return program
