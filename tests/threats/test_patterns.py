"""A pattern that takes for ever on the right text stops a process (ReDoS).

Every pattern of ours is found by walking through the modules, and tried on texts that are made from its own pieces,
repeated, with an end that does not fit: what makes a pattern go back and try again. Of four times as much text, four
times the time is taken; by one that goes back sixteen times, or for ever.
"""

import importlib
import itertools
import pkgutil
import re
import re._constants as ops  # type: ignore[import-not-found]  # of the standard library, without types
import re._parser as parser  # type: ignore[import-not-found]  # of the standard library, without types
import time
from collections.abc import Iterator
from typing import Any

import pytest

PACKAGES = ("api", "console", "dispatch", "processes", "realtime", "web")
SHORT, LONG = 12, 8_000
GROWS = 1.25  # what is exponential, and not felt at one length, is felt at the next and does not hang
# What linear reading may differ by on a machine that does much else; below which nothing can be told; what is too much
# for a word or two.
SLACK, UNMEASURED_S, FELT_S = 3, 0.01, 0.1
MOST_LETTERS = 16
ENDS = ("", "\x00", "!", "\n", "一")


def modules() -> Iterator[Any]:
    for name in PACKAGES:
        package = importlib.import_module(name)
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def patterns() -> dict[str, re.Pattern[str]]:
    """Each pattern that a module of ours keeps, by where it stands; those in a table or a tuple too."""
    found: dict[str, re.Pattern[str]] = {}
    for module in modules():
        for name, value in vars(module).items():
            for nth, one in enumerate(_within(value)):
                if isinstance(one.pattern, str):
                    found.setdefault(one.pattern, one)
                    _names.setdefault(one.pattern, f"{module.__name__}.{name}[{nth}]")
    return {_names[text]: pattern for text, pattern in found.items()}


_names: dict[str, str] = {}


def _within(value: Any) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _within(one)
    elif isinstance(value, tuple | list | set | frozenset):
        for one in value:
            yield from _within(one)


def pieces(pattern: re.Pattern[str]) -> set[str]:
    """A few letters that each part of the pattern could match, and these one after the other."""
    letters = [chr(code) for code in _codes(parser.parse(pattern.pattern, pattern.flags))]
    # Of a class of a hundred ranges, a few.
    letters = letters[:: 1 + len(letters) // MOST_LETTERS]
    whole = "".join(letters)[:24]
    return {*letters, whole, *(a + b for a, b in itertools.pairwise(letters))}


def _codes(parsed: Any) -> Iterator[int]:
    for op, value in parsed:
        if op in (ops.LITERAL, ops.NOT_LITERAL):
            yield value if op is ops.LITERAL else ord("a")
        elif op is ops.RANGE:
            yield value[0]
        elif op is ops.CATEGORY:
            yield {ops.CATEGORY_DIGIT: ord("7"), ops.CATEGORY_SPACE: ord(" ")}.get(value, ord("a"))
        elif op is ops.ANY:
            yield ord("a")
        elif op is ops.IN:
            yield from _codes(value)
        elif op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
            yield from _codes(value[2])
        elif op is ops.SUBPATTERN:
            yield from _codes(value[3])
        elif op is ops.BRANCH:
            for branch in value[1]:
                yield from _codes(branch)
        elif op in (ops.ASSERT, ops.ASSERT_NOT):
            yield from _codes(value[1])
        elif op is ops.ATOMIC_GROUP:
            yield from _codes(value)


def took(pattern: re.Pattern[str], text: str) -> float:
    """Processor seconds: what else the machine does is not counted."""
    began = time.process_time()
    pattern.search(text)
    pattern.fullmatch(text)
    return time.process_time() - began


def worst(pattern: re.Pattern[str], texts: set[str]) -> str | None:
    """The text on which the pattern takes more than its length explains; None when there is none."""
    for piece in sorted(texts):
        for end in ENDS:
            length = SHORT
            while length < LONG // 4:
                if (felt := took(pattern, (piece * length)[:length] + end)) > FELT_S:
                    return f"{piece!r} … {end!r}: {felt:.2f} s for {length} characters"
                length = int(length * GROWS)
            if took(pattern, (piece * LONG)[:LONG] + end) < UNMEASURED_S:
                continue
            half = min(took(pattern, (piece * LONG)[: LONG // 4] + end) for _ in range(3))
            long = min(took(pattern, (piece * LONG)[:LONG] + end) for _ in range(3))
            if long > 4 * SLACK * max(half, UNMEASURED_S / 4):
                return f"{piece!r} … {end!r}: {long / half:.0f} times as long for 4 times as much"
    return None


FOUND = patterns()


def test_there_are_patterns_to_try() -> None:
    assert len(FOUND) > 30, sorted(FOUND)


@pytest.mark.parametrize("name", FOUND)
def test_a_text_made_for_it_holds_no_pattern_up(name: str) -> None:
    assert worst(FOUND[name], pieces(FOUND[name])) is None


@pytest.mark.parametrize("pattern", [r"(a+)+b", r"a+b", r"(\s*,?)*!"])
def test_a_pattern_that_does_go_back_would_be_found(pattern: str) -> None:
    slow = re.compile(pattern)
    assert worst(slow, pieces(slow)) is not None
