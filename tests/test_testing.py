"""`dynmap.testing`, which other projects' tests build on."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import psutil
import pytest

from dynmap.testing import Server, ServerError, free_port, run_server


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "some.log"
    path.write_text("83.149.9.216\n66.249.73.135\n10.0.0.1\n?\n")
    return path


def received(server: Server) -> int:
    count = server.stats()["events"]["received"]
    assert isinstance(count, int)
    return count


def test_several_servers_at_once_on_ports_of_their_own(log: Path) -> None:
    with (
        run_server("--tcp", "127.0.0.1:0,name=a", "--tcp", "127.0.0.1:0,name=b") as first,
        log.open("rb") as lines,
        run_server("--stdin", "format=ip,name=in", stdin=lines) as second,
    ):
        assert first.url != second.url
        assert set(first.tcp_ports) == {"a", "b"}
        assert second.tcp_ports == {}
        assert second.wait_until(lambda: received(second) == 4)
        events = second.stats()["events"]
        assert (events["located"], events["unlocated"], events["rejected"]) == (2, 1, 1)
        assert urllib.request.urlopen(first.url, timeout=10).status == 200
        assert not first.wait_until(lambda: False, 0.1)
        both = [psutil.Process(server.pid) for server in (first, second)]
        processes = [*both, *(child for process in both for child in process.children(recursive=True))]
        assert len(processes) == 6
    assert not psutil.wait_procs(processes, 5)[1]


def test_settings_come_from_arguments_and_env_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNMAP_SERVE__PORT", "not a port")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dynmap.toml").write_text("nonsense = true")
    port = free_port()
    with run_server("--no-tcp", command="demo", env={"DYNMAP_RING_SECONDS": "60"}) as server:
        assert str(port) not in server.url
        assert server.wait_until(lambda: received(server) > 100)
        assert server.stop() == 0


def test_what_a_server_wrote_is_in_the_error() -> None:
    with (
        pytest.raises(ServerError, match="ended with exit code 2") as caught,
        run_server("--precision", "99"),
    ):
        pass
    assert "--precision: should be less than or equal to 24" in str(caught.value)
