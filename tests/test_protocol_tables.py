"""`docs/protocol.md` names every code there is, with its status, and none that there is not."""

import re

from api import hub as reporters
from api import live as reporters_live
from console import hub as consoles
from dispatch.settings import CHECKOUT
from tests.test_words import FRAMES_ALONE
from web.problems import STATUS

PAGE = (CHECKOUT / "docs" / "protocol.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading."""
    part = PAGE.partition(f"## {heading}\n")[2]
    table = re.search(r"(?:^\|.*\n)+", part, re.MULTILINE)
    assert table, heading
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[0].splitlines()[2:]]


def test_every_problem_code_stands_in_the_page_with_its_status() -> None:
    written = {code.strip("`"): int(status) for code, status, _ in rows("Problem codes")}
    assert written == dict(STATUS)


def test_the_codes_are_in_the_order_of_their_statuses_and_each_says_when() -> None:
    statuses = [int(status) for _, status, _ in rows("Problem codes")]
    assert statuses == sorted(statuses)
    assert all(when for _, _, when in rows("Problem codes"))


def test_the_codes_of_error_frames_alone_are_named() -> None:
    assert {code.strip("`") for code, _ in rows("On a reporter's socket")} == FRAMES_ALONE


def test_every_close_code_stands_in_the_page() -> None:
    written = {int(code) for code, *_ in rows("Close codes")}
    used = {
        *(reporters.SILENT, reporters.RESTARTING, reporters.SIGN_IN_AGAIN),
        *(reporters_live.NOT_ALLOWED, reporters_live.NO_HELLO, reporters_live.TOO_MANY_FRAMES),
        *(reporters_live.TOO_BIG, reporters_live.OVERLOADED),
        *(consoles.SIGN_IN_AGAIN, consoles.NOT_ALLOWED, consoles.RESTARTING),
    }
    assert written == used


def test_the_limits_of_the_page_are_those_of_the_code() -> None:
    closing = {int(code): when for code, _, when, _ in rows("Close codes")}
    assert f"{reporters_live.FRAMES_IN_WINDOW} frames in {reporters_live.WINDOW_S} s" in closing[1008]
    assert f"{reporters_live.FRAME_LIMIT // 1024} KiB" in closing[1009]
    assert f"within {reporters_live.HELLO_WITHIN_S} s" in closing[4408]
    assert f"{reporters.SILENT_S:.0f} s" in closing[1001]
