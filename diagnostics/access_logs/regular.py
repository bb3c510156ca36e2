"""DuckDB's reader of regular lines, and other lines rewritten so that it takes them for what the parser sees."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from diagnostics.access_logs import questions
from diagnostics.access_logs.row import (
    FEWEST_FIELDS,
    FIELDS,
    MAX_LINE_CHARS,
    MOST_UNKNOWN,
    joined,
    split_fields,
)

READER_BUFFER_BYTES = 4 * 2**20
LONGEST_REWRITTEN = READER_BUFFER_BYTES // 2
"""A line that was made regular is longer than it was."""
_NO_FIELD = "\x01absent\x01"
_PLAIN_FIELD = rb'(?:"[^"\\\r\0]*+(?:\\[^x\r\0][^"\\\r\0]*+)*+"|(?!")[^ \r\0]*+)'
_REGULAR = re.compile(
    rb"%b(?: %b){%d,%d}+" % (_PLAIN_FIELD, _PLAIN_FIELD, FEWEST_FIELDS - 1, len(FIELDS) + MOST_UNKNOWN - 1)
)


def reader(path: Path, extra: int, longest: int = LONGEST_REWRITTEN) -> str:
    """The reader of a file of regular lines with at most `extra` fields without a name and so many bytes."""
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in (*FIELDS, *questions.EXTRA[:extra]))
    name = str(path).replace("'", "''")
    return (
        f"read_csv('{name}', columns = {{{columns}}}, delim = ' ', quote = '\"', escape = '\\', new_line = '\\n', "
        "header = false, auto_detect = false, null_padding = true, strict_mode = true, ignore_errors = true, "
        f"nullstr = '{_NO_FIELD}', allow_quoted_nulls = false, "
        f"buffer_size = {READER_BUFFER_BYTES}, max_line_size = {longest})"
    )


def rewritten(lines: Iterable[bytes], longest: int = MAX_LINE_CHARS) -> tuple[list[bytes], int]:
    """The lines that are no longer than this, each so that the reader takes it for the row that the parser sees, and
    how many are damaged."""
    regular: list[bytes] = []
    damaged = 0
    for line in lines:
        if len(line) <= longest and _REGULAR.fullmatch(line) and _is_text(line):
            regular.append(line)
            continue
        text = line.decode("utf-8", "replace")
        fields = split_fields(text) if len(text) <= longest else None
        if fields is None:
            damaged += 1
        else:
            regular.append(joined(fields[: len(questions.COLUMNS)]).encode())
    return regular, damaged


def _is_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
