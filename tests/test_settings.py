"""Settings that make no sense stop the start: with a sentence that names the setting, never with its value."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dispatch.errors import Unfit
from dispatch.settings import CHECKOUT, Settings

# Every value that is wrong below has it in it, and no sentence may.
SECRET = "hunter2"
DEMO = {"DESK110_DEMO": "1", "DESK110_LIMITS": "demo"}
REFUSED = 2


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting but what the test gives, and no `.env` of the checkout."""
    for name in list(os.environ):
        if name.startswith("DESK110_") or name in {"DATABASE_URL", "REDIS_URL"}:
            monkeypatch.delenv(name)
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    monkeypatch.setenv("DESK110_HOME", str(tmp_path))


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    """What a gateway is called with."""
    path = tmp_path / "secrets"
    path.write_text("a-token-of-some-length\na-signing-secret-of-some-length\n")
    return path


@pytest.fixture
def production(secret_file: Path) -> dict[str, str]:
    """Settings of an installation that serves people."""
    return {
        "DATABASE_URL": "postgresql://desk110@db.internal/desk110",
        "REDIS_URL": "rediss://redis.internal:6379/0",
        "DESK110_HOST": "10.0.0.5",
        "DESK110_CITIZEN_ORIGIN": "https://110.example.cn",
        "DESK110_CONSOLE_ORIGIN": "https://console.police.example:8443",
        "DESK110_TRUSTED_PROXIES": "10.0.0.1, 10.1.0.0/24, fd00::/8",
        "DESK110_OPERATOR_NAME": "某省公安厅",
        "DESK110_OPERATOR_CONTACT": "0571-12345678",
        "DESK110_SMS_URL": "https://sms.example.cn/v1/messages?tenant=110",
        "DESK110_SMS_SECRET_FILE": str(secret_file),
        "DESK110_VERIFIER_URL": "https://verifier.example.cn/v1",
        "DESK110_VERIFIER_SECRET_FILE": str(secret_file),
    }


