"""docs/operations.md tells of every command and of every alarm, and of none that there is not."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

import cli
from dispatch.settings import CHECKOUT

PAPER = (CHECKOUT / "docs" / "operations.md").read_text(encoding="utf-8")
PRODUCT = ("api", "commands", "console", "dispatch", "processes", "realtime", "web")


def section(title: str) -> str:
    """What stands under a heading."""
    return PAPER.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """The first cell of each row of a section's tables."""
    rows = [line.replace("\\|", "\0") for line in text.splitlines() if line.startswith("| `")]
    return [row.split("|")[1].replace("\0", "|").strip() for row in rows]


def commands(of: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command by what is typed."""
    of = of or get_command(cli.app)
    if not hasattr(of, "commands"):
        yield " ".join(path), of
        return
    for name, one in of.commands.items():
        yield from commands(one, (*path, name))


def written() -> list[str]:
    """Every command as the table has it."""
    return [
        one for cell in first_cells(section("The command line")) for one in re.findall(r"`([^`]+)`", cell)
    ]


def test_the_table_has_every_command_and_no_other() -> None:
    known = dict(commands())
    named: set[str] = set()
    for one in (line for line in written() if not line.isdigit()):
        name = next(
            (name for name in sorted(known, key=len, reverse=True) if f"{one} ".startswith(f"{name} ")), None
        )
        assert name, f"there is no command `{one}`"
        named.add(name)
        options = {option for parameter in known[name].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", one)) <= options, one
    assert named == set(known)


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_what_a_command_must_be_given_stands_beside_it(name: str, command: Any) -> None:
    [one, *_] = [line for line in written() if f"{line} ".startswith(f"{name} ")]
    for parameter in command.params:
        if parameter.required and parameter.param_type_name == "option":
            assert parameter.opts[0] in one, f"`{name}` needs {parameter.opts[0]}"


def test_every_table_is_one_table() -> None:
    """Rows without a head above them are what a merge leaves behind."""
    lines = PAPER.splitlines()
    for before, line, after in zip(["", *lines], lines, [*lines[1:], ""], strict=False):
        if line.startswith("|") and not before.startswith("|"):
            assert re.fullmatch(r"\|(---\|)+", after), line


def alarms() -> set[str]:
    """Every event that is logged as a warning or worse."""
    found: set[str] = set()
    files = [path for name in PRODUCT for path in (CHECKOUT / name).rglob("*.py")]
    for path in (*files, *(CHECKOUT / name for name in ("asgi.py", "ground.py", "worker.py"))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in {"warning", "error", "critical"}
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "log"
            ):
                assert isinstance(node.args[0], ast.Constant), path
                found.add(str(node.args[0].value))
    return found | {"library"}  # what libraries log is passed on under this name


def test_every_alarm_says_what_it_means_and_what_to_do() -> None:
    told = {name for cell in first_cells(section("Logs")) for name in re.findall(r"`(\w+)`", cell)}
    assert alarms() - told == set()
    assert told - alarms() == set()


def test_every_state_of_readyz_and_every_figure_that_is_named_exists() -> None:
    well = section("Is it well?")
    source = (CHECKOUT / "asgi.py").read_text(encoding="utf-8")
    checks = set(re.findall(r'"(\w+)": (?:database|redis|feed)\b', source))
    states = {
        name for name in re.findall(r"^\| `(\w+)` \|", well, re.MULTILINE) if not name.startswith("desk110_")
    }
    assert states == checks
    figures = (CHECKOUT / "dispatch" / "figures.py").read_text(encoding="utf-8")
    assert set(re.findall(r"`(desk110_\w+)", well)) <= set(re.findall(r'"(desk110_\w+)"', figures))
