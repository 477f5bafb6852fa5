"""A case as an evaluator reads it: frozen answers beside evidence, the own words, what is lacking, the suggestion."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.applications.rules import IN_EVALUATION
from portal.base.access import SYSTEM, NotVisible, Verdict
from portal.base.words import Words
from portal.evaluation import masking, plans, rubric, rules
from portal.evaluation.models import Assignment, Review
from portal.evaluation.queries import profile_version_id, suggestion_of
from portal.evaluation.rubric import Rubric
from portal.evaluation.rules import Judged, Problem, Scored
from portal.profiles import queries as profiles
from portal.profiles import questionnaire
from portal.profiles.questionnaire import Area, Item
from portal.profiles.rules import EvidenceTag
from portal.programmes.rules import Tier
from portal.scoring import explanation, instrument, record, registry
from portal.scoring.explanation import Explanation, Settlement
from portal.scoring.models import Suggestion
from portal.scoring.voice import Speaker


@dataclass(frozen=True)
class EvidenceFile:
    """key: for the download of `profiles`. tag: what kind of proof the firm calls it."""

    key: str
    filename: str
    tag: str

    @property
    def label(self) -> Words | str:
        return EvidenceTag(self.tag).label if self.tag in set(EvidenceTag) else ""


@dataclass(frozen=True)
class ItemLine:
    """One answer beside its evidence and the evaluator's word. level: None for 해당 없음."""

    item: Item
    level: int | None
    unsure: bool
    evidence: tuple[EvidenceFile, ...]
    flags: tuple[Words, ...]
    word: Judged | None
    after: bool = False

    @property
    def must_judge(self) -> bool:
        return rules.must_judge(self.level, bool(self.flags))

    @property
    def is_bare(self) -> bool:
        """A high claim without a file."""
        return self.level is not None and self.level >= rules.MUST_JUDGE_FROM and not self.evidence


@dataclass(frozen=True)
class AreaLines:
    area: Area
    lines: tuple[ItemLine, ...]

    @property
    def open(self) -> int:
        """How many lines still wait for a word."""
        return sum(line.must_judge and line.word is None for line in self.lines)


@dataclass(frozen=True)
class CaseFile:
    """Answers and evidence of a case as they were handed in, beside what this evaluator said of them."""

    areas: tuple[AreaLines, ...]
    flags: tuple[Words, ...]

    @property
    def lines(self) -> list[ItemLine]:
        return [line for area in self.areas for line in area.lines]

    @property
    def open(self) -> int:
        return sum(area.open for area in self.areas)


@dataclass(frozen=True)
class Diagnosis:
    """A frozen diagnosis: levels by item (None: not applicable), 모르겠음, files, and the flags on it."""

    questions: questionnaire.Questionnaire
    levels: Mapping[str, int | None]
    unsure: frozenset[str]
    evidence: Mapping[str, Sequence[Mapping[str, Any]]]
    flags: tuple[Words, ...]
    flagged: Mapping[str, tuple[Words, ...]]


def diagnosis_of(application_id: int) -> Diagnosis:
    """The answers that the application handed in. Who calls has checked the right. Raises: NotVisible."""
    version_id = profile_version_id(application_id)
    if version_id is None:
        raise NotVisible
    kept = profiles.diagnosis_snapshot(version_id)
    scorer = instrument.load(kept["instrument"])
    levels = {code: kept["answers"][code] for code in scorer.questions.codes if code in kept["answers"]}
    raised = set(scorer.contradictions({code: level for code, level in levels.items() if level is not None}))
    flags, flagged = [], {}
    for row in scorer.settings["contradictions"]:
        if row["code"] in raised:
            words = Words(row["ko"], row["en"])
            flags.append(words)
            for code in (row["high"][0], row["low"][0]):
                flagged[code] = (*flagged.get(code, ()), words)
    return Diagnosis(
        scorer.questions, levels, frozenset(kept.get("unsure") or ()), kept.get("evidence") or {}, tuple(flags), flagged
    )


def case_file(assignment: Assignment) -> CaseFile:
    """What an evaluator works on. Only for an opened case; who calls got it by `case_by_key`."""
    found = diagnosis_of(assignment.application_id)
    shown = masking.shown(assignment.application)
    review = assignment.review
    words = review.judged if review else {}
    drafts = review.items if review else {}
    areas = []
    for area in found.questions.areas:
        lines = tuple(
            ItemLine(
                item=found.questions.items[code],
                level=found.levels[code],
                unsure=code in found.unsure,
                evidence=tuple(
                    EvidenceFile(
                        one.get("evidence_key", ""), shown.file_name(one["filename"], f"{code}-{n}"), one.get("tag", "")
                    )
                    for n, one in enumerate(found.evidence.get(code, ()), start=1)
                ),
                flags=found.flagged.get(code, ()),
                word=words.get(code),
                after=bool(drafts.get(code, {}).get("after")),
            )
            for code in area.items
            if code in found.levels
        )
        areas.append(AreaLines(area, lines))
    return CaseFile(tuple(areas), found.flags)


