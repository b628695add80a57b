"""The WeChat mini program: compiled, rendered, and driven the whole way against the real server.

Its types are checked by `scripts/check`, as mypy checks ours.
"""

import itertools
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from dispatch.settings import CHECKOUT
from tests.footage import voice
from tests.pictures import encoded
from tests.servers import Valkey
from tests.stack import Stack
from tests.stack import stack as running_stack
from tests.wechat_stand_in import APPID, SECRET, TEMPLATE, WechatStandIn, wechat_stand_in

sys.path.insert(0, str(CHECKOUT / "scripts"))
import frontend

import miniprogram

HERE = CHECKOUT / "tests" / "miniprogram"
SOURCE = CHECKOUT / "miniprogram"
WITHIN_S = 170
# A thousand phones for each run.
_phones = itertools.count(int(time.time()) % 90_000 * 1000 + 13_500_000_000, 1000)


@pytest.fixture(scope="module")
def wechat() -> Iterator[WechatStandIn]:
    with wechat_stand_in() as standing:
        yield standing


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, valkey_of_session: Valkey, wechat: WechatStandIn
) -> Iterator[Stack]:
    """A citizen, a console and a worker process that know a WeChat."""
    valkey_of_session.flushall()
    folder = Path(tmp_path_factory.mktemp("desk110-mini"))
    secret = folder / "wechat-secret"
    secret.write_text(SECRET, encoding="ascii")
    with running_stack(
        folder,
        valkey_of_session,
        worker=True,
        DESK110_WECHAT_APPID=APPID,
        DESK110_WECHAT_SECRET_FILE=str(secret),
        DESK110_WECHAT_URL=wechat.url,
        DESK110_WECHAT_RECEIVED_TEMPLATE=TEMPLATE,
    ) as running:
        yield running


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mini program, built."""
    out = Path(tmp_path_factory.mktemp("dist"))
    weights = miniprogram.build(out, "https://110.example.cn", TEMPLATE)
    print("\n".join(f"{name}: {size / 1024:.0f} KiB" for name, size in weights.items()))
    return out


def node(script: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [frontend.node("test"), str(HERE / script)]
    return subprocess.run(
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
        cwd=CHECKOUT,
    )


def compilers() -> None:
    """WeChat's own compilers come as programs for these machines alone."""
    if sys.platform == "linux" and platform.machine() != "x86_64":
        pytest.skip("WeChat's compilers are not made for this machine")


def rendered(dist: Path, language: str = "zh_CN", scale: str = "1") -> str:
    compilers()
    ran = node("render.mjs", {"DIST": str(dist), "LANGUAGE": language, "SCALE": scale})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def screens(dist: Path) -> dict[str, Any]:
    """What stands on each screen, and what a few taps did."""
    found: dict[str, Any] = json.loads(rendered(dist))
    return found


def test_a_thumb_calls_copies_the_message_and_gets_through_the_forms(screens: dict[str, Any]) -> None:
    acts = screens["acts"]
    number, message, note = acts["lifeline"]
    assert number == "tel:110"
    assert message == "我要报警。A1。地点：P1。位置：北纬30.25000，东经120.15000（GCJ-02，20 米以内）。"
    assert "12110571" in note
    assert acts["privacyOpen"] == 3
    assert acts["privacy"] == {"answers": ["disagree"], "after": 0}
    assert acts["forms/fraud/fraud"] == {"refused": True, "step": 5, "screens": True}
    assert acts["forms/tip/tip"] == {"refused": True, "step": 3, "screens": True}
    [opened] = acts["quick"]
    assert re.fullmatch(r"/pages/report/report\?key=[0-9a-f-]{36}&locating=1", opened)


def test_the_package_is_as_light_as_wechat_wants_it(tmp_path: Path) -> None:
    weights = miniprogram.build(tmp_path / "dist", "https://110.example.cn")
    assert weights["main"] < 1024 * 1024
    assert weights["whole"] < 2 * 1024 * 1024
    assert weights["whole"] == sum(size for name, size in weights.items() if name != "whole")


