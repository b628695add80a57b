"""What a real browser's recorder makes (fake devices) is taken, and what is made of it that browser plays."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, async_playwright

from tests.people import People, Reporter, eventually
from tests.servers import chromium
from tests.stack import Stack

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--mute-audio",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
# A recorder's file has no length in its head: it did not know it when it began.
RECORD = """async ([type, asked, ms]) => {
  const stream = await navigator.mediaDevices.getUserMedia(asked);
  const recorder = new MediaRecorder(stream, { mimeType: type });
  const pieces = [];
  recorder.ondataavailable = ({ data }) => pieces.push(data);
  const done = new Promise((resolve) => { recorder.onstop = resolve; });
  recorder.start(250);
  await new Promise((resolve) => setTimeout(resolve, ms));
  recorder.stop();
  await done;
  for (const track of stream.getTracks()) track.stop();
  const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return [recorder.mimeType, btoa(text)];
}"""
PLAY = """async ([kind, address]) => {
  const player = document.createElement(kind);
  player.muted = true;
  player.src = address;
  document.body.append(player);
  await new Promise((resolve, reject) => {
    player.onended = resolve;
    player.onerror = () => reject(new Error(player.error.message));
    player.play().catch(reject);
  });
  return [player.duration, player.videoWidth ?? 0];
}"""


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield launched
        await launched.close()


@pytest.mark.parametrize(
    ("kind", "types", "asked"),
    [
        (
            "video",
            ("video/webm;codecs=vp8,opus", "video/webm;codecs=vp9,opus", "video/webm;codecs=h264"),
            {"video": {"width": 640, "height": 480}, "audio": True},
        ),
        ("audio", ("audio/webm;codecs=opus",), {"audio": True}),
    ],
)
async def test_what_a_browser_records_is_taken_and_what_is_made_of_it_plays_there(
    stack: Stack,
    people: People,
    browser: Browser,
    kind: str,
    types: tuple[str, ...],
    asked: dict[str, object],
) -> None:
    taken = 0
    for type_ in types:
        phone = await people.reporter(stack.citizens[0])
        await phone.listen()
        context = await browser.new_context(base_url=phone.app.url)
        await context.add_cookies([{"name": "desk110_session", "value": phone.token, "url": phone.app.url}])
        page = await context.new_page()
        await page.goto("/")
        if not await page.evaluate("type => MediaRecorder.isTypeSupported(type)", type_):
            continue
        said, text = await page.evaluate(RECORD, [type_, asked, 2000])
        media = await _ready(phone, base64.b64decode(text), said)
        assert 1 < media["duration_s"] < 6
        seconds, width = await page.evaluate(PLAY, [kind, f"/api/v1/media/{media['id']}"])
        assert seconds == pytest.approx(media["duration_s"], abs=0.25)
        assert width == (640 if kind == "video" else 0)
        taken += 1
        await context.close()
    assert taken >= 1


async def _ready(phone: Reporter, data: bytes, filetype: str) -> dict[str, Any]:
    """The medium of a report of its own, once it can be played."""
    id_ = (await phone.filed("录给接警员看"))["id"]
    answer = await phone.http.post(f"/api/v1/reports/{id_}/media/form", files={"file": ("a", data, filetype)})
    assert answer.status_code == 201, answer.text

    def ready() -> bool:
        media = phone.reports.get(id_, {}).get("media", [])
        return [item["state"] for item in media] == ["ready"]

    await eventually(ready, 60, "it can be played")
    found: dict[str, Any] = phone.reports[id_]["media"][0]
    return found
