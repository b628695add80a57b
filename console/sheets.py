"""Tables as files: CSV with a figure on each line, and XLSX with a sheet for each table.

No cell can become a formula, whoever opens it: a text that begins as one would is given an apostrophe in CSV, and in
XLSX every text is written as text. What is exported is bounded by what the page shows: some thousand figures.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

import xlsxwriter  # type: ignore[import-untyped]  # carries no types

from console.figures_tables import Cell, Table
from dispatch.words import Words

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

# What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Names of sheets end after 31 characters and have none of these.
_NOT_IN_A_NAME = str.maketrans("", "", "[]:*?/\\'")


def as_csv(tables: Sequence[Table], words: Words, about: Sequence[tuple[str, str]]) -> Iterator[bytes]:
    """Table, row and column in words, then the figure: shares as parts of one, durations in seconds. A first part says
    what it is `about`. UTF-8 with its mark, without which offices read Chinese wrongly."""
    yield "\ufeff".encode()
    heads = [words(f"console.figures.csv_{name}") for name in ("table", "row", "column", "value")]
    yield _csv_lines([heads])
    yield _csv_lines([words("console.figures.about"), label, "", value] for label, value in about)
    for table in tables:
        title = words(f"console.figures.{table.name}.title")
        yield _csv_lines(
            [title, row.label, words(f"console.figures.column.{column}"), _number(cell)]
            for row in table.rows
            for column, cell in zip(table.columns, row.cells, strict=True)
        )


def _csv_lines(rows: Iterable[Sequence[object]]) -> bytes:
    into = io.StringIO()
    writer = csv.writer(into, lineterminator="\r\n")
    for row in rows:
        writer.writerow([safe(value) for value in row])
    return into.getvalue().encode()


def safe(value: object) -> object:
    """A text that no spreadsheet takes for a formula; a number as it is."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _number(cell: Cell) -> int | float | None:
    if cell.kind == "share":
        return None if cell.share is None else round(cell.share, 6)
    return cell.n


def as_xlsx(tables: Sequence[Table], words: Words, about: Sequence[tuple[str, str]]) -> bytes:
    """A sheet for each table, after one that says what it is `about`."""
    into = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(into, options) as book:
        bold, share = book.add_format({"bold": True}), book.add_format({"num_format": "0.0%"})
        count = book.add_format({"num_format": "#,##0"})
        first = book.add_worksheet(_sheet_name(words("console.figures.about"), 0))
        for at, (label, value) in enumerate(about):
            first.write_string(at, 0, label, bold)
            first.write_string(at, 1, value)
        first.set_column(0, 1, 32)
        for place, table in enumerate(tables, 1):
            sheet = book.add_worksheet(_sheet_name(words(f"console.figures.{table.name}.title"), place))
            sheet.freeze_panes(1, 1)
            sheet.set_column(0, 0, 24)
            sheet.set_column(1, len(table.columns), 14)
            for column, name in enumerate(table.columns, 1):
                sheet.write_string(0, column, words(f"console.figures.column.{name}"), bold)
            for at, row in enumerate(table.rows, 1):
                sheet.write_string(at, 0, row.label, bold if row.stressed else None)
                for column, cell in enumerate(row.cells, 1):
                    if (number := _number(cell)) is not None:
                        sheet.write_number(at, column, number, share if cell.kind == "share" else count)
    return into.getvalue()


def _sheet_name(title: str, number: int) -> str:
    """Unlike any other of the book, whatever the language says."""
    return f"{number} {title}".translate(_NOT_IN_A_NAME)[:31]