def test_page_and_mini_program_behave_alike(
    stack: Stack, dist: Path, wechat: WechatStandIn, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.jpg"
    # Of noise: large enough that sending it takes a while.
    photo.write_bytes(encoded(Image.effect_noise((700, 500), 90).convert("RGB"), quality=80))
    environment = {
        "ROOT": str(CHECKOUT),
        "DIST": str(dist),
        "HOME": str(tmp_path),
        "CITIZEN": stack.citizens[0].url,
        "CONSOLE": stack.consoles[0].url,
        "WECHAT": wechat.url,
        "PHOTO": str(photo),
        "FIRST_PHONE": str(next(_phones)),
    }
    ran = node("run.mjs", environment)
    print(ran.stdout)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def filed(kind: str, facts: str) -> dict[str, Any]:
    """What becomes of a guided form: kept as it is written, taken by the server, and then no more a draft."""
    return {
        "kept": True,
        "state": "stored",
        "problem": None,
        "kind": kind,
        "left": None,
        "facts": facts.split(),
    }


def test_the_whole_way_through_the_mini_programs_own_pages(
    stack: Stack, dist: Path, wechat: WechatStandIn, tmp_path: Path
) -> None:
    photo, sound = tmp_path / "photo.jpg", tmp_path / "voice.aac"
    photo.write_bytes(encoded(Image.new("RGB", (320, 240), (20, 90, 160))))
    sound.write_bytes(voice(seconds=1.0, container="adts"))
    environment = {
        "DIST": str(dist),
        "HOME": str(tmp_path),
        "CITIZEN": stack.citizens[0].url,
        "CONSOLE": stack.consoles[0].url,
        "WECHAT": wechat.url,
        "PHOTO": str(photo),
        "VOICE": str(sound),
        "FIRST_PHONE": str(next(_phones)),
    }
    ran = node("way.mjs", environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads(ran.stdout.splitlines()[-1])
    assert found == {
        "position": {
            "crs": "gcj02",
            "where": found["position"]["where"],
            "desk": "送往 西湖区110报警服务台",
        },
        "beforeSigningIn": {"need": "还差一步：确认手机号", "saved": "now", "received": False},
        "refusedNumber": "微信没有给出手机号，请用短信验证码。",
        "stored": found["stored"],
        "recording": True,
        "tiles": ["photo", "voice"],
        "noticed": True,
        "received": {
            "title": "已接收",
            "note": "接警员 33010601",
            "step": "已接收。西湖区110报警服务台，接警员 33010601。",
        },
        "shown": True,
        "answered": [["answer", "否"], ["location", ""]],
        "cameBack": True,
        "calls": ["110"],
        "mine": {"received": True, "status": "已接收"},
        "known": True,
        "staysOut": True,
        "code": 7,
        "told": {"page": True, "fields": ["character_string1", "thing2", "time3"]},
        "toldWhoStayed": False,
        "covertIdle": "未保存",
        "covert": True,
        "covertStatus": "已保存 99:99",
        "covertLine": {"open": True, "answers": ["好", "不用"]},
        "covertHidden": True,
        "covertNotice": False,
        "fraud": filed(
            "fraud",
            "amount_fen at contacts in_contact lost paid_at paid_by scheme transfers",
        ),
        "tip": filed("tip", "at_text location place_text unnamed when who"),
        "refused": {"where": "没有位置权限"},
        "settingsOpened": 1,
        "voiceRefused": {"settings": "scope.record", "recording": False},
        "voiceAllowed": True,
    }
    assert found["stored"]["need"] == ""
    assert "330106-" in found["stored"]["number"]


def test_what_stands_on_the_screens_comes_out_of_the_catalogue(tmp_path: Path) -> None:
    marked = {
        language: {key: f"«{text}»" for key, text in strings.items()}
        for language, strings in miniprogram.catalogue().items()
    }
    miniprogram.build(tmp_path / "dist", "https://110.example.cn", words=marked)
    found = json.loads(rendered(tmp_path / "dist"))
    # What the server or the person says, signs, and times.
    own = re.compile(r"(?:[A-H]1|E2)?(?: · )?[\d:]*|●|○|✓|—")
    left = [
        (name, words)
        for name, screen in found["screens"].items()
        for words in screen["words"]
        if not own.fullmatch(words) and "«" not in words
    ]
    assert left == []


def test_in_english_no_chinese_is_left(dist: Path) -> None:
    found = json.loads(rendered(dist, "en"))
    left = [words for screen in found["screens"].values() for words in screen["words"]]
    assert "Report now" in left
    assert not [words for words in left if re.search("[\u4e00-\u9fff]", words)]


def test_large_letters_are_taken_over_from_wechat(dist: Path, screens: dict[str, Any]) -> None:
    assert [screens["root"], json.loads(rendered(dist, scale="1.4"))["root"]] == [18, 25]
    for path in SOURCE.rglob("*.wxss"):
        if "dist" not in path.parts:
            assert not re.search(r"font-size:\s*[\d.]+(?:px|rpx)", path.read_text("utf-8")), path


def test_a_screen_reader_is_told_what_a_field_is_for_and_what_stands_where() -> None:
    sources = [path for path in SOURCE.rglob("*.wxml") if "dist" not in path.relative_to(SOURCE).parts]
    for path in sources:
        text = path.read_text("utf-8")
        for tag in re.findall(r"<(?:input|textarea|switch)\b[^>]*>", text):
            assert "aria-label=" in tag, (path.name, tag)
        assert not re.search(r"\srole=", text), path  # WeChat's own name of it is aria-role
    ladder = (SOURCE / "src/components/ladder/ladder.wxml").read_text("utf-8")
    assert 'aria-label="{{item.spoken}}"' in ladder


def test_every_word_that_is_asked_for_is_there_and_every_one_of_ours_is_asked_for() -> None:
    sources = [
        path
        for path in SOURCE.rglob("*")
        if path.suffix in {".ts", ".wxml"} and "dist" not in path.relative_to(SOURCE).parts
    ]
    text = "\n".join(path.read_text("utf-8") for path in sources)
    asked = set(re.findall(r"""\bt\(\s*"([a-z_]+(?:\.[a-z0-9_]+)+)\"""", text))
    asked |= set(re.findall(r"\bw\.([a-z_]+\.[a-z0-9_]+)", text))
    for language, strings in miniprogram.catalogue().items():
        assert asked - set(strings) == set(), language
        ours = {key for key in strings if key.startswith("mini.")}
        assert ours - asked == {"mini.photo", "mini.video", "mini.voice"}, language  # by their kind


def test_a_phone_without_an_engines_extras_runs_it(dist: Path) -> None:
    """Nothing is used that WeChat's engines do not promise; the two runs above have no other globals either."""
    for path in dist.rglob("*.js"):
        found = re.search(
            r"\b(?:Intl|URLSearchParams|TextEncoder|AbortController\(\)|queueMicrotask|structuredClone|localStorage)\b",
            re.sub(r"\(\) => new AbortController\(\)", "", path.read_text("utf-8")),
        )
        assert found is None or path.name == "uploads.js", (path, found)


def test_covert_shows_no_word_of_the_police_and_makes_no_sound(dist: Path, screens: dict[str, Any]) -> None:
    for name in ("pages/covert/covert", "pages/account/account quiet"):
        words = screens["screens"][name]["words"]
        assert words
        assert not [one for one in words if re.search("报警|110|警|接收|police", one)]
        page = json.loads((dist / f"{name.partition(' ')[0]}.json").read_text("utf-8"))
        assert page["navigationBarTitleText"] == ""
    script = (dist / "pages" / "covert" / "covert.js").read_text("utf-8")
    assert not re.search(r"vibrate|InnerAudio|showToast|showModal|requestSubscribe", script)


def test_every_page_compiles_and_renders(dist: Path, screens: dict[str, Any]) -> None:
    found = screens
    pages = [name for name in found["screens"] if name.startswith(("pages/", "forms/"))]
    assert found["wxmls"] == len(list(dist.rglob("*.wxml")))
    assert len(pages) == 8
    for name, screen in found["screens"].items():
        assert screen["nameless"] == 0, name
        assert name == "components/privacy/privacy closed" or screen["words"], name
