"""The catalogue: complete in both languages, and in step with what asks for it."""

import ast
import re
import string
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain

import pytest

from dispatch.settings import CHECKOUT
from dispatch.words import Words, _read, languages
from web.problems import STATUS

HAN = re.compile(r"[\u4e00-\u9fff]")
PACKAGES = ("api", "commands", "console", "dispatch", "processes", "realtime", "web")
AREAS = ("citizen", "console", "media", "miniprogram", "problems", "terms")
KEY = re.compile(rf"(?:{'|'.join(AREAS)})(?:\.[a-z0-9_]+)+")

# Only an error frame of a socket: no HTTP answer, so no status.
FRAMES_ALONE = {"frame_invalid"}
# What is written in the other language on purpose.
OTHER_LANGUAGE = {
    "terms.language",
    # The word on the reporter's screen, which is Chinese.
    "console.report.shown_at",
    "console.report.not_shown",
}


@cache
def strings(language: str) -> dict[str, str]:
    """The language's own strings by key, without the fallback."""
    return _read(language)


def names_in(text: str) -> set[str]:
    """The placeholders of a string. Raises ValueError where a brace stands alone."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_keys() -> None:
    assert set(languages()) >= {"zh-CN", "en"}
    for language in languages():
        assert set(strings(language)) == set(strings("zh-CN")), language


def test_both_languages_have_the_same_areas_and_no_key_twice() -> None:
    for language in languages():
        folder = CHECKOUT / "words" / language
        assert {
            path.relative_to(folder).parts[0].removesuffix(".toml") for path in folder.rglob("*.toml")
        } == set(AREAS), language
        for path in folder.rglob("*.toml"):
            tomllib.loads(path.read_text(encoding="utf-8"))  # which refuses a key that stands twice


def test_a_string_has_the_same_placeholders_in_both_languages() -> None:
    different = {
        key: (names_in(text), names_in(strings("en")[key]))
        for key, text in strings("zh-CN").items()
        if names_in(text) != names_in(strings("en")[key])
    }
    assert not different


def test_placeholders_are_plain_names_and_no_string_is_empty() -> None:
    for key, text in chain(strings("zh-CN").items(), strings("en").items()):
        assert text.strip(), key
        assert all(re.fullmatch(r"[a-z_]+", name) for name in names_in(text)), key


def test_each_string_is_in_its_language() -> None:
    english = {key for key, text in strings("en").items() if HAN.search(text)}
    assert english <= OTHER_LANGUAGE
    # Names of systems, units and codes have no Chinese; a sentence has.
    sentences = {
        key for key, text in strings("zh-CN").items() if key.startswith("problems.") and not HAN.search(text)
    }
    assert not sentences


def test_another_language_falls_back_to_chinese() -> None:
    assert Words.of("fr").language == "zh-CN"
    assert Words.of("../en").language == "zh-CN"


# --- codes


@cache
def python_trees() -> tuple[ast.AST, ...]:
    """The syntax of all that runs."""
    paths = chain(CHECKOUT.glob("*.py"), *((CHECKOUT / package).rglob("*.py") for package in PACKAGES))
    return tuple(ast.parse(path.read_text(encoding="utf-8")) for path in paths)


@cache
def literals() -> frozenset[str]:
    """Every string literal of the Python sources."""
    return frozenset(
        node.value
        for tree in python_trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


@cache
def refusals() -> frozenset[str]:
    """The codes that the sources refuse with."""
    found = set()
    for tree in python_trees():
        own = _calls_of_refusals(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args and isinstance(first := node.args[0], ast.Constant):
                name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
                if name in {"Refused", "Coded", "_refused"} or (name == "__init__" and node in own):
                    found.add(str(first.value))
    return frozenset(found)


def _calls_of_refusals(tree: ast.AST) -> set[ast.AST]:
    """What stands in a class that is a refusal."""
    return {
        inside
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and any(getattr(base, "id", "") == "Refused" for base in node.bases)
        for inside in ast.walk(node)
    }


def test_every_refusal_of_the_sources_has_its_status() -> None:
    assert refusals() - FRAMES_ALONE - set(STATUS) == set()


def test_no_status_is_kept_for_a_code_that_nothing_refuses_with() -> None:
    assert {code for code in STATUS if code not in literals() - {""}} == set()
    uses = Counter(
        node.value
        for tree in python_trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    only_in_the_table = {code for code in STATUS if code not in refusals() and uses[code] < 2}
    assert only_in_the_table == set()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("code", sorted({*STATUS, *FRAMES_ALONE}))
def test_every_code_has_a_sentence_and_every_status_a_title(code: str, language: str) -> None:
    own = strings(language)
    assert f"problems.{code}" in own or f"media.problem.{code}" in own
    if code in STATUS:
        assert f"problems.title.{STATUS[code]}" in own


def test_no_sentence_is_kept_for_a_code_that_there_is_not() -> None:
    kept = {key.removeprefix("problems.") for key in strings("zh-CN") if key.startswith("problems.")}
    kept |= {
        key.removeprefix("media.problem.") for key in strings("zh-CN") if key.startswith("media.problem.")
    }
    codes = {key for key in kept if not key.startswith("title.")}
    assert codes - set(STATUS) - FRAMES_ALONE == set()
    titles = {int(key.removeprefix("title.")) for key in kept if key.startswith("title.")}
    assert titles - set(STATUS.values()) == set()


# --- keys that are asked for


def templates() -> Iterator[str]:
    for path in (CHECKOUT / "templates").rglob("*.html"):
        yield path.read_text(encoding="utf-8")


def scripts(app: str) -> Iterator[str]:
    for path in (CHECKOUT / "static" / app).rglob("*.js"):
        yield path.read_text(encoding="utf-8")


def asked_by_templates() -> set[str]:
    """Whole keys, and beginnings that a template completes (they end with a dot or an underscore)."""
    return {key for text in templates() for key in re.findall(r"""\bt\(\s*["']([a-z0-9_.]+)""", text)}