@dataclass(frozen=True)
class EvidenceContent:
    """What a download needs; filename as this evaluator may read it."""

    id: int
    sha256: str
    filename: str
    media_type: str


def evidence_of(assignment: Assignment, evidence_key: str) -> EvidenceContent:
    """One file of an opened case that is still in evaluation. Raises: NotVisible."""
    opened = assignment.declared_at is not None and assignment.application.status in IN_EVALUATION
    names = {one.key: one.filename for line in case_file(assignment).lines for one in line.evidence} if opened else {}
    row = profiles.evidence_by_key(SYSTEM, evidence_key) if evidence_key in names else None
    if row is None:
        raise NotVisible
    return EvidenceContent(row.id, row.blob.sha256, names[evidence_key], row.blob.media_type)


def what_is_missing(assignment: Assignment, review: Review) -> list[Problem]:
    """Everything that an own score still lacks, by field of the pages: items, points, comments, tier."""
    found = diagnosis_of(assignment.application_id)
    problems = rules.items_lacking(found.levels, found.flagged, review.judged)
    problems += sheet_lacking(rubric.load(assignment.panel.rubric), review.scored)
    if review.own_tier is None:
        problems.append(Problem("own_tier", Verdict(False, "evaluation_tier_missing")))
    return problems


def sheet_lacking(sheet: Rubric, scored: Mapping[str, Scored]) -> list[Problem]:
    lacking = []
    for criterion in sheet.criteria:
        one = scored.get(criterion.code)
        if one is None or (one.points is None and not one.not_applicable):
            lacking.append(Problem(f"{criterion.code}_points", Verdict(False, "evaluation_points_missing")))
        elif not one.comment:
            lacking.append(Problem(f"{criterion.code}_comment", Verdict(False, "evaluation_comment_missing")))
    return lacking


def may_see_suggestion(assignment: Assignment) -> bool:
    """Only once this evaluator's own score is locked, and only where the phase shows the suggestion at all."""
    review = assignment.review
    return (
        review is not None
        and review.own_locked_at is not None
        and plans.phase_of(assignment.application).shows_suggestion
    )


def own_suggestion(assignment: Assignment) -> Explanation | None:
    """The suggestion in words, and only once this evaluator's own score is locked."""
    if not may_see_suggestion(assignment):
        return None
    return suggestion_in_words(assignment.application_id)


def suggestion_in_words(application_id: int) -> Explanation | None:
    suggestion = suggestion_of(application_id)
    return explanation.explain(suggestion.answer) if suggestion else None


def settlement(assignment: Assignment) -> Settlement | None:
    """Which evidence would settle the case, and only once this evaluator's own score is locked."""
    if not may_see_suggestion(assignment):
        return None
    suggestion = suggestion_of(assignment.application_id)
    if suggestion is None:
        return None
    try:
        speaker = registry.speaker_of(suggestion)
    except registry.Damaged:
        return None  # what spoke can't be asked any more; its words stand as they were stored
    return explanation.settlement(json.loads(suggestion.inputs), suggestion.instrument_version, speaker)


def as_reviewed(assignment: Assignment) -> Explanation | None:
    """What the scorer says when this evaluator's verdicts replace the firm's claims; None when no word was said."""
    if not may_see_suggestion(assignment):
        return None
    return _rescored(assignment.application_id, assignment.review.judged)


def _rescored(application_id: int, judged: Mapping[str, Judged]) -> Explanation | None:
    suggestion = suggestion_of(application_id)
    if suggestion is None or not judged:
        return None
    given = json.loads(suggestion.inputs)
    for code, word in judged.items():
        if word.verdict is rules.ItemVerdict.REJECT:
            given["rejected"] = sorted({*given["rejected"], code})
            continue
        if word.verdict is rules.ItemVerdict.CORRECT and word.level is not None:
            given["answers"][code] = word.level
        # a level that an expert accepted or set stands on the expert's word: it counts as shown
        given["evidence"].setdefault(code, [])
    return explanation.explain(record.result(given, suggestion.instrument_version, _speaker(suggestion)))


def _speaker(suggestion: Suggestion) -> Speaker | None:
    """Who made the suggestion; the instrument for one whose file is gone."""
    try:
        return registry.speaker_of(suggestion)
    except registry.Damaged:
        return None


def in_words(value: Any) -> str:
    """A part of a review as a person reads it in the comparison of two versions."""
    if isinstance(value, Tier):
        return str(value.label)
    if isinstance(value, dict):
        return "\n".join(f"{code}: {_row_in_words(row)}" for code, row in value.items())
    return "" if value is None else str(value)


def _row_in_words(row: Mapping[str, Any]) -> str:
    verdict = rules.ItemVerdict(row["verdict"]).label if row.get("verdict") else ""
    parts = [verdict, row.get("level"), row.get("points"), row.get("note"), row.get("comment")]
    return " · ".join(str(part) for part in parts if part not in (None, ""))
