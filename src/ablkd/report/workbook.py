"""Rows as an xlsx workbook: a sheet a table, numbers as numbers, words never as formulas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ablkd.tables import atomic, column_types

# xlsx cells hold no more; the tables of the run have the whole text.
LONGEST_TEXT = 32767
WIDEST = 60
# A fixed date, so that the same rows give the same bytes.
CREATED = datetime(2000, 1, 1)


@dataclass(frozen=True)
class Sheet:
    """The titles of the columns, and a row of values for each line."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


def sheet_of(row_type: type, rows: Sequence[Any]) -> Sheet:
    """Records as a sheet, a column for each field."""
    columns = list(column_types(row_type))
    return Sheet(columns, [[getattr(row, column) for column in columns] for row in rows])


def write_workbook(path: Path, sheets: Mapping[str, Sheet]) -> None:
    """Write the sheets by name: frozen header, filter, columns as wide as their words.

    Whole numbers and fractions are written as numbers with 6 significant digits, missing cells stay empty.
    """
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with atomic(path) as temporary:
        book = xlsxwriter.Workbook(str(temporary), options)
        book.set_properties({"created": CREATED})
        header = book.add_format({"bold": True, "bottom": 1, "bg_color": "#E4E9ED", "valign": "top"})
        for name, table in sheets.items():
            sheet = book.add_worksheet(name)
            for column, title in enumerate(table.columns):
                texts = [title, *(str(row[column] or "") for row in table.rows)]
                sheet.set_column(column, column, min(WIDEST, max(map(len, texts)) + 3))
                sheet.write_string(0, column, title, header)
                for line, row in enumerate(table.rows, start=1):
                    _write(sheet, line, column, row[column])
            sheet.freeze_panes(1, 1)
            sheet.autofilter(0, 0, max(1, len(table.rows)), len(table.columns) - 1)
        book.close()


def _write(sheet: Any, line: int, column: int, value: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, (int, float)):
        sheet.write_number(line, column, value if isinstance(value, int) else float(f"{value:.6g}"))
    else:
        sheet.write_string(line, column, str(value)[:LONGEST_TEXT])
