"""Taking back what the desk has not: a report that was surely not taken just goes; where nobody knows,
it is filed first.

The outbox by itself, over a server and a store of the test's own; then the page, on real processes.
"""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests import test_citizen_page as citizen
from tests.interception import intercept
from tests.people import Dispatcher
from tests.stack import Stack
from tests.test_citizen_page import FILING, OpenPhone, Phone

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = citizen.browser
phone = citizen.phone
dispatcher = citizen.dispatcher

# An outbox whose server answers each try to file as `said` says: 0 is no answer, [status, code] a refusal, and what
# comes after the last is taken. Signed in as Anne. `WORK` is done once all that was said has been heard.
SCENE = """async ({ said }) => {
    const { createHttp } = await import("/static/citizen/protocol/http.js");
    const { createOutbox } = await import("/static/citizen/protocol/outbox.js");
    const { createPatience } = await import("/static/citizen/protocol/patience.js");
    const kept = new Map();
    const storage = {
        all: async () => structuredClone([...kept.values()]),
        put: async (item) => Boolean(kept.set(item.key, structuredClone(item))),
        remove: async (key) => { kept.delete(key); },
    };
    const asked = [];
    const gone = [];
    const answers = [...said];
    async function fetch(url, { method }) {
        asked.push(`${method} ${url}`);
        if (url !== "/reports") return Response.json({ id: "id", version: 2, status: "withdrawn" });
        const next = answers.shift();
        if (next === 0) throw new TypeError("no line");
        if (next) return Response.json({ code: next[1] }, { status: next[0] });
        return Response.json({ id: "id", version: 1, number: "n", desk: { name: "d" }, filed_at: "" }, { status: 201 });
    }
    let n = 0;
    const env = { storage, fetch, base: "", language: "en", now: () => 1_000 + n, random: () => 0 };
    const patience = createPatience(env);
    const outbox = createOutbox({
        ...env, patience, http: createHttp(env), uploads: null, hold: () => () => {}, stored() {},
        emit: ({ type, item }) => type === "gone" && gone.push(item.kind),
        files: { sweep() {}, forget: async () => {}, remove: async () => {} },
        uuid: () => `key ${(n += 1)}`, whose: () => ({ id: "anne" }), was: () => "anne",
    });
    await outbox.load();
    const { key } = await outbox.file({ kind: "quick", text: "" });
    const settled = async (true_) => {
        for (let turn = 0; turn < 200 && !true_(); turn += 1) {
            patience.wake();
            await new Promise((next) => setTimeout(next, 5));
        }
    };
    await settled(() => answers.length === 0 && outbox.get(key)?.state !== "sending");
    await (WORK)({ outbox, key, answers, settled, kept });
    return { asked, gone, kept: [...kept.values()].map(({ kind, state }) => [kind, state]) };
}"""
WITHDRAW = "({ outbox, key }) => outbox.withdraw(key, 'x')"

NAME = [403, "identity_required"]
SESSION = [401, "sign_in_required"]


@pytest.fixture(scope="module")
async def page(browser: Browser, stack: Stack) -> AsyncIterator[Page]:
    opened = await browser.new_page(base_url=stack.citizens[0].url)
    await opened.goto("/law")
    yield opened
    await opened.close()


async def outbox(page: Page, said: list[Any], work: str = WITHDRAW) -> Any:
    """What was asked of the server, what is gone and what is kept."""
    return await page.evaluate(SCENE.replace("WORK", work), {"said": said})


@pytest.mark.parametrize("said", [[NAME], [SESSION], [[429, "too_many_requests"], SESSION]])
async def test_what_was_clearly_refused_and_never_in_doubt_is_forgotten_at_once(
    page: Page, said: list[Any]
) -> None:
    found = await outbox(page, said)
    assert found["kept"] == []
    assert found["gone"] == ["report"]
    assert found["asked"] == ["POST /reports"] * len(said)


@pytest.mark.parametrize("doubt", [0, [502, "status_502"], [503, "database_unavailable"], [500, "internal"]])
async def test_after_a_try_whose_end_nobody_knows_it_is_filed_first_and_withdrawn_then(
    page: Page, doubt: Any
) -> None:
    found = await outbox(page, [doubt, SESSION])
    assert found["kept"] == [["report", "sign_in"], ["withdrawal", "sending"]]
    both = """async ({ outbox, key, settled, kept }) => {
        await outbox.withdraw(key, "x");
        await outbox.resume();
        await settled(() => [...kept.values()].every(({ state }) => state === "stored"));
    }"""
    found = await outbox(page, [doubt, SESSION], both)
    assert found["kept"] == [["report", "stored"], ["withdrawal", "stored"]]
    assert found["asked"][-2:] == ["POST /reports", "POST /reports/id/withdrawal"]


