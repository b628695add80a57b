"""What is the same for everybody comes from memory: compressed for who understands it, and never another's."""

import gzip

import httpx2
import pytest

from tests.stack import Stack
from web.kept import LEAST, Kept

pytestmark = pytest.mark.anyio

SCRIPT = "/static/citizen/app.js"


@pytest.mark.parametrize("accepts", ["gzip, br", "identity", ""])
async def test_a_file_comes_as_it_is_asked_for_and_304_to_who_has_it(stack: Stack, accepts: str) -> None:
    async with httpx2.AsyncClient(
        base_url=stack.citizens[0].url, headers={"accept-encoding": accepts}
    ) as client:
        whole = await client.get(SCRIPT)
        assert whole.status_code == 200
        assert whole.headers["content-type"] == "text/javascript; charset=utf-8"
        assert "accept-encoding" in whole.headers["vary"]
        assert whole.headers.get("content-encoding") == ("gzip" if "gzip" in accepts else None)
        assert whole.headers["cache-control"] == "no-cache"
        again = await client.get(SCRIPT, headers={"if-none-match": f'"other", W/{whole.headers["etag"]}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == whole.headers["etag"]
        assert (await client.get(SCRIPT, headers={"if-none-match": '"other"'})).text == whole.text
        head = await client.head(SCRIPT)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == whole.headers["content-length"]


async def test_what_is_no_file_is_found_nowhere_and_nothing_is_written_to_one(stack: Stack) -> None:
    async with httpx2.AsyncClient(base_url=stack.citizens[0].url) as client:
        for path in ("/static/none.js", "/static/citizen", f"/static/{'x' * 300}.js", "/static/%00.js"):
            assert (await client.get(path)).status_code == 404, path
        assert (await client.post(SCRIPT)).status_code == 405


async def test_every_document_is_kept_by_all_that_makes_it_another(stack: Stack) -> None:
    async with httpx2.AsyncClient(base_url=stack.citizens[0].url) as client:
        wishes = [
            ("/", {}, {}),
            ("/", {"accept-language": "en"}, {}),
            ("/", {}, {"display": "large"}),
            ("/", {}, {"display": "normal.contrast"}),
            ("/", {}, {"desk110_session": "x"}),
            ("/law", {}, {}),
            ("/shell?look=weather", {}, {}),
        ]

        async def documents() -> list[str]:
            found = []
            for path, headers, cookies in wishes:
                said = {**headers, "cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
                answer = await client.get(path, headers=said)
                assert answer.status_code == 200
                assert {"accept-language", "cookie", "accept-encoding"} <= set(
                    answer.headers["vary"].lower().replace(" ", "").split(",")
                )
                found.append(answer.text)
            return found

        first = await documents()
        assert len(set(first)) == len(wishes)
        assert await documents() == first


def test_only_what_becomes_smaller_is_compressed() -> None:
    text = b"let a = 1;\n" * 1000
    kept = Kept.of(text, "text/javascript")
    assert kept.compressed is not None
    assert gzip.decompress(kept.compressed) == text
    assert Kept.of(text, "image/webp").compressed is None
    assert Kept.of(b"x" * (LEAST - 1), "text/css").compressed is None
