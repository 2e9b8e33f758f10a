"""The supervisor: ports, the life of its two processes, and how it stops. All with the real processes."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.error import HTTPError

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynmap import lifeline, listening
from dynmap.app import Listeners, check_files, check_reach
from dynmap.children import Backoff, Ended
from dynmap.config import MapSettings, Settings, SourceSettings
from dynmap.errors import StartupError
from dynmap.testing import Server, ServerError, run_server

MEGABYTE = 1 << 20


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def child(server: Server, role: str) -> psutil.Process:
    [found] = [
        process for process in psutil.Process(server.pid).children() if f"_{role}" in process.cmdline()
    ]
    return found


def is_ready(server: Server) -> bool:
    try:
        return bool(server.stats()["ingest"]["state"] == "ready")
    except OSError:
        return False


def located(server: Server) -> int:
    count = server.stats()["events"]["located"]
    assert isinstance(count, int)
    return count


def detail_of(server: Server, kind: str) -> str:
    [source] = [source for source in server.stats()["sources"] if source["kind"] == kind]
    return str(source["detail"])


def send(server: Server, lines: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.tcp_port)) as connection:
        connection.sendall(lines)


# --- ports and files


def test_a_port_in_use_is_one_line_that_names_port_and_flag(busy_port: int) -> None:
    with pytest.raises(StartupError) as caught:
        listening.listen("127.0.0.1", busy_port, "--port", "another one: --port 1234")
    assert str(caught.value) == (
        f"--port 127.0.0.1:{busy_port}: port {busy_port} is in use by another program (another one: --port 1234)"
    )


@pytest.mark.parametrize(
    ("host", "what"),
    [
        ("no-such-host.invalid", 'there is no host "no-such-host.invalid"'),
        ("192.0.2.1", "192.0.2.1 is not an address of this machine (0.0.0.0 stands for all of them)"),
        ("a" * 300, "there is no host"),
    ],
)
def test_a_host_that_cant_be_listened_at(host: str, what: str) -> None:
    with pytest.raises(StartupError) as caught:
        listening.listen(host, 0, "--host", "")
    assert what in str(caught.value)


@pytest.mark.parametrize(
    ("port", "hint"), [(80, "ports below 1024 need root or CAP_NET_BIND_SERVICE"), (8080, "another one")]
)
def test_a_port_that_is_not_allowed(port: int, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(StartupError) as caught:
        listening.listen("127.0.0.1", port, "--port", "another one")
    assert f"not allowed to listen on port {port} ({hint})" in str(caught.value)


def test_all_addresses_are_reached_through_loopback() -> None:
    with listening.listen("0.0.0.0", 0, "--host", "") as listener:
        host, port = listening.reachable(listener)
        assert host == "127.0.0.1"
        socket.create_connection((host, port)).close()


def test_listeners_are_named_after_their_sources_and_closed_with_the_rest() -> None:
    sources = [SourceSettings(kind="tcp", name=name, address="127.0.0.1:0") for name in ("a", "b")]
    settings = Settings.model_validate({"serve": {"port": 0}, "source": sources})
    with ExitStack() as stack:
        listeners = Listeners.bound(settings, stack)
        assert set(listeners.addresses) == {"a", "b"}
        assert listeners.url.startswith("http://127.0.0.1:")
    assert listeners.http.fileno() == -1
    assert all(listener.fileno() == -1 for listener in listeners.tcp.values())


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost", "no-such-host.invalid"])
def test_this_machine_may_reach_what_it_likes(host: str) -> None:
    assert listening.is_of_this_machine(host)
    check_reach(Settings.model_validate({"serve": {"host": host}}))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
@pytest.mark.parametrize(
    ("auth", "fine"),
    [
        ({}, False),
        ({"ingest_tokens": "an-ingest-token-of-a-log-shipper"}, False),
        ({"origins": ["https://map.example.com"]}, False),
        ({"open": True}, True),
        ({"secret": "a secret of at least 32 bytes, as HS256 wants it"}, True),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_others_may_only_where_somebody_said_so(host: str, auth: dict[str, object], fine: bool) -> None:
    settings = Settings.model_validate({"serve": {"host": host}, "auth": auth})
    if fine:
        check_reach(settings)
        return
    with pytest.raises(StartupError) as caught, ExitStack() as stack:
        Listeners.bound(settings, stack)
    assert str(caught.value) == (
        f"--host {host}: others than this machine could see the map (give viewers tokens: [auth] secret, see "
        "docs/access.md; or everybody may see it: --open)"
    )


def test_others_may_send_lines_only_where_somebody_said_who() -> None:
    def listening_at(address: str, *allow: str) -> Settings:
        source = {"kind": "tcp", "name": "x", "address": address, "allow": list(allow)}
        return Settings.model_validate({"source": [source]})

    check_reach(listening_at("127.0.0.1:4242"))
    check_reach(listening_at("0.0.0.0:4242", "10.0.0.0/8"))
    with pytest.raises(StartupError) as caught:
        check_reach(listening_at("0.0.0.0:4242"))
    assert str(caught.value) == (
        "--tcp 0.0.0.0:4242: others than this machine could send lines (say who may: --allow 10.0.0.0/8, or "
        "allow = [...] in its [[source]] table)"
    )


def test_files_are_looked_at_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"--geo .*missing\.mmdb: there is no such file"):
        check_files(Settings(geo=tmp_path / "missing.mmdb"))
    with pytest.raises(StartupError, match=r"--basemap .*no\.pmtiles: there is no such file \(a URL"):
        check_files(Settings(map=MapSettings(basemap=str(tmp_path / "no.pmtiles"))))
    with pytest.raises(StartupError, match=r"--basemap .*: is a directory, but must be a PMTiles file"):
        check_files(Settings(map=MapSettings(basemap=str(tmp_path))))
    (tmp_path / "text.pmtiles").write_text("not one")
    with pytest.raises(StartupError, match=r"--basemap .*text\.pmtiles: is no PMTiles file \(of version 3\)"):
        check_files(Settings(map=MapSettings(basemap=str(tmp_path / "text.pmtiles"))))
    (tmp_path / "text.mmdb").write_text("not a database")
    with pytest.raises(StartupError, match=r"--geo .*text\.mmdb: is not an MMDB database"):
        check_files(Settings(geo=tmp_path / "text.mmdb"))
    (tmp_path / "damaged.mmdb").write_bytes(b"\xab\xcd\xefMaxMind.com" + b"\xff" * 100)
    with pytest.raises(StartupError, match=r"--geo .*damaged\.mmdb: is not an MMDB database"):
        check_files(Settings(geo=tmp_path / "damaged.mmdb"))
    with pytest.raises(StartupError, match=r"--geo .*: is no location table: table\.json is missing"):
        check_files(Settings(geo=tmp_path))
    tail = SourceSettings(kind="tail", name="x", path=tmp_path)
    with pytest.raises(StartupError, match=r"--tail .*: is a directory, but must be a file"):
        check_files(Settings(source=[tail]))
    check_files(Settings(source=[tail.model_copy(update={"path": tmp_path / "not-there-yet.log"})]))


# --- when to start again


@given(st.integers(0, 100), st.floats(0, 0.999))
def test_pauses_double_up_to_a_bound_and_have_jitter(failures: int, chance: float) -> None:
    delay = Backoff(failures, lambda: chance).delay(ran_seconds=1.0)
    plain = min(30.0, 0.5 * 2**failures)
    assert plain * 0.5 <= delay < plain * 1.5


def test_a_steady_minute_is_a_new_start() -> None:
    backoff = Backoff(random=lambda: 0.5)
    assert [backoff.delay(1.0) for _ in range(4)] == [0.5, 1.0, 2.0, 4.0]
    assert backoff.delay(61.0) == 0.5


def test_how_a_process_ended_is_said_in_words() -> None:
    assert Ended(1, "", 0.0).how == "ended with exit code 1"
    assert Ended(-9, "", 0.0).how == "was killed by SIGKILL"
    assert [Ended(code, "", 0.0).clean for code in (0, -15, 1, 2, -9)] == [True, False, False, False, False]


# --- the two processes


def test_from_start_to_stop(tmp_path: Path) -> None:
    """It serves the page, takes a line in, stays small, stops cleanly, and leaves neither process nor file."""
    with run_server("--tcp", "127.0.0.1:0", env={"TMPDIR": str(tmp_path)}) as server:
        children = psutil.Process(server.pid).children()
        assert len(children) == 2
        [folder] = tmp_path.glob("dynmap-*")
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "settings.json").stat().st_mode & 0o777 == 0o600
        assert f"DynMap is at {server.url}" in server.log()
        assert f"127.0.0.1:{server.tcp_port}" in server.log()
        send(server, b"83.149.9.216\n66.249.73.135\n")
        assert server.wait_until(lambda: located(server) == 2)
        assert psutil.Process(server.pid).memory_info().rss < 48 * MEGABYTE
        assert server.stop() == 0
    assert not psutil.wait_procs(children, 5)[1]
    assert not list(tmp_path.glob("dynmap-*"))


@pytest.mark.parametrize(
    ("role", "name"), [("ingest", "the ingest process"), ("serve", "the serving process")]
)
def test_a_killed_process_is_said_and_healed(role: str, name: str) -> None:
    with run_server("--tcp", "127.0.0.1:0,format=ip") as server:
        first = child(server, role)
        first.kill()
        assert server.wait_until(lambda: f"{name} was killed by SIGKILL; restarting it" in server.log())
        assert server.wait_until(lambda: len(psutil.Process(server.pid).children()) == 2)
        assert server.wait_until(lambda: is_ready(server)), server.log()
        assert child(server, role).pid != first.pid
        send(server, b"83.149.9.216\n")
        assert server.wait_until(lambda: located(server) == 1), server.stats()
        assert server.stop() == 0


def test_with_tokens_it_starts_shows_and_stops_as_ever(tmp_path: Path) -> None:
    """The supervisor itself needs none; whoever else does, has one made by `dynmap token`."""
    (tmp_path / "secret").write_text("a secret of at least 32 bytes, as HS256 wants it\n")
    auth = {
        "DYNMAP_AUTH__SECRET": f"@{tmp_path}/secret",
        "DYNMAP_AUTH__INGEST_TOKENS": "an-ingest-token-of-a-shipper",
    }
    made = subprocess.run(
        [sys.executable, "-m", "dynmap", "token", "--topics", ">", "--expires", "1h"],
        env=os.environ | auth, cwd=tmp_path, check=True, capture_output=True, text=True,
    )  # fmt: skip
    arguments = ("--host", "0.0.0.0", "--tcp", "0.0.0.0:0,format=ip", "--allow", "192.0.2.0/24")
    with run_server(*arguments, env=auth) as server:
        assert "may see the map: who has a viewer token (dynmap token makes them)" in server.log()
        assert "may post events: who has an ingest token" in server.log()
        with pytest.raises(HTTPError, match="401"):
            server.stats()
        send(server, b"83.149.9.216\n")
        token = made.stdout.strip()
        assert server.wait_until(lambda: server.get("/api/stats", token)["events"]["located"] == 1)
        for process in (psutil.Process(server.pid), *psutil.Process(server.pid).children()):
            assert "a secret" not in " ".join(process.cmdline())
        assert "a secret" not in server.log()
        assert server.stop() == 0


def test_a_key_that_cant_be_used_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    pem = "-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----"
    with pytest.raises(ServerError) as caught, run_server(env={"DYNMAP_AUTH__PUBLIC_KEY": pem}):
        pass
    assert "ended with exit code 2" in str(caught.value)
    assert "dynmap: auth.public_key: is damaged" in str(caught.value).rstrip().splitlines()[-1]


def test_no_process_outlives_the_supervisor() -> None:
    with run_server() as server:
        children = psutil.Process(server.pid).children()
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        assert not psutil.wait_procs(children, 10)[1]


def test_a_second_signal_ends_all_at_once() -> None:
    with run_server() as server:
        children = psutil.Process(server.pid).children()
        stuck = child(server, "ingest")
        stuck.suspend()
        os.kill(server.pid, signal.SIGTERM)
        time.sleep(0.3)
        started = time.monotonic()
        assert server.stop(signal.SIGINT) == 1
        assert time.monotonic() - started < 5
        assert not psutil.wait_procs(children, 5)[1]


@pytest.mark.parametrize("number", lifeline.UNHEARD)
def test_a_signal_to_all_processes_stops_them_in_order(number: signal.Signals) -> None:
    """A terminal or a service manager sends it to all; only the supervisor listens, and what came in is processed."""
    with run_server("--tcp", "127.0.0.1:0") as server:
        for process in [*psutil.Process(server.pid).children(), psutil.Process(server.pid)]:
            process.send_signal(number)
        assert server.wait() == 0
        assert "Traceback" not in server.log()


def test_commands_hear_signals_and_know_no_secrets(tmp_path: Path) -> None:
    """Of what the processes are deaf to and are told in private, the commands that they run inherit nothing."""
    told = tmp_path / "told"
    command = f"printenv > {told}; kill -TERM $$; echo deaf >> {told}; sleep 60"
    secrets = {"DYNMAP_AUTH__INGEST_TOKENS": "0123456789abcdef", "ELSE": "known"}
    with run_server("--exec", command, env=secrets) as server:
        assert server.wait_until(lambda: "was killed by SIGTERM" in detail_of(server, "exec")), server.stats()
        assert "deaf" not in told.read_text()
        assert "ELSE=known" in told.read_text()
        assert "DYNMAP_AUTH" not in told.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("children", [0, 1, 2])
def test_a_stop_while_it_starts_is_a_clean_end(number: signal.Signals, children: int, tmp_path: Path) -> None:
    """From when it listens to signals on: before it has any process, and while these only begin to import."""
    command = [sys.executable, "-m", "dynmap", "serve", "--port", "0", "--no-tcp"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        supervisor = psutil.Process(process.pid)
        while not (catches_sigterm(process.pid) and len(supervisor.children()) >= children):
            assert process.poll() is None
        for each in [*supervisor.children(), supervisor]:
            each.send_signal(number)
        said = process.communicate(timeout=30)[0].decode()
    assert process.returncode == 0, said
    assert "Traceback" not in said


def catches_sigterm(pid: int) -> bool:
    [caught] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "SigCgt" in line]
    return bool(int(caught.split()[1], 16) & 1 << (signal.SIGTERM - 1))


def test_a_corrupt_database_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    broken = tmp_path / "city.mmdb"
    broken.write_bytes(b"\0" * 100_000 + b"\xab\xcd\xefMaxMind.com" + b"\xff" * 100)
    with pytest.raises(ServerError) as caught, run_server("--geo", str(broken)):
        pass
    assert "ended with exit code 2" in str(caught.value)
    last = str(caught.value).rstrip().splitlines()[-1]
    assert last.startswith("dynmap: ")
    assert "city.mmdb" in last
    assert "Traceback" not in str(caught.value)