async def test_a_name_that_is_asked_for_says_that_the_key_is_unknown_and_ends_every_doubt(page: Page) -> None:
    assert (await outbox(page, [0, [503, "overloaded"], NAME]))["kept"] == []


async def test_a_key_that_was_used_for_something_else_says_no_such_thing(page: Page) -> None:
    found = await outbox(page, [[409, "idempotency_conflict"]])
    assert found["kept"] == [["report", "refused"], ["withdrawal", "sending"]]


async def test_withdrawn_while_it_is_on_its_way_it_goes_as_soon_as_it_is_refused(page: Page) -> None:
    again = """async ({ outbox, key, answers, settled }) => {
        answers.push(0, [403, "identity_required"]);
        await outbox.resume();
        await outbox.withdraw(key, "x");
        await settled(() => !outbox.get(key));
    }"""
    found = await outbox(page, [SESSION], again)
    assert found["kept"] == []
    assert sorted(found["gone"]) == ["report", "withdrawal"]
    assert "POST /reports/id/withdrawal" not in found["asked"]


async def test_what_is_forgotten_between_two_tries_is_not_tried_again(page: Page) -> None:
    slept = """async ({ outbox, key, answers, settled }) => {
        answers.push([429, "too_many_requests"]);
        outbox.resume();
        await settled(() => answers.length === 0);
        await outbox.withdraw(key, "x");
        await settled(() => false);
    }"""
    found = await outbox(page, [SESSION], slept)
    assert found["kept"] == []
    assert found["asked"] == ["POST /reports"] * 2


# --- the page


async def withdraw(held: Phone) -> None:
    await held.page.tap("#withdraw summary")
    await held.page.check("#withdraw [value=mistake]")
    await held.page.tap("#withdraw [type=submit]")


async def in_want_of_a_name(held: Phone) -> None:
    """A second report, that waits for the name of who wrote it."""
    await held.sign_in()
    await held.tap()
    await expect(held.reached("stored")).to_be_visible()
    await held.page.tap("#back")
    await held.tap()
    await expect(held.page.locator("#need [name=name]")).to_be_visible()


async def test_a_report_in_want_of_a_name_is_taken_back_and_everything_is_as_if_it_had_never_been(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    await in_want_of_a_name(held)
    await held.page.tap("#withdraw summary")
    await expect(held.page.locator("#withdraw .note")).to_contain_text("服务台还没有它")
    await held.page.tap("#withdraw summary")
    await withdraw(held)
    await expect(held.page.locator("#home")).to_be_visible()
    assert await held.page.locator(".notice", has_text="还没送到").count() == 0
    await held.page.tap("#to-account")
    await expect(held.page.locator("#sign-out")).to_be_enabled()
    await held.page.reload()
    await expect(held.page.locator("#sign-out")).to_be_enabled()
    assert len(dispatcher.cards) == 1


async def test_what_may_be_at_the_desk_already_says_so_and_what_it_waits_for(phone: OpenPhone) -> None:
    held = await phone()
    await held.sign_in()
    said = [0, 401]

    async def answer(route: Route) -> None:
        status = said.pop(0) if said else 401
        if not status:
            await route.abort()
            return
        problem = {"code": "sign_in_required", "status": status, "detail": "请登录。"}
        await route.fulfill(status=status, content_type="application/problem+json", body=json.dumps(problem))

    await intercept(held.page, FILING, answer)
    await held.tap()
    await expect(held.page.locator("#need [name=phone]")).to_be_visible()
    await withdraw(held)
    await expect(held.page.locator("#withdraw summary")).to_contain_text("可能已经送到服务台")
    await held.page.unroute(FILING)
    await held.prove("#need")
    await expect(held.page.locator("#after")).to_contain_text("已撤回")
    await expect(held.page).to_have_url(re.compile(r"/reports/[0-9a-f-]{36}$"))


async def test_a_report_that_waits_for_a_person_does_not_keep_the_worker_away(phone: OpenPhone) -> None:
    held = await phone()
    await in_want_of_a_name(held)
    await held.page.reload()
    await expect(held.page.locator("#need [name=name]")).to_be_visible()
    there = "() => navigator.serviceWorker.controller !== null"
    await held.page.wait_for_function(there, timeout=30_000)
