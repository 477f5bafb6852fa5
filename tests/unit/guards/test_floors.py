"""The import floors are watched: an import planted in a copy of the tree breaks the contract that forbids it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

# file, the planted line, the contract that must break
PLANTED = {
    "base reaches up to a feature": ("portal/base/clock.py", "import portal.accounts.rules", "1 packages"),
    "a feature reaches up to a higher one": ("portal/accounts/service.py", "import portal.scoring.rules", "1 packages"),
    "siblings see each other": ("portal/directory/rules.py", "import portal.profiles.rules", "1 packages"),
    "models reach up to service": ("portal/accounts/models.py", "import portal.accounts.service", "2 rooms"),
    "rules know the database": ("portal/scoring/rules.py", "import sqlalchemy", "3 rules"),
    "service knows Flask": ("portal/accounts/service.py", "import flask", "4 service"),
    "service knows the web floor": ("portal/accounts/service.py", "import portal.web.forms", "4 service"),
}


def contracts(root: Path) -> str:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "COLUMNS": "200"},
        capture_output=True,
        text=True,
    )
    return done.stdout + done.stderr


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "portal", tmp_path / "portal", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_tree_keeps_all_floors(tree):
    assert "Contracts: 4 kept, 0 broken." in contracts(tree)


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_import_is_caught(tree, name):
    file, line, contract = PLANTED[name]
    path = tree / file
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    broken = [text for text in contracts(tree).splitlines() if " BROKEN" in text]
    assert [text for text in broken if text.startswith(contract)] != [], broken
