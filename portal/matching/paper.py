"""A kept list as a paper: what stood before a company when it chose, with the fingerprint of what is kept."""

from __future__ import annotations

from portal.base import clock, marks
from portal.base.pdf import Pdf
from portal.base.words import current_language, say, sentence
from portal.matching.models import Choice
from portal.matching.score import PART_LABELS


def pdf(row: Choice, *, is_intact: bool) -> bytes:
    """The list in the current language; the same list gives the same bytes."""
    facts = row.facts
    sheet = Pdf(
        str(say("고를 때의 추천 목록", "The list at the moment of choice")),
        current_language(),
        row.made_at,
        f"SHA-256 {row.sha256}",
    )
    if marks.is_demo():
        sheet.paragraph(marks.SYNTHETIC, quiet=True)
    if not is_intact:
        sheet.paragraph(
            say(
                "이 기록은 남긴 뒤에 바뀌었습니다. 증거로 쓰지 마세요.",
                "This record was changed after it was kept. Do not use it as evidence.",
            )
        )
    sheet.facts(
        [
            (say("남긴 때", "Kept at"), f"{clock.kst(row.made_at):%Y-%m-%d %H:%M} (KST)"),
            (say("상담을 요청한 곳", "Asked"), ", ".join(one["name"] for one in facts["chosen"])),
            (say("지문(SHA-256)", "Fingerprint (SHA-256)"), row.sha256),
        ]
    )
    for found in facts["lists"]:
        sheet.heading(
            say("오늘의 추천", "Recommended today") if found["kind"] == "nightly" else say("맞는 순서", "By fit")
        )
        if needed := found["needed"]:
            names = ", ".join(str(say(one["ko"], one["en"])) for one in needed)
            sheet.paragraph(say("필요한 기술: {names}", "Technologies needed: {names}").format(names=names))
        for one in found["suppliers"]:
            new = say(" · 새 공급기업", " · new supplier") if one["by_slot"] or one["newcomer"] else ""
            sheet.heading(f"{one['place']}. {one['name']} · {one['score']:.1f} / 100{new}")
            sheet.table(
                [say("부분", "Part"), say("점수", "Points"), say("이유", "Reason")],
                [
                    (PART_LABELS[part["code"]], f"{part['points']:.1f}", say(part["ko"], part["en"]))
                    for part in one["parts"]
                ],
                widths=(22, 10, 68),
            )
        dropped = [f"{sentence(code)}: {count}" for code, count in found.get("dropped", {}).items()]
        rules = say("규칙 {rules} · 씨앗 {seed}", "Rules {rules} · seed {seed}").format(
            rules=found["rules"], seed=found["seed"]
        )
        sheet.paragraph(" · ".join([str(rules), *dropped]), quiet=True)
    return sheet.bytes()
