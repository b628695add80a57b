"""A receipt on the phone: shown in its report, verified without a network, and nothing else passes for one."""

import json
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.async_api import Page, Route, expect

from dispatch.errors import Refused
from dispatch.keys import load_receipt_public
from dispatch.receipts import Jwks, Signer, text_digest, verify
from tests import test_citizen_page as citizen
from tests.interception import intercept
from tests.people import Dispatcher, People, Reporter
from tests.places import Place
from tests.stack import Stack
from tests.test_citizen_page import OpenPhone
from tests.test_receipts import HEADER, STATEMENT, b64, signed

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = citizen.browser
phone = citizen.phone
dispatcher = citizen.dispatcher

TEXT = "有人在砸门"
# As a browser before Chromium 137 has it.
WITHOUT_ED25519 = """
  const known = crypto.subtle.importKey.bind(crypto.subtle);
  crypto.subtle.importKey = (...of) =>
    of[2]?.name === "Ed25519" ? Promise.reject(new DOMException("", "NotSupportedError")) : known(...of);
"""
CHECK = """async ([tokens, keys]) => {
  const { checkReceipt } = await import("/static/citizen/receipt-check.js");
  const found = [];
  for (const token of tokens) found.push((await checkReceipt(token, keys)).verdict);
  return found;
}"""


@pytest.fixture
async def receipt(stack: Stack, people: People, place: Place, dispatcher: Dispatcher) -> str:
    """A receipt of the running system's, of somebody else's report."""
    reporter = people.also(await Reporter.signed_in(stack.citizens[0], location=place.location))
    filed = await reporter.filed(TEXT, place_text="断桥")
    assert (await dispatcher.accept(filed["id"])).status_code == 200
    return str((await reporter.report(filed["id"]))["receipt"])


@pytest.fixture
def keys(stack: Stack) -> Jwks:
    return load_receipt_public(stack.keys)


@pytest.fixture(params=["WebCrypto", "without WebCrypto's Ed25519"])
async def page(request: pytest.FixtureRequest, phone: OpenPhone) -> Page:
    """The page, in a browser of today and in one of the floor."""
    held = await phone()
    if request.param != "WebCrypto":
        await held.page.add_init_script(WITHOUT_ED25519)
    await held.page.goto("/receipt")
    await expect(held.page.locator("#receipt textarea")).to_be_visible()
    return held.page


async def verdicts(page: Page, tokens: list[str], keys: Any) -> list[str]:
    found: list[str] = await page.evaluate(CHECK, [tokens, keys["keys"]])
    return found


def holds(token: str, keys: Jwks) -> bool:
    """What the server's own verification says."""
    try:
        verify(token, keys)
    except Refused:
        return False
    return True


async def judged(page: Page, token: str) -> str:
    """The verdict that the page shows of a pasted receipt."""
    await page.fill("#receipt textarea", token)
    await page.tap("#receipt [type=submit]")
    await expect(page.locator(".verdict")).to_be_visible()
    return str(await page.get_attribute(".verdict", "data-verdict"))


async def test_a_receipt_of_the_running_system_is_verified_and_says_what_it_states(
    page: Page, receipt: str, keys: Jwks
) -> None:
    stated = verify(receipt, keys)
    assert await judged(page, receipt) == "good"
    said = await page.inner_text("#receipt")
    for fact in (stated.number, stated.desk_name, stated.dispatcher_number, text_digest(TEXT)):
        assert fact in said
    await expect(page.locator(".verdict")).to_contain_text("回执有效")


async def test_a_changed_letter_anywhere_is_found_as_the_server_finds_it(
    page: Page, receipt: str, keys: Jwks
) -> None:
    changed = [
        receipt[:place] + ("A" if letter != "A" else "B") + receipt[place + 1 :]
        for place, letter in enumerate(receipt)
        if place % 7 == 0 or letter == "." or place > len(receipt) - 4
    ]
    found = await verdicts(page, changed, keys)
    assert not any(holds(token, keys) for token in changed)
    assert "good" not in found
    header, payload, _ = (len(part) for part in receipt.split("."))
    inside = [
        verdict
        for token, verdict in zip(changed, found, strict=True)
        if token.split(".")[0] == receipt.split(".")[0] and token.count(".") == 2
    ]
    assert set(inside) == {"tampered"}
    assert header
    assert payload


async def test_parts_of_two_receipts_make_none(page: Page, receipt: str, keys: Jwks) -> None:
    stranger = Ed25519PrivateKey.generate()
    forged = signed({**HEADER, "kid": keys["keys"][0]["kid"]}, STATEMENT.model_dump_json().encode(), stranger)
    header, payload, signature = receipt.split(".")
    others = forged.split(".")
    mixed = [
        f"{header}.{others[1]}.{signature}",
        f"{header}.{payload}.{others[2]}",
        f"{header}.{payload}.",
        f"{header}..{signature}",
        forged,
    ]
    assert set(await verdicts(page, mixed, keys)) == {"tampered"}
    assert not any(holds(token, keys) for token in mixed)


async def test_a_key_that_is_not_published_is_said_to_be_unknown(page: Page, keys: Jwks) -> None:
    foreign = Signer(Ed25519PrivateKey.generate()).sign(STATEMENT)
    assert await verdicts(page, [foreign], keys) == ["unknown_key"]
    assert await judged(page, foreign) == "unknown_key"


async def test_a_retired_key_verifies_as_long_as_it_is_published(page: Page, keys: Jwks) -> None:
    old = Ed25519PrivateKey.generate()
    token = Signer(old).sign(STATEMENT)
    retired = {"kid": Signer(old).kid, "x": b64(old.public_key().public_bytes_raw())}
    assert await verdicts(page, [token], {"keys": [*keys["keys"], retired]}) == ["good"]
    assert await verdicts(page, [token], {"keys": []}) == ["no_keys"]


