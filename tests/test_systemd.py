"""The units of deploy/systemd: well formed, tight, and wide enough for all that the processes do in them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values

from dispatch.database import PATIENCE_S
from dispatch.settings import CHECKOUT, Settings
from processes.serve import GRACE_S
from tests import footage
from tests.front import DEPLOY
from tests.jail import settings_of
from tests.people import People, eventually
from tests.pictures import jpeg
from tests.server import Server
from tests.servers import needs
from tests.stack import Stack
from tests.uploading import appended, created

UNITS = DEPLOY / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
# systemd's own measure, 0 (nothing is open) to 10, in tenths. Measured: 1.4 by systemd 252. A process with a network
# and files of its own cannot be much lower.
EXPOSURE = 15
LOGS_KEPT_DAYS = 190  # 网络安全法 23 (3): network logs, six months at least


@pytest.fixture(scope="session")
def analyze() -> str:
    return needs("DESK110_TEST_SYSTEMD_ANALYZE", "systemd-analyze")


@pytest.fixture
def root(tmp_path: Path, analyze: str) -> Path:
    """A machine's root with the units in it, the program that they start, and systemd's own units."""
    found = tmp_path / "root"
    own = next(
        path for path in (Path("/usr/lib/systemd/system"), Path("/lib/systemd/system")) if path.is_dir()
    )
    shutil.copytree(own, found / "usr" / "lib" / "systemd" / "system", symlinks=True)
    shutil.copytree(UNITS, found / "etc" / "systemd" / "system")
    program = found / "opt" / "desk110" / ".venv" / "bin" / "desk110"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n", encoding="ascii")
    program.chmod(0o755)
    return found


def said(*command: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_systemd_finds_nothing_to_complain_of_in_the_units(analyze: str, root: Path) -> None:
    names = ["desk110.target", "desk110-backup.timer", *(name.replace("@.", "@8110.") for name in SERVICES)]
    for name in names:
        done = said(analyze, "verify", f"--root={root}", "--man=no", name)
        ours = [line for line in done.stderr.splitlines() if "desk110" in line]
        assert not ours, done.stderr
    broken = root / "etc" / "systemd" / "system" / "desk110-worker.service"
    broken.write_text(broken.read_text(encoding="utf-8").replace("Restart=", "Restrat="), encoding="utf-8")
    assert "Restrat" in said(analyze, "verify", f"--root={root}", "--man=no", broken.name).stderr


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_leaves_little_open(analyze: str, root: Path, name: str) -> None:
    options = ["--offline=true", "--no-pager", f"--root={root}", f"--threshold={EXPOSURE}"]
    done = said(analyze, "security", *options, name)
    assert done.returncode == 0, done.stdout
    print(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", SERVICES)
def test_units_differ_in_nothing_but_what_they_run(name: str) -> None:
    """What is tight in one and forgotten in another is found here."""
    here, there = (settings_of(UNITS / one) for one in (name, "desk110-worker.service"))
    sandbox = set(there) - {"Description", "ExecStart", "PartOf", "After", "WantedBy", "Documentation"}
    backup = "backup" in name
    own = {
        "ReadWritePaths",
        *("Restart", "RestartSec", "KillMode", "OOMPolicy", "LimitNOFILE", "StartLimitIntervalSec"),
    }
    own |= {"Type", "TimeoutStartSec", "TimeoutStopSec"}
    for setting in sandbox - (own if backup else set()):
        values = [value for value in here.get(setting, []) if "_PORT=" not in value]
        assert values == there[setting], setting
    if not backup:
        assert here["Restart"] == ["always"]
        assert int(here["TimeoutStopSec"][0]) >= 2 * (GRACE_S + PATIENCE_S)


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_unit_writes_goes_to_the_journal_that_is_kept_for_half_a_year(name: str) -> None:
    (namespace,) = settings_of(UNITS / name)["LogNamespace"]
    journal = settings_of(DEPLOY / f"journald@{namespace}.conf")
    assert journal["Storage"] == ["persistent"]
    assert int(journal["MaxRetentionSec"][0].removesuffix("day")) >= LOGS_KEPT_DAYS
    assert journal["RateLimitIntervalSec"] == ["0"], "a line that is dropped is not kept"


def test_what_nginx_writes_is_kept_for_half_a_year() -> None:
    words = dict(
        re.findall(r"^\t(\w+) (\d+)$", (DEPLOY / "logrotate-nginx").read_text("utf-8"), re.MULTILINE)
    )
    assert int(words["rotate"]) >= LOGS_KEPT_DAYS
    assert int(words["maxage"]) >= LOGS_KEPT_DAYS


@pytest.fixture
def jailed(stack: Stack, analyze: str) -> Iterator[Stack]:
    """The stack, with a citizen process and a worker in their units' sandboxes, and no other ones."""
    if sys.platform != "linux":
        pytest.skip("not tested on this machine: seccomp")
    before, stack.citizens = stack.citizens, []
    citizen, worker = stack.add("citizen"), stack.another_worker()
    for server, unit in ((citizen, "desk110-citizen@.service"), (worker, "desk110-worker.service")):
        jail = [sys.executable, str(CHECKOUT / "tests" / "jail.py"), str(UNITS / unit), "--"]
        server.command = [*jail, *server.command]
    try:
        for app in before:
            app.stop()
        servers: list[Server] = [citizen, worker]
        for server in servers:
            server.start()
        yield stack
    finally:
        citizen.kill()
        worker.kill()
        stack.citizens = before


