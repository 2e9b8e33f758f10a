"""Compiled kernels are kept where they can be written, under the name of their sources."""

from __future__ import annotations

from pathlib import Path

import numba
import platformdirs
import pytest

from dynmap.pipeline import kernel_cache


def test_kernels_are_kept_by_their_sources() -> None:
    assert len(kernel_cache.fingerprint()) == 16
    assert kernel_cache.fingerprint() == kernel_cache.fingerprint()
    assert Path(numba.config.CACHE_DIR).is_dir()  # type: ignore[attr-defined]


def test_who_can_keep_nothing_gets_a_temporary_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / "file" / name)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert kernel_cache.directory().parent == tmp_path
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / name)
    assert kernel_cache.directory() == tmp_path / "dynmap" / "kernels" / kernel_cache.fingerprint()
