"""Phases as pure data: what is ahead, what a phase accepts, what a picture keeps."""

import struct
import zlib
from dataclasses import replace
from datetime import date

import pytest

from portal.applications.rules import Status
from portal.evaluation.phases import (
    DEFAULT_PHASES,
    OthersReviews,
    Phase,
    PhaseKind,
    ahead,
    first_of,
    in_order,
    may_decide,
    phase_at,
    problem_of_order,
)
from portal.evaluation.pictures import without_traces

R, W, S, P = (Phase(kind) for kind in PhaseKind)
ALL = (R, W, S, P)


def kinds(phases):
    return [one.kind.value for one in phases]


def test_what_is_ahead_leaves_out_what_is_waived():
    assert kinds(ahead(ALL, Status.WRITTEN)) == ["site", "presentation"]
    assert kinds(ahead(ALL, Status.WRITTEN, {PhaseKind.SITE})) == ["presentation"]
    assert kinds(ahead((R, W, replace(S, waived=True), P), Status.WRITTEN)) == ["presentation"]
    assert kinds(ahead(ALL, Status.PRESENT)) == []
    assert kinds(ahead(DEFAULT_PHASES, Status.WRITTEN)) == []


def test_phases_stand_in_the_order_of_the_procedure():
    assert in_order([P, R, S, W]) == ALL


@pytest.mark.parametrize("status", [Status.SELECTED, Status.REJECTED, Status.WITHDRAWN, Status.SUBMITTED])
def test_outside_evaluation_the_first_phase_counts(status):
    hidden = replace(W, sees_names=False)
    assert not phase_at((R, hidden, P), status).sees_names
    assert phase_at((R, hidden, P), Status.PRESENT).sees_names
    assert first_of((R, replace(W, waived=True), S)).kind is PhaseKind.SITE


def test_a_selection_needs_every_phase_and_a_rejection_none():
    assert may_decide(ALL, Status.WRITTEN, positive=False)
    assert may_decide(ALL, Status.WRITTEN, positive=True).code == "evaluation_phase_ahead"
    assert may_decide(ALL, Status.WRITTEN, True, {PhaseKind.SITE, PhaseKind.PRESENTATION})
    assert may_decide(ALL, Status.PRESENT, positive=True)
    assert may_decide(DEFAULT_PHASES, Status.WRITTEN, positive=True)


def test_a_phase_accepts_work_from_its_first_to_its_last_day():
    phase = replace(W, opens_on=date(2026, 12, 1), closes_on=date(2026, 12, 10))
    codes = [phase.accepts(date(2026, month, day)).code for month, day in ((11, 30), (12, 1), (12, 10), (12, 11))]
    assert codes == ["evaluation_phase_not_open", "", "", "evaluation_phase_over"]
    assert W.accepts(date(2026, 1, 1))


def test_when_the_others_reviews_show():
    rows = {one: replace(W, others_reviews=one) for one in OthersReviews}
    assert [rows[one].shows_others(False) for one in OthersReviews] == [False, False, True]
    assert [rows[one].shows_others(True) for one in OthersReviews] == [False, True, True]


def test_a_phase_of_evaluation_must_remain():
    assert not problem_of_order((R,))
    assert not problem_of_order((R, replace(W, waived=True)))
    assert problem_of_order((R, S))


# --- pictures -----------------------------------------------------------------------------------------------------


def segment(marker, body):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def exif(orientation):
    return b"Exif\x00\x00II\x2a\x00" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0) + b"Owner Han"


def jpeg(*segments):
    return b"\xff\xd8" + b"".join(segments) + b"\xff\xda\x00\x04ab" + b"pixels\xff\xd9"


def test_a_jpeg_keeps_pixels_colours_and_how_it_was_held():
    colours = segment(0xE2, b"ICC_PROFILE\x00\x01\x01data")
    got = without_traces(jpeg(segment(0xE1, exif(6)), segment(0xFE, b"comment"), colours, segment(0xDB, b"table")))
    for gone in (b"Owner Han", b"comment"):
        assert gone not in got
    for kept in (b"pixels\xff\xd9", b"table", b"ICC_PROFILE"):
        assert kept in got
    assert struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0) in got
    assert b"Exif" not in without_traces(jpeg(segment(0xE1, exif(1))))


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def test_a_png_loses_its_texts():
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"0" * 13)
    png = head + chunk(b"tEXt", b"Author\x00Han") + chunk(b"IDAT", b"pixels") + chunk(b"IEND", b"")
    assert without_traces(png) == head + chunk(b"IDAT", b"pixels") + chunk(b"IEND", b"")


@pytest.mark.parametrize("cut", [b"\xff\xd8\xff\xe1\x00\x40abc", b"\xff\xd8\xff", b"\xff\xd8abc", b"\x89PNG\r\n\x1a\n\x00\x00\x01\x00IHDR"])
def test_a_picture_that_breaks_off_is_refused(cut):
    with pytest.raises(ValueError):
        without_traces(cut)
