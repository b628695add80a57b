"""What the worker sends of the page's outbox: of whoever is signed in alone, and each thing once. By its module, with
a server and a store of the test's own."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.servers import chromium
from tests.stack import Stack
from tests.test_citizen_page import FLAGS

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

# A server that knows who asks, and keeps reports by their keys; `said` is what it answers at whatever address.
SCENE = """async ({ items, me, said, during }) => {
    const { sendKept } = await import("/static/worker/sending.js");
    const kept = new Map(items.map((item) => [item.key, item]));
    const asked = [];
    const storage = {
        all: async () => structuredClone([...kept.values()]),
        put: async (item) => Boolean(kept.set(item.key, structuredClone(item))),
        remove: async (key) => { kept.delete(key); },
    };
    const answers = [...(said ?? [])];
    const problem = (status) => Response.json({ code: "x" }, { status });
    const filed = (key) => ({ id: `id of ${key}`, version: 1, number: "n", desk: { name: "d" }, filed_at: "" });
    async function fetch(url, { method, headers, body }) {
        const key = headers["Idempotency-Key"];
        asked.push({ call: `${method} ${url}`, key, of: headers["Desk110-Reporter"], body: body && JSON.parse(body) });
        for (const removed of during?.removed ?? []) kept.delete(removed);
        const next = url === "/me" && answers[0] !== 0 ? null : answers.shift();
        if (next === 0) throw new TypeError("no line");
        if (next) return problem(next);
        if (url === "/me") return me ? Response.json(me) : problem(401);
        return Response.json(filed(key), { status: 201 });
    }
    const given = { fetch, storage, base: "", language: "en", random: () => 0 };
    const ended = await sendKept(given).then(() => "done", ({ code }) => code);
    return { ended, asked, kept: Object.fromEntries([...kept].map(([key, { state }]) => [key, state])) };
}"""

ANNE = {"id": "anne"}


def report(key: str, reporter: str | None = "anne", **more: Any) -> dict[str, Any]:
    """A report that was left."""
    item = {"kind": "report", "key": key, "body": {"kind": "quick", "text": key}, "reporter": reporter}
    return {**item, "created": 1_000, "state": "sending", "tries": 1, **more}


def message(key: str, to: str, reporter: str | None = "anne") -> dict[str, Any]:
    """A line to its desk."""
    item = {"kind": "message", "key": key, "report": to, "text": key, "reporter": reporter}
    return {**item, "created": 2_000, "state": "sending"}


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield launched
        await launched.close()


@pytest.fixture(scope="module")
async def page(browser: Browser, stack: Stack) -> Page:
    opened = await browser.new_page(base_url=stack.citizens[0].url)
    await opened.goto("/law")
    return opened


async def send(page: Page, items: list[dict[str, Any]], **given: Any) -> Any:
    """What came of it: how it ended, what was asked, and what is kept in which state."""
    return await page.evaluate(SCENE, {"items": items, "me": ANNE, **given})


def posted(scene: Any) -> list[str]:
    """The keys of the reports that were sent."""
    return [asked["key"] for asked in scene["asked"] if asked["call"] == "POST /reports"]


async def test_it_asks_whose_session_it_is_and_sends_that_persons_alone(page: Page) -> None:
    items = [report("a"), report("b", "ben"), report("c", None), report("d", "somebody")]
    found = await send(page, items)
    assert found["asked"][0]["call"] == "GET /me"
    assert posted(found) == ["a"]
    assert found["asked"][1]["of"] == "anne"
    assert found["kept"] == {"a": "stored", "b": "sending", "c": "sending", "d": "sending"}


async def test_what_was_written_before_the_session_had_a_name_goes_where_it_was_the_same_persons(
    page: Page,
) -> None:
    items = [
        report("a", "session", guess="anne"),
        report("b", "session", guess="ben"),
        report("c", "session"),
    ]
    found = await send(page, items)
    assert posted(found) == ["a"]
    assert found["asked"][1]["of"] == "anne"
    assert found["kept"] == {"a": "stored", "b": "sending", "c": "sending"}


async def test_with_nobody_signed_in_nothing_is_sent(page: Page) -> None:
    found = await send(page, [report("a"), report("b", "session")], me=None)
    assert (found["ended"], posted(found)) == ("done", [])
    assert found["kept"] == {"a": "sending", "b": "sending"}


async def test_with_nothing_left_nobody_is_asked(page: Page) -> None:
    items = [report("a", state="stored", report_id="x"), report("b", state="held")]
    photo = {"kind": "photo", "key": "p", "report": "a", "reporter": "anne", "created": 1, "state": "sending"}
    draft = {"kind": "draft", "key": "draft fraud", "values": {}, "created": 1}
    found = await send(page, [*items, photo, draft])
    assert found["asked"] == []


async def test_words_to_a_report_follow_it_and_photos_are_left_to_the_page(page: Page) -> None:
    photo = {"kind": "photo", "key": "p", "report": "a", "reporter": "anne", "created": 1, "state": "sending"}
    found = await send(page, [message("m", "a"), photo, report("a")])
    assert [asked["call"] for asked in found["asked"]] == [
        "GET /me",
        "POST /reports",
        "POST /reports/id of a/messages",
    ]
    assert found["kept"] == {"m": "stored", "p": "sending", "a": "stored"}


async def test_words_to_a_report_that_cannot_go_wait_with_it(page: Page) -> None:
    found = await send(page, [report("a", state="identity"), message("m", "a"), report("b")])
    assert found["ended"] == "done"
    assert posted(found) == ["b"]
    assert found["kept"]["m"] == "sending"


async def test_it_says_when_it_was_written_and_when_it_is_sent(page: Page) -> None:
    body = (await send(page, [report("a")]))["asked"][1]["body"]
    assert body["written_at"] == "1970-01-01T00:00:01.000Z"
    assert body["sent_at"] > "2020"


@pytest.mark.parametrize("said", [[0], [0] * 9, [500, 0, 0], [503, 503, 503]])
async def test_without_a_line_it_is_to_be_asked_again_and_nothing_is_lost(
    page: Page, said: list[int]
) -> None:
    found = await send(page, [report("a")], said=said)
    assert found["ended"] != "done"
    assert found["kept"] == {"a": "sending"}


async def test_a_line_that_fails_once_does_not_end_it(page: Page) -> None:
    found = await send(page, [report("a")], said=[500, 503])
    assert (found["ended"], posted(found)) == ("done", ["a", "a", "a"])
    assert found["kept"] == {"a": "stored"}


async def test_what_the_server_refuses_is_left_for_the_page_to_say(page: Page) -> None:
    found = await send(page, [report("a"), report("b", created=3_000)], said=[422])
    assert found["ended"] == "done"
    assert sorted(found["kept"].values()) == ["refused", "stored"]


async def test_what_the_page_took_away_meanwhile_does_not_come_back(page: Page) -> None:
    found = await send(page, [report("a")], during={"removed": ["a"]})
    assert found["kept"] == {}


# --- the page's side of it

# An outbox whose line is away, over a store that the worker writes to as well.
OUTBOX = """async () => {
    const { createOutbox } = await import("/static/citizen/protocol/outbox.js");
    const kept = new Map();
    const storage = {
        all: async () => structuredClone([...kept.values()]),
        put: async (item) => Boolean(kept.set(item.key, structuredClone(item))),
        remove: async (key) => { kept.delete(key); },
    };
    const never = () => new Promise(() => {});
    let n = 0;
    const outbox = createOutbox({
        storage, http: { call: never }, patience: { persist: never, wake() {} }, uploads: null, emit() {}, stored() {},
        files: { sweep() {}, forget: async () => {}, remove: async () => {}, put: async () => true },
        now: () => 1_000 + n, uuid: () => `key ${(n += 1)}`, whose: () => undefined, was: () => "anne",
    });
    await outbox.load();
    const key = (await outbox.file({ kind: "quick", text: "" })).key;
    await (WORK)({ outbox, kept, key });
    const all = [...kept.values()].map(({ kind, state, reporter, guess }) => ({ kind, state, reporter, guess }));
    return { kept: all, there: outbox.get(key) ?? null };
}"""


async def at_page(page: Page, work: str) -> Any:
    """What is kept, and what the page knows of the report, after `work` on an outbox with one report."""
    return await page.evaluate(OUTBOX.replace("WORK", work))


async def test_what_the_worker_may_have_sent_is_withdrawn_and_not_just_forgotten(page: Page) -> None:
    tried = "async ({ outbox, kept, key }) => { kept.get(key).tries = 1; await outbox.withdraw(key, 'x'); }"
    assert [item["kind"] for item in (await at_page(page, tried))["kept"]] == ["report", "withdrawal"]
    untried = "({ outbox, key }) => outbox.withdraw(key, 'x')"
    assert (await at_page(page, untried))["kept"] == []


async def test_what_the_worker_has_sent_is_known_to_the_page_when_it_looks(page: Page) -> None:
    sent = """({ outbox, kept, key }) => {
        Object.assign(kept.get(key), { state: "stored", report_id: "id" });
        return outbox.look();
    }"""
    there = (await at_page(page, sent))["there"]
    assert (there["state"], there["report_id"]) == ("stored", "id")


async def test_what_was_written_before_the_name_was_known_is_doubted_where_it_was_anothers(
    page: Page,
) -> None:
    for name, reporter in (("anne", "anne"), ("ben", None)):
        named = f"({{ outbox }}) => outbox.recognised({{ id: '{name}' }})"
        (item,) = (await at_page(page, named))["kept"]
        assert (item["reporter"], item["guess"]) == (reporter, "anne")


async def test_whoever_signs_in_makes_what_another_page_of_ours_left_doubtful_too(page: Page) -> None:
    another = """({ outbox, kept }) => {
        const item = { kind: "report", body: {}, reporter: "session", guess: "anne", created: 1, state: "sending" };
        kept.set("other", { key: "other", ...item });
        return outbox.doubt();
    }"""
    assert {item["reporter"] for item in (await at_page(page, another))["kept"]} == {None}