def load(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> Settings:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return Settings.load()


def sentence(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> str:
    """What the start is refused with."""
    with pytest.raises(Unfit) as unfit:
        load(monkeypatch, settings)
    return str(unfit.value)


NONSENSE = [
    ("DATABASE_URL", f"mysql://desk110:{SECRET}@localhost/desk110"),
    ("DATABASE_URL", f"postgresql://desk110:{SECRET}@localhost"),
    ("DATABASE_URL", f"postgresql://desk110:{SECRET}@localhost:port/desk110"),
    ("DATABASE_URL", f"postgresql://desk110:{SECRET}℀@localhost/desk110"),
    ("DATABASE_URL", f"postgresql://[{SECRET}/desk110"),
    ("DATABASE_URL", "sqlite://"),
    ("DATABASE_URL", "sqlite:///:memory:"),
    ("DATABASE_URL", SECRET),
    ("REDIS_URL", f"http://:{SECRET}@localhost"),
    ("REDIS_URL", f"redis://:{SECRET}@"),
    ("REDIS_URL", f"redis://:{SECRET}@localhost:99999"),
    ("REDIS_URL", "unix://"),
    ("REDIS_URL", f"redis+cluster://:{SECRET}@"),
    ("REDIS_URL", f"localhost:6379/{SECRET}"),
    ("DESK110_MEDIA_URL", f"ftp://desk110:{SECRET}@localhost"),
    ("DESK110_MEDIA_URL", "memory://"),
    ("DESK110_HOST", SECRET),
    ("DESK110_HOST", "127.0.0.1:8110"),
    ("DESK110_HOST", "999.0.0.1"),
    ("DESK110_CITIZEN_PORT", SECRET),
    ("DESK110_CITIZEN_PORT", ""),
    ("DESK110_CITIZEN_PORT", "0"),
    ("DESK110_CITIZEN_PORT", "8110.5"),
    ("DESK110_CITIZEN_PORT", "-1"),
    ("DESK110_CONSOLE_PORT", "65536"),
    ("DESK110_CONSOLE_PORT", "8110"),
    ("DESK110_METRICS_PORT", SECRET),
    ("DESK110_METRICS_PORT", "8111"),
    ("DESK110_CITIZEN_ORIGIN", SECRET),
    ("DESK110_CITIZEN_ORIGIN", "*"),
    ("DESK110_CITIZEN_ORIGIN", "null"),
    ("DESK110_CITIZEN_ORIGIN", ","),
    ("DESK110_CITIZEN_ORIGIN", "https://110.example.cn/"),
    ("DESK110_CITIZEN_ORIGIN", "https://110.example.cn/page"),
    ("DESK110_CITIZEN_ORIGIN", f"https://110.example.cn?{SECRET}"),
    ("DESK110_CITIZEN_ORIGIN", f"https://110.example.cn#{SECRET}"),
    ("DESK110_CITIZEN_ORIGIN", f"https://desk110:{SECRET}@110.example.cn"),
    ("DESK110_CITIZEN_ORIGIN", "https://110.Example.cn"),
    ("DESK110_CITIZEN_ORIGIN", "https://110.example.cn:443"),
    ("DESK110_CITIZEN_ORIGIN", "http://110.example.cn:80"),
    ("DESK110_CITIZEN_ORIGIN", "https://报警.example.cn"),
    ("DESK110_CITIZEN_ORIGIN", "https://110.example.cn, ws://110.example.cn"),
    ("DESK110_CITIZEN_ORIGIN", f"https://[{SECRET}"),
    ("DESK110_CONSOLE_ORIGIN", "ftp://console.example.cn"),
    ("DESK110_CONSOLE_ORIGIN", "https://*.example.cn/"),
    ("DESK110_LIMITS", SECRET),
    ("DESK110_LIMITS", ""),
    ("DESK110_DEMO", SECRET),
    ("DESK110_DEMO_PUBLIC", "perhaps"),
    ("DESK110_IDENTITY_REQUIRED", SECRET),
    ("DESK110_TILES_URL", f"https://tiles.example.cn/{SECRET}/{{z}}/{{x}}.png"),
    ("DESK110_TILES_URL", f"https://{{s}}.tiles.example.cn/{SECRET}/{{z}}/{{x}}/{{y}}.png"),
    ("DESK110_TILES_URL", f"https://{SECRET}@tiles.example.cn/{{z}}/{{x}}/{{y}}.png"),
    ("DESK110_TILES_URL", f"https://tiles.example.cn;script-src *;{SECRET}/{{z}}/{{x}}/{{y}}.png"),
    ("DESK110_TILES_URL", f"https://tiles.example.cn {SECRET}/{{z}}/{{x}}/{{y}}.png"),
    ("DESK110_TILES_URL", f"ftp://tiles.example.cn/{SECRET}/{{z}}/{{x}}/{{y}}.png"),
    ("DESK110_TILES_URL", f"https://Tiles.example.cn/{SECRET}/{{z}}/{{x}}/{{y}}.png"),
    ("DESK110_TILES_CRS", SECRET),
    ("DESK110_TRUSTED_PROXIES", SECRET),
    ("DESK110_TRUSTED_PROXIES", "*"),
    ("DESK110_TRUSTED_PROXIES", "0.0.0.0/0"),
    ("DESK110_TRUSTED_PROXIES", "10.0.0.1, ::/0"),
    ("DESK110_TRUSTED_PROXIES", "10.0.0.1/8"),
    ("DESK110_LOG_LEVEL", "LOUD"),
    ("DESK110_SMS_URL", f"https://sms.example.cn/?key={SECRET}"),
    ("DESK110_VERIFIER_URL", f"https://verifier.example.cn/?key={SECRET}"),
]


@pytest.mark.parametrize(("setting", "value"), NONSENSE, ids=[f"{n}={v}" for n, v in NONSENSE])
def test_a_value_that_makes_no_sense_is_refused_by_name_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, setting: str, value: str
) -> None:
    said = sentence(monkeypatch, {**DEMO, setting: value})
    assert setting in said
    assert SECRET not in said
    assert said.endswith(".")


def test_settings_of_an_installation_that_serves_people_are_taken(
    monkeypatch: pytest.MonkeyPatch, production: dict[str, str]
) -> None:
    settings = load(monkeypatch, production)
    assert settings.limits == "field"
    assert settings.secure_cookies
    assert settings.citizen_origins == {"https://110.example.cn"}
    assert not settings.demo


UNFIT_FOR_PEOPLE: list[tuple[dict[str, str | None], str]] = [
    ({"DESK110_SMS_URL": None}, "DESK110_SMS_URL"),
    ({"DESK110_VERIFIER_URL": None}, "DESK110_VERIFIER_URL"),
    ({"DESK110_SMS_SECRET_FILE": None}, "DESK110_SMS_SECRET_FILE"),
    ({"DESK110_VERIFIER_SECRET_FILE": None}, "DESK110_VERIFIER_SECRET_FILE"),
    ({"DESK110_SMS_SECRET_FILE": "/nowhere/secrets"}, "DESK110_SMS_SECRET_FILE"),
    ({"DESK110_SMS_URL": f"http://sms.example.cn/?key={SECRET}"}, "DESK110_SMS_URL"),
    ({"DESK110_SMS_URL": f"https://desk110:{SECRET}@sms.example.cn/"}, "DESK110_SMS_URL"),
    ({"DESK110_VERIFIER_URL": f"{SECRET}"}, "DESK110_VERIFIER_URL"),
    ({"DESK110_OPERATOR_NAME": None}, "DESK110_OPERATOR_NAME"),
    ({"DESK110_OPERATOR_NAME": " "}, "DESK110_OPERATOR_NAME"),
    ({"DESK110_OPERATOR_CONTACT": None}, "DESK110_OPERATOR_CONTACT"),
    ({"DESK110_LIMITS": "off"}, "DESK110_LIMITS"),
    ({"DESK110_LIMITS": "demo"}, "DESK110_LIMITS"),
    ({"DESK110_CITIZEN_ORIGIN": None}, "DESK110_CITIZEN_ORIGIN"),
    ({"DESK110_CITIZEN_ORIGIN": "http://110.example.cn"}, "DESK110_CITIZEN_ORIGIN"),
    ({"DESK110_CONSOLE_ORIGIN": "https://a.example, http://b.example"}, "DESK110_CONSOLE_ORIGIN"),
    ({"DESK110_TILES_URL": "http://tiles.example.cn/{z}/{x}/{y}.png"}, "DESK110_TILES_URL"),
    ({"DESK110_DEMO": "1"}, "DESK110_DEMO_PUBLIC"),
]


@pytest.mark.parametrize(("changed", "setting"), UNFIT_FOR_PEOPLE, ids=[str(c) for c, _ in UNFIT_FOR_PEOPLE])
def test_what_would_not_serve_people_safely_is_refused(
    monkeypatch: pytest.MonkeyPatch, production: dict[str, str], changed: dict[str, str | None], setting: str
) -> None:
    settings = {
        name: value for name in production | changed if (value := (production | changed)[name]) is not None
    }
    said = sentence(monkeypatch, settings)
    assert setting in said
    assert SECRET not in said


@pytest.mark.parametrize(
    "content",
    [
        "",
        f"{SECRET}-only-one-line-of-it\n",
        f"{SECRET}\n{SECRET}\n",
        f"{SECRET}-the-same-line-twice\n{SECRET}-the-same-line-twice\n",
        f"{SECRET}-three-of-them-is-too-many\nb-of-some-length-too\nc-of-some-length-too\n",
        f"{SECRET}-报警-报警-报警\nb-of-some-length-too\n",
    ],
)
def test_a_file_of_secrets_that_holds_none_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, production: dict[str, str], secret_file: Path, content: str
) -> None:
    secret_file.write_text(content)
    said = sentence(monkeypatch, production)
    assert "DESK110_SMS_SECRET_FILE" in said
    assert SECRET not in said


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.10", "2001:db8::1"])  # noqa: S104 - it is refused
def test_a_demo_is_shown_to_the_public_only_when_that_is_said_twice(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    said = sentence(monkeypatch, {**DEMO, "DESK110_HOST": host})
    assert "DESK110_DEMO_PUBLIC=1" in said
    assert load(monkeypatch, {"DESK110_DEMO_PUBLIC": "1"}).demo
    assert "DESK110_LIMITS" in sentence(monkeypatch, {"DESK110_LIMITS": "off"})


@pytest.mark.parametrize(
    ("host", "port", "origins"),
    [
        ("127.0.0.1", "8110", {"http://127.0.0.1:8110", "http://localhost:8110"}),
        ("127.0.0.1", "80", {"http://127.0.0.1", "http://localhost"}),
        ("localhost", "8110", {"http://localhost:8110"}),
        ("::1", "8110", {"http://[::1]:8110"}),
        ("0.0.0.0", "8110", {"http://127.0.0.1:8110", "http://localhost:8110"}),  # noqa: S104 - compared
    ],
)
def test_on_this_machine_the_origin_is_what_its_browsers_send(
    monkeypatch: pytest.MonkeyPatch, host: str, port: str, origins: set[str]
) -> None:
    settings = {**DEMO, "DESK110_HOST": host, "DESK110_CITIZEN_PORT": port, "DESK110_DEMO_PUBLIC": "1"}
    assert load(monkeypatch, settings).citizen_origins == origins


def test_a_demos_gateways_are_not_taken_without_their_secrets_either(
    monkeypatch: pytest.MonkeyPatch, secret_file: Path
) -> None:
    gateway = {**DEMO, "DESK110_SMS_URL": "http://127.0.0.1:9/sms"}
    assert "DESK110_SMS_SECRET_FILE" in sentence(monkeypatch, gateway)
    assert load(monkeypatch, {"DESK110_SMS_SECRET_FILE": str(secret_file)}).sms_url


def start(tmp_path: Path, **settings: str) -> tuple[int, str]:
    """Exit status and output of a citizen process that is to end by itself."""
    kept = {
        name: value for name, value in os.environ.items() if not re.match("DESK110_|DATABASE_|REDIS_", name)
    }
    done = subprocess.run(
        [sys.executable, "-m", "cli", "citizen"],
        env={**kept, "DESK110_HOME": str(tmp_path), "DESK110_ENV_FILE": os.devnull, **settings},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"DESK110_DEMO": "0"}, "DESK110_SMS_URL"),
        ({**DEMO, "DESK110_SMS_URL": f"https://x.example/{SECRET}"}, "DESK110_SMS_SECRET_FILE"),
        ({**DEMO, "DESK110_ENV_FILE": "/nowhere/.env"}, "DESK110_ENV_FILE"),
        ({**DEMO, "DATABASE_URL": f"postgresql://desk110:{SECRET}℀@localhost/desk110"}, "DATABASE_URL"),
    ],
    ids=["no gateway", "no secrets", "no such file of settings", "an address that cannot be read"],
)
def test_the_process_ends_with_the_sentence_and_status_2(
    tmp_path: Path, settings: dict[str, str], name: str
) -> None:
    status, output = start(tmp_path, **settings)
    assert status == REFUSED
    assert output.startswith("desk110: ")
    assert name in output
    assert SECRET not in output
    assert "Traceback" not in output


