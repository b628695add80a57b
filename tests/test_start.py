"""The start: unfit settings are refused in a sentence, `up` brings everything and takes everything with it."""

import http.client
import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from processes.tether import BARE_PYTHON
from tests.servers import LOOPBACK, Server, free_port, gone, make_home, until, valkey

ROOT = Path(__file__).resolve().parent.parent
CLI = [sys.executable, str(ROOT / "cli.py")]
PARTS = ("valkey", "worker", "citizen", "console")
# What the machine that tests has set must not decide.
SETTINGS = re.compile(r"DESK110_(?!TEST_)|DATABASE_URL$|REDIS_URL$")


def environment(home: Path, **settings: str) -> dict[str, str]:
    """The environment of one start with `settings` alone, its home in `home` and ports of its own."""
    kept = {name: value for name, value in os.environ.items() if not SETTINGS.match(name)}
    own = {
        "DESK110_ENV_FILE": "",
        "DESK110_HOME": str(home),
        "DESK110_CITIZEN_PORT": str(free_port()),
        "DESK110_CONSOLE_PORT": str(free_port()),
    }
    return kept | own | settings


class Start(Server):
    """`desk110 up` in a home of its own."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = make_home(home)
        self.settings = environment(home, **settings)
        self.ports = [int(self.settings[f"DESK110_{name}_PORT"]) for name in ("CITIZEN", "CONSOLE")]
        super().__init__([*CLI, "up"], home / "up.log", environment=self.settings)

    def ready(self) -> bool:
        return self.running and "Ctrl-C" in self.output(200)

    def parts(self) -> dict[str, int]:
        """The pid of each process that it started, by name."""
        table = subprocess.run(
            ["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        ).stdout
        found = {}
        for line in table.splitlines():
            pid, parent, arguments = line.split(maxsplit=2)
            if int(parent) == self.pid and "defunct" not in arguments:
                name = next(
                    (
                        name
                        for name in PARTS
                        if f"{name}-server" in arguments or arguments.endswith(f" {name}")
                    ),
                    "",
                )
                found[name] = int(pid)
        return found


def answers(port: int) -> bool:
    """Whether /readyz is 200 there."""
    line = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        line.request("GET", "/readyz")
        return line.getresponse().status == 200
    except OSError:
        return False
    finally:
        line.close()


def said(*arguments: str, env: dict[str, str]) -> tuple[int, str]:
    """Exit status and output of a command that is to end by itself."""
    done = subprocess.run(
        [*CLI, *arguments],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    server = Start(tmp_path / "a home 家")
    server.start(60)
    yield server
    server.kill()


@pytest.mark.parametrize(
    ("setting", "value", "name"),
    [
        ("DATABASE_URL", "mysql://localhost/desk", "DATABASE_URL"),
        ("REDIS_URL", "http://localhost", "REDIS_URL"),
        ("DESK110_CITIZEN_PORT", "seventy", "DESK110_CITIZEN_PORT"),
        ("DESK110_CONSOLE_PORT", "70000", "DESK110_CONSOLE_PORT"),
        ("DESK110_LIMITS", "some", "DESK110_LIMITS"),
        ("DESK110_HOST", "0.0.0.0", "DESK110_DEMO_PUBLIC"),  # noqa: S104 - it is refused
        ("DESK110_DEMO", "0", "DESK110_SMS_URL"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_in_a_sentence_that_names_it(
    tmp_path: Path, setting: str, value: str, name: str
) -> None:
    status, output = said("up", env=environment(tmp_path, **{setting: value}))
    assert status == 2
    assert name in output
    assert "Traceback" not in output


@pytest.mark.parametrize("command", ["setup", "citizen", "console", "worker"])
def test_each_process_refuses_unfit_settings_by_itself(tmp_path: Path, command: str) -> None:
    status, output = said(
        command, env=environment(tmp_path, DESK110_DEMO="1", DATABASE_URL="mysql://localhost/desk")
    )
    assert status == 2
    assert "DATABASE_URL" in output
    assert "Traceback" not in output


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql://desk110:secret@{LOOPBACK}:{free_port()}/desk110"
    status, output = said("up", env=environment(tmp_path, DATABASE_URL=url))
    assert status == 2
    assert "DATABASE_URL" in output
    assert "secret" not in output
    assert "Traceback" not in output


def test_two_apps_on_one_port_are_refused(tmp_path: Path) -> None:
    status, output = said(
        "up", env=environment(tmp_path, DESK110_CITIZEN_PORT="8110", DESK110_CONSOLE_PORT="8110")
    )
    assert status == 2
    assert "DESK110_CONSOLE_PORT" in output
    assert "Traceback" not in output


@pytest.mark.parametrize("app", ["CITIZEN", "CONSOLE"])
def test_a_taken_port_is_named_with_the_setting_that_changes_it(tmp_path: Path, app: str) -> None:
    with socket.create_server((LOOPBACK, 0)) as other:
        port = str(other.getsockname()[1])
        status, output = said("up", env=environment(tmp_path, **{f"DESK110_{app}_PORT": port}))
    assert status == 2
    assert port in output
    assert f"DESK110_{app}_PORT" in output
    assert "Traceback" not in output


def test_up_is_ready_and_says_where_and_sigterm_leaves_nothing(start: Start) -> None:
    parts = start.parts()
    assert set(parts) == set(PARTS)
    assert all(answers(port) for port in start.ports)
    text = start.output(200)
    assert all(f"http://{LOOPBACK}:{port}" in text for port in start.ports)
    assert "desk110-demo" in text
    assert start.stop(signal.SIGTERM, within_s=10) == 0
    assert all(gone(pid) for pid in parts.values())
    assert not any(answers(port) for port in start.ports)


def test_ctrl_c_with_an_open_connection_stops_within_seconds_and_leaves_nothing(start: Start) -> None:
    parts = start.parts()
    with socket.create_connection((LOOPBACK, start.ports[0])):
        assert start.stop(signal.SIGINT, within_s=10) == 0
    assert all(gone(pid) for pid in parts.values())


def test_sigkill_of_up_takes_all_that_it_started(start: Start) -> None:
    parts = start.parts()
    assert set(parts) == set(PARTS)
    os.kill(start.pid, signal.SIGKILL)
    until(lambda: all(gone(pid) for pid in parts.values()), 5, "all parts are gone")
    start.kill()
    start.log.unlink()
    start.start(60)  # and what was left lying does not stand in the way
    assert all(answers(port) for port in start.ports)


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_dies_is_started_again(start: Start, name: str) -> None:
    pid = start.parts()[name]
    os.kill(pid, signal.SIGKILL)
    until(lambda: start.parts().get(name, pid) != pid, 15, f"{name} runs again")
    until(lambda: all(answers(port) for port in start.ports), 15, "both are ready again")
    assert f"{name} was ended by SIGKILL" in start.output(200)


def test_a_second_up_says_that_one_is_running(start: Start) -> None:
    status, output = said("up", env=start.settings)
    assert status == 2
    assert str(start.pid) in output
    assert "Traceback" not in output
    assert all(answers(port) for port in start.ports)


def test_a_redis_of_ones_own_is_used_and_none_is_started(tmp_path: Path) -> None:
    with valkey() as own:
        server = Start(tmp_path, REDIS_URL=own.url)
        try:
            server.start(60)
            assert set(server.parts()) == set(PARTS) - {"valkey"}
            assert server.stop() == 0
        finally:
            server.kill()
        assert own.running


def test_a_home_too_deep_for_a_socket_works(tmp_path: Path) -> None:
    server = Start(tmp_path / "/".join(["a-folder-of-thirty-characters-"] * 4))
    try:
        server.start(60)
        assert set(server.parts()) == set(PARTS)
        assert server.stop() == 0
    finally:
        server.kill()


def test_a_head_without_end_is_cut_off(start: Start) -> None:
    with socket.create_connection((LOOPBACK, start.ports[0]), timeout=10) as line:
        line.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\nx: ")
        answer = b""
        for _ in range(1_000):
            try:
                line.sendall(b"a" * 1_024)
            except ConnectionError:
                break
            if select.select([line], [], [], 0.001)[0]:
                answer = line.recv(1_024)
                break
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answers(start.ports[0])


def test_where_the_kernel_does_not_tell_a_watcher_ends_the_orphan() -> None:
    tether = str(ROOT / "processes" / "tether.py")
    sleep = [*BARE_PYTHON, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(sleep) as parent, subprocess.Popen(sleep) as child:
        watcher = subprocess.Popen([*BARE_PYTHON, tether, "watch", str(parent.pid), str(child.pid), "9"])
        parent.kill()
        parent.wait()
        assert child.wait(5) == -signal.SIGKILL
        assert watcher.wait(5) == 0
