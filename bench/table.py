"""The figures for a reader, and for a program."""

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from bench.figures import Aim, Figure
from bench.record import Record

COLUMNS = (52, 12, 26, 26, 20)


def lines(record: Record) -> Iterator[str]:
    """The table, line by line: medians of the rounds, least to greatest in brackets."""
    yield _row("", "", "desk110", "floor", "ratio")
    run = ""
    for figure in record.figures:
        if figure.run != run:
            run = figure.run
            yield ""
        yield _line(figure)
    for problem in record.problems:
        yield f"PROBLEM  {problem}"


def _line(figure: Figure) -> str:
    floor = f"{_values(figure.floor)}" if figure.floor else ""
    ratio = f"{_values(figure.ratios)}" if figure.floor else ""
    name = f"{figure.run}  {figure.name}"
    return (_row(name, figure.unit, _values(figure.ours), floor, ratio) + _aim(figure)).rstrip()


def _row(*cells: str) -> str:
    return (
        "".join(cell.ljust(width) for cell, width in zip(cells, COLUMNS, strict=True))
        .rstrip()
        .ljust(sum(COLUMNS))
    )


def _aim(figure: Figure) -> str:
    aim: Aim | None = figure.aim
    if aim is None:
        return ""
    met = {True: "met", False: "MISSED", None: "not measured"}[figure.met]
    return f"aim {aim.way} {aim.bound:g}{' × floor' if aim.of == 'ratio' else ''}: {met}"


def _values(values: Sequence[float]) -> str:
    if not values:
        return "-"
    median = _number(statistics.median(values))
    return f"{median} ({_number(min(values))}–{_number(max(values))})" if len(values) > 1 else median


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def markdown(record: Record) -> Iterator[str]:
    """The same as a table of a page; the floor's name stands beside its value."""
    yield "\n| run | | desk110 | floor | ratio | aim |\n|---|---|---|---|---|---|"
    for figure in record.figures:
        floor = f"{_values(figure.floor)} ({figure.floor_name})" if figure.floor else ""
        ratio = f"{_values(figure.ratios)}" if figure.floor else ""
        unit = f"{_values(figure.ours)} {figure.unit}"
        yield f"| {figure.run} | {figure.name} | {unit} | {floor} | {ratio} | {_aim(figure).removeprefix('aim ')} |"
    for problem in record.problems:
        yield f"\nProblem: {problem}"


def fill(page: Path, text: Sequence[str]) -> None:
    """Replace what stands between the marks `<!-- figures -->` and `<!-- end of figures -->`."""
    before, begin, rest = page.read_text(encoding="utf-8").partition("<!-- figures -->\n")
    _, end, after = rest.partition("<!-- end of figures -->")
    if not begin or not end:
        raise ValueError(f"{page.name} has no place for figures")
    page.write_text(before + begin + "\n".join(text) + "\n" + end + after, encoding="utf-8")


def write(record: Record, about: dict[str, Any], path: Path) -> None:
    """Everything, as JSON; a number that is none is null."""
    told = {
        **about,
        "figures": [figure.told() for figure in record.figures],
        "problems": record.problems,
        "rounds": record.rounds,
    }
    path.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS))
