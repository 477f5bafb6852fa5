"""The English catalogue is complete: every string on a screen has its English, with the same places to fill."""

import re
import subprocess
import sys
from pathlib import Path

from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
PLACES = re.compile(r"%\(\w+\)[sd]|\{\w*\}")


def catalogue(path):
    with path.open("rb") as file:
        return {message.id: message.string for message in read_po(file) if message.id}


def test_every_string_of_the_screens_stands_in_the_english_catalogue(tmp_path):
    found = tmp_path / "found.pot"
    command = [sys.executable, "-m", "babel.messages.frontend", "-q", "extract", "-F", "babel.cfg", "-k", "_l"]
    subprocess.run([*command, "-k", "lazy_gettext", "-o", str(found), "."], cwd=ROOT, check=True)
    english = catalogue(ROOT / "portal/translations/en/LC_MESSAGES/messages.po")
    assert [text for text in catalogue(found) if not english.get(text)] == []


def test_an_english_string_fills_the_same_places():
    english = catalogue(ROOT / "portal/translations/en/LC_MESSAGES/messages.po")
    wrong = [
        korean for korean, text in english.items() if sorted(PLACES.findall(korean)) != sorted(PLACES.findall(text))
    ]
    assert wrong == []


def test_an_english_string_holds_no_korean():
    english = catalogue(ROOT / "portal/translations/en/LC_MESSAGES/messages.po")
    assert [text for text in english.values() if re.search("[가-힣]", text)] == []
