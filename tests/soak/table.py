"""What a soak prints."""

from collections.abc import Iterator
from statistics import median

from tests.history.checker import SORTS
from tests.soak.run import Effort, Result

FIELDS = ("fault", "times", "longest gap, s", "median, s")


def lines(effort: Effort, result: Result) -> Iterator[str]:
    """The table, as Markdown has it."""
    database = "PostgreSQL" if effort.on_postgresql else "SQLite"
    yield (
        f"{result.took_s / 60:.1f} min on {database}, {effort.desks} desks, {effort.consoles} consoles, "
        f"{effort.rate:g} reports a second wanted, {result.filed / result.took_s:.1f} had; seed {effort.seed}; "
        f"{result.memory_mib:.0f} MiB at most in the process of the people and the checker"
    )
    yield ""
    yield from _table(
        ("stretches", "faults", "filed", "acknowledged", *SORTS),
        [
            (
                result.stretches,
                result.faults,
                result.filed,
                result.acknowledged,
                *(result.sorts[each] for each in SORTS),
            )
        ],
    )
    yield ""
    rows = sorted(result.gaps.items(), key=lambda item: -max(item[1]))
    yield from _table(
        FIELDS, [(name, len(gaps), f"{max(gaps):.2f}", f"{median(gaps):.2f}") for name, gaps in rows]
    )
    for name, count in sorted(result.not_fired.items()):
        yield f"\n{name}: {count} times its moment did not come, and nothing was injected"
    for sentence in (*result.first, *result.problems):
        yield f"\nBROKEN: {sentence}"


def _table(heads: tuple[str, ...], rows: list[tuple[object, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"