def test_a_file_of_settings_is_read_and_one_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("DESK110_DEMO=1\nDESK110_LIMITS=some\n")
    status, output = start(tmp_path, DESK110_ENV_FILE=str(file))
    assert (status, "DESK110_LIMITS" in output) == (REFUSED, True)
    file.write_bytes(b"DESK110_DEMO=1\nDESK110_LIMITS=\xff\xfe\n")
    status, output = start(tmp_path, DESK110_ENV_FILE=str(file))
    assert status == REFUSED
    assert "UTF-8" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("changed", "setting"),
    [
        ({"DESK110_WECHAT_APPID": "hunter2"}, "DESK110_WECHAT_APPID"),
        ({"DESK110_WECHAT_SECRET_FILE": ""}, "DESK110_WECHAT_SECRET_FILE"),
        ({"DESK110_WECHAT_SECRET_FILE": "/nowhere"}, "DESK110_WECHAT_SECRET_FILE"),
        ({"DESK110_WECHAT_URL": "http://api.weixin.qq.com/hunter2"}, "DESK110_WECHAT_URL"),
        ({"DESK110_WECHAT_RECEIVED_FIELDS": "thing1=hunter2"}, "DESK110_WECHAT_RECEIVED_FIELDS"),
        ({"DESK110_WECHAT_RECEIVED_FIELDS": "number"}, "DESK110_WECHAT_RECEIVED_FIELDS"),
    ],
    ids=lambda value: str(value),
)
def test_a_mini_program_that_is_set_up_by_half_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, changed: dict[str, str], setting: str
) -> None:
    secret = tmp_path / "wechat"
    secret.write_text("0123456789abcdef0123456789abcdef")
    whole = {
        **DEMO,
        "DESK110_WECHAT_APPID": "wx0123456789abcdef",
        "DESK110_WECHAT_SECRET_FILE": str(secret),
        "DESK110_WECHAT_RECEIVED_FIELDS": "thing1=desk, time2=at",
    }
    assert load(monkeypatch, whole).wechat_fields == {"thing1": "desk", "time2": "at"}
    with pytest.raises(Unfit, match=setting) as refused:
        load(monkeypatch, {**whole, **changed})
    assert SECRET not in str(refused.value)