async def test_headers_and_claims_of_another_kind_are_refused_even_under_a_true_signature(page: Page) -> None:
    key = Ed25519PrivateKey.generate()
    signer = Signer(key)
    known: Any = {"keys": [{"kid": signer.kid, "x": b64(key.public_key().public_bytes_raw())}]}
    head = {**HEADER, "kid": signer.kid}
    payload = json.loads(STATEMENT.model_dump_json())
    headers: list[dict[str, object]] = [
        {**head, "alg": "none"},
        {**head, "alg": "HS256"},
        {**head, "typ": "JWT"},
        {**head, "crit": ["exp"]},
        {**head, "jwk": {}},
        {"alg": "EdDSA"},
        {},
    ]
    claims = [{"iss": "x"}, {"jti": "x"}, {"filed_at": "gestern"}, {"text_sha256": "abc"}, {"number": None}]
    tokens = [signed(header, json.dumps(payload).encode(), key) for header in headers]
    tokens += [signed(head, json.dumps(payload | claim).encode(), key) for claim in claims]
    assert set(await verdicts(page, tokens, known)) == {"not_receipt"}
    assert await verdicts(page, [signed(head, json.dumps(payload | {"more": 1}).encode(), key)], known) == [
        "good"
    ]


@pytest.mark.parametrize(
    "words", ["", "你好", "a.b", "..", "a.b.c.d", "A" * 9000, "eyJ.eyJ.sig", "<b>.<i>.<script>"], ids=range(8)
)
async def test_what_is_no_receipt_is_said_to_be_none(phone: OpenPhone, words: str) -> None:
    held = await phone()
    await held.page.goto("/receipt")
    assert await judged(held.page, words) == "not_receipt"


async def test_white_space_that_a_chat_put_in_does_not_matter(page: Page, receipt: str) -> None:
    wrapped = "\n ".join(re.findall(r".{1,40}", receipt))
    assert await judged(page, f"  {wrapped}\r\n") == "good"


async def test_a_file_is_verified_and_a_huge_one_is_none(page: Page, receipt: str) -> None:
    file = page.locator("#receipt [type=file]")
    await file.set_input_files({"name": "r.jws", "mimeType": "", "buffer": receipt.encode()})
    await expect(page.locator(".verdict[data-verdict=good]")).to_be_visible()
    await page.get_by_role("button", name="核验另一份").tap()
    await file.set_input_files({"name": "r.jws", "mimeType": "", "buffer": b"A" * 100_000})
    await expect(page.locator(".verdict[data-verdict=not_receipt]")).to_be_visible()


async def test_it_is_verified_without_a_network_by_the_keys_that_the_phone_kept(
    page: Page, receipt: str
) -> None:
    assert await judged(page, receipt) == "good"
    await page.get_by_role("button", name="核验另一份").tap()
    await page.context.set_offline(True)
    assert await judged(page, receipt) == "good"
    tampered = receipt[:-10] + ("A" if receipt[-10] != "A" else "B") + receipt[-9:]
    await page.get_by_role("button", name="核验另一份").tap()
    assert await judged(page, tampered) == "tampered"


async def test_without_keys_nothing_is_believed_and_the_page_says_what_to_do(
    phone: OpenPhone, receipt: str
) -> None:
    held = await phone()
    await held.page.goto("/receipt")

    async def lose(route: Route) -> None:
        await route.abort()

    await intercept(held.page, "**/.well-known/jwks.json", lose)
    assert await judged(held.page, receipt) == "no_keys"
    await expect(held.page.locator(".verdict")).to_contain_text("联网打开本页一次")


async def test_a_key_that_is_not_the_key_its_id_names_is_not_used(phone: OpenPhone, keys: Jwks) -> None:
    held = await phone()
    await held.page.goto("/receipt")
    forger = Ed25519PrivateKey.generate()
    stolen = {**keys["keys"][0], "x": b64(forger.public_key().public_bytes_raw())}

    async def lie(route: Route) -> None:
        await route.fulfill(json={"keys": [stolen]})

    await intercept(held.page, "**/.well-known/jwks.json", lie)
    head = {**HEADER, "kid": stolen["kid"]}
    assert await judged(held.page, signed(head, STATEMENT.model_dump_json().encode(), forger)) == "no_keys"


async def test_the_report_leads_to_its_receipt_which_is_its_texts_and_can_be_kept(
    phone: OpenPhone, dispatcher: Dispatcher, keys: Jwks
) -> None:
    held = await phone()
    await held.sign_in()
    await held.page.fill("#first-words", TEXT)
    await held.tap()
    await expect(held.rung("shown")).to_be_visible()
    await expect(held.page.locator("#to-receipt")).to_be_hidden()
    report = await held.report()
    await dispatcher.accept(report)
    await held.page.tap("#to-receipt")
    await expect(held.page.locator(".verdict[data-verdict=good]")).to_be_visible()
    await expect(held.page.locator("#receipt")).to_contain_text("和这条报警的文字一致")
    async with held.page.expect_download() as saving:
        await held.page.get_by_role("button", name="保存文件").tap()
    saved = await saving.value
    assert re.fullmatch(r"desk110-receipt-\d{6}-\d{8}-\d{6}\.jws", saved.suggested_filename)
    assert (
        verify((await saved.path()).read_text(encoding="ascii"), keys).dispatcher_number == dispatcher.number
    )
    await held.page.reload()
    await expect(held.page.locator(".verdict[data-verdict=good]")).to_be_visible()
