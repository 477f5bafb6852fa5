"""The documents that are made from the code say what the code says now."""

from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", ["permissions", "map"])
def test_a_generated_document_is_current(app, name):
    printed = app.test_cli_runner().invoke(args=["portal", name])
    assert printed.exit_code == 0, printed.output
    assert (DOCS / f"{name}.md").read_text(encoding="utf-8") == printed.output, "run `make docs` and check it in"