@pytest.mark.anyio
async def test_reports_and_photos_videos_and_voice_notes_are_taken_in_the_units_sandbox(
    jailed: Stack, people: People
) -> None:
    """Decoders bind themselves (setrlimit, setpriority, alarm), and need no memory to write and run."""
    phone = await people.reporter(jailed.citizens[0])
    await phone.listen()
    report = (await phone.filed("在单元的沙箱里"))["id"]
    for name, kind, content in (
        ("a.jpg", "image/jpeg", jpeg()),
        ("a.mp4", "video/mp4", footage.film(seconds=1)),
        ("a.webm", "audio/webm", footage.voice("libopus", "webm", seconds=1)),
    ):
        begun = await created(phone.http, report, len(content), filename=name, filetype=kind)
        assert begun.status_code == 201, begun.text
        assert (await appended(phone.http, begun.headers["location"], 0, content)).is_success

    async def states() -> list[str]:
        return [one["state"] for one in (await phone.report(report))["media"]]

    async def all_ready() -> bool:
        return await states() == ["ready"] * 3

    await eventually(all_ready, 60, "photo, video and voice note are developed")


def test_the_sandbox_of_the_test_holds(analyze: str) -> None:
    """Otherwise the test above shows nothing."""
    if sys.platform != "linux":
        pytest.skip("not tested on this machine: seccomp")
    tries = """
import ctypes, mmap, resource, socket
c = ctypes.CDLL(None, use_errno=True)
print(c.unshare(0x10000000), c.mount(b"a", b"/mnt", b"tmpfs", 0, None), c.ptrace(0, 0, 0, 0))
for what in (lambda: mmap.mmap(-1, 4096, prot=6), lambda: socket.socket(17, socket.SOCK_RAW)):
    try:
        print("open", what())
    except OSError as error:
        print(error.errno)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
print("end")
"""
    jail = [sys.executable, str(CHECKOUT / "tests" / "jail.py"), str(UNITS / "desk110-worker.service"), "--"]
    done = said(*jail, sys.executable, "-c", tries)
    assert done.stdout.split() == ["-1", "-1", "-1", "1", "97", "end"], done


def test_the_command_line_runs_as_the_units_do(tmp_path: Path) -> None:
    stub = tmp_path / "systemd-run"
    stub.write_text('#!/bin/sh\nfor one in "$@"; do printf "%s\\n" "$one"; done\n', encoding="ascii")
    stub.chmod(0o755)
    path = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "SUDO_USER": "zhang"}
    command = [str(DEPLOY / "desk110"), "account", "add", "33010601", "--generate"]
    done = subprocess.run(
        command, env=path, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    given = done.stdout.splitlines()
    assert given[-5:] == ["/opt/desk110/.venv/bin/desk110", *command[1:]]
    unit = settings_of(UNITS / "desk110-worker.service")
    for name in (
        "User",
        "Group",
        "UMask",
        "WorkingDirectory",
        "EnvironmentFile",
        "StateDirectory",
        "LoadCredential",
    ):
        for value in unit[name]:
            assert f"--property={name}={value}" in given
    assert f"--property=Environment={' '.join(unit['Environment'])}" in given
    assert "--setenv=LOGNAME=zhang" in given


def test_the_example_of_settings_is_fit_once_its_blanks_are_filled(tmp_path: Path) -> None:
    example = {name: value for name, value in dotenv_values(DEPLOY / "desk110.env").items() if value}
    assert example["DESK110_DEMO"] == "0"
    secret = tmp_path / "secret"
    secret.write_text("a-token-of-the-gateway-0001\na-secret-of-the-gateway-0001\n", encoding="ascii")
    filled = {
        **example,
        "DESK110_OPERATOR_NAME": "某市公安局",
        "DESK110_OPERATOR_CONTACT": "0571-12345678",
        "DESK110_SMS_URL": "https://sms.example.cn/send",
        "DESK110_SMS_SECRET_FILE": str(secret),
        "DESK110_VERIFIER_URL": "https://verifier.example.cn/verify",
        "DESK110_VERIFIER_SECRET_FILE": str(secret),
    }
    assert not Settings.model_validate(filled).sqlite
    known = {str(field.validation_alias.choices[0]) for field in Settings.model_fields.values()}  # type: ignore[union-attr]  # all are AliasChoices
    names = set(
        re.findall(r"^#? ?([A-Z0-9_]+)=", (DEPLOY / "desk110.env").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert names <= known
