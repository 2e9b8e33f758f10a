"""What all tests share: `--no-skips`, and an environment without settings of whoever runs them."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# Tests run on shared cores, beside servers of their own: how long one example took says nothing.
settings.register_profile("dynmap", deadline=None)
settings.load_profile("dynmap")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--no-skips`: for where everything that tests need is installed, so that a skip hides a test."""
    parser.addoption("--no-skips", action="store_true", help="fail when any test is skipped, and name it")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turns a run with skips into a failure."""
    if _skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Names the skipped tests above pytest's own summary line."""
    skipped = _skipped(terminalreporter.config)
    if skipped:
        terminalreporter.section("skipped, which --no-skips forbids", red=True)
        for report in skipped:
            terminalreporter.write_line(f"{report.nodeid}: {report.longrepr[-1]}")  # type: ignore[index]


def _skipped(config: pytest.Config) -> list[pytest.TestReport]:
    if not config.getoption("--no-skips"):
        return []
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    return list(terminal.stats.get("skipped", ())) if terminal is not None else []


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("DYNMAP_"):
            monkeypatch.delenv(name)