def asked_by_scripts(app: str, prefix: str) -> set[str]:
    """Keys in calls of `t` and `has`; of a template literal the parts that vary as `*`."""
    asked = set()
    for text in scripts(app):
        for call in re.finditer(r"(?<![\w.])(?:t|has)\(", text):
            # What is only compared with is no key.
            argument = re.sub(r'[!=]==\s*"[^"]*"', "", _first_argument(text, call.end()))
            for plain, literal in re.findall(r'"([^"\\]*)"|`([^`]*)`', argument):
                key = plain or re.sub(r"\$\{[^}]*\}", "*", literal)
                if re.fullmatch(r"[a-z0-9_*]+(?:\.[a-z0-9_*]+)*", key) and (app == "console" or "." in key):
                    asked.add(f"{prefix}{key}")
    return asked


def _first_argument(text: str, start: int) -> str:
    """From behind a call's bracket to its first comma or end, at the call's own depth."""
    depth, at = 0, start
    quoted = ""
    while at < len(text):
        sign = text[at]
        if quoted:
            quoted = "" if sign == quoted else quoted
        elif sign in "\"'`":
            quoted = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            if depth == 0:
                break
            depth -= 1
        elif sign == "," and depth == 0:
            break
        at += 1
    return text[start:at]


def asked_by_python() -> set[str]:
    """Literals that look like keys; of an f-string the parts that vary as `*`."""
    asked = {literal for literal in literals() if KEY.fullmatch(literal)}
    for tree in python_trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = [str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values]
                if KEY.match("".join(parts).replace("*", "x")):
                    asked.add("".join(parts))
    return asked


def fitting(asked: Iterable[str]) -> Callable[[str], bool]:
    """Whether a key is any of what is asked for."""
    asked = set(asked)
    beginnings = tuple(one for one in asked if one.endswith((".", "_")))
    patterns = [
        re.compile(re.escape(one).replace(r"\*", "[a-z0-9_]+"))
        for one in asked
        if "*" in one and not one.endswith((".", "_"))
    ]

    def fits(key: str) -> bool:
        return key in asked or key.startswith(beginnings) or any(one.fullmatch(key) for one in patterns)

    return fits


def all_asked() -> set[str]:
    return (
        asked_by_templates()
        | asked_by_scripts("citizen", "citizen.")
        | asked_by_scripts("console", "console.script.")
        | asked_by_python()
    )


def test_every_key_that_is_asked_for_exists() -> None:
    keys = set(strings("zh-CN"))
    beginnings = {key[: at + 1] for key in keys for at, sign in enumerate(key) if sign in "._"}
    areas = {beginning.rstrip(".") for beginning in beginnings if beginning.endswith(".")}
    missing = {
        asked
        for asked in all_asked()
        if asked not in areas and asked not in keys and not any(map(fitting([asked]), keys))
    }
    assert missing == set()


def test_every_key_is_asked_for() -> None:
    fits = fitting(all_asked())
    # `term(group, code)` and the scripts' plurals name a part of the key; so do lists of keys.
    fits_word = fitting(
        literal for text in chain(scripts("citizen"), scripts("console")) for literal in _words_of(text)
    )
    groups = set(re.findall(r"""\bterm\(\s*["']([a-z_]+)""", "".join(templates())))
    unused = {
        key
        for key in strings("zh-CN")
        if not key.startswith("miniprogram.")  # which test_miniprogram.py holds against its sources
        and not fits(key)
        and not (key.split(".")[0] in {"console", "terms"} and key.split(".")[1] in groups)
        and not fits_word(key.partition(".")[2])
        and not fits_word(key.removeprefix("console.script."))
        and not (key.endswith("_one") and fits(key.removesuffix("_one")))
    }
    assert unused == set(), sorted(unused)


def _words_of(text: str) -> Iterator[str]:
    for plain, literal in re.findall(r'"([^"\\\n]*)"|`([^`]*)`', text):
        word = plain or re.sub(r"\$\{[^}]*\}", "*", literal)
        # A lone `*` would be any key there is.
        if re.fullmatch(r"[a-z0-9_.*]+", word) and re.search(r"[a-z]{3}", word):
            yield word
