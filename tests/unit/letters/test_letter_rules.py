"""What a letter says as plain data, and how a hash is read."""

from datetime import UTC, datetime

import pytest

from portal.base.words import say, use_language
from portal.letters.rules import LetterContent, LetterKind, Section, read_hash


def test_sections_come_as_text_as_pairs_or_ready():
    with use_language("en"):
        content = LetterContent(
            title=say("제목", "Title"),
            addressee="A",
            lead="B",
            sections=(
                (say("까닭", "Reason"), "one sentence"),
                ("Facts", [("Total", 82.5), (say("결과", "Outcome"), "x")]),
                Section("Table", (), (("a", "1"),), ("Name", "Points")),
            ),
        )
    assert content.title == "Title"
    assert [one.heading for one in content.sections] == ["Reason", "Facts", "Table"]
    assert content.sections[0].paragraphs == ("one sentence",)
    assert content.sections[1].rows == (("Total", "82.5"), ("Outcome", "x"))


def test_content_comes_back_from_what_was_kept():
    content = LetterContent("T", "A", "L", (("H", ["text", ("n", "v")]),), "R", "S", datetime(2026, 11, 20, tzinfo=UTC))
    assert LetterContent.from_dict(content.as_dict()) == content


@pytest.mark.parametrize("typed", ["ab" * 32, "AB" * 32, " ".join(["abab"] * 16), "SHA-256 " + "ab" * 32, "sha256:" + "ab" * 32])
def test_a_hash_is_read_however_it_is_typed(typed):
    assert read_hash(typed) == "ab" * 32


@pytest.mark.parametrize("typed", ["", "ab" * 31, "zz" * 32, "ab" * 33])
def test_what_is_no_hash_is_refused(typed):
    assert read_hash(typed) is None


def test_every_kind_has_a_name_in_both_languages():
    assert len({kind.label.ko for kind in LetterKind}) == len({kind.label.en for kind in LetterKind}) == len(LetterKind)
