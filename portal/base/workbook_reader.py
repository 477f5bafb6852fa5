"""The process that opens somebody's workbook: few seconds, little memory, no files to write. A script of its own.

It is started by `base.workbooks` as `python -I workbook_reader.py PAGES COLUMNS ROWS`, takes the file on its standard
input and prints JSON. It imports nothing of the portal, because a start must be quick.
"""

import io
import json
import resource
import sys

MEMORY = 512 * 1024 * 1024
SECONDS = 10
MAX_CELL = 5_000
MAX_TEXT = 8_000_000
TOO_LONG = 3


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def pages_of(content: bytes, pages: int, columns: int, rows: int) -> list[list[list[object]]]:
    """The first pages, the columns of each row; exits with TOO_LONG past `rows` of a page or `MAX_TEXT` letters."""
    # openpyxl would take numpy where it is installed, whose threads reserve more memory than the limit on large machines
    sys.modules["numpy"] = None
    from openpyxl import load_workbook  # after the limits

    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    found, letters = [], 0
    for page in book.worksheets[:pages]:
        page.reset_dimensions()
        lines = []
        for values in page.iter_rows(max_col=columns, values_only=True):
            if len(lines) == rows:
                sys.exit(TOO_LONG)
            lines.append([_plain(value) for value in values])
            letters += sum(len(value) for value in lines[-1] if isinstance(value, str))
            if letters > MAX_TEXT:
                sys.exit(TOO_LONG)
        found.append(lines)
    return found


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:MAX_CELL]


if __name__ == "__main__":
    limit()
    asked = [int(one) for one in sys.argv[1:]]
    json.dump(pages_of(sys.stdin.buffer.read(), *asked), sys.stdout)
