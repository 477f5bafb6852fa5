"""Shape and wording of what evaluators, chairs and operators type. Drafts are lenient; the service says what lacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from portal.conflicts.rules import ConflictKind
from portal.evaluation.casefile import CaseFile
from portal.evaluation.fairness import COMMENT_LENGTH as RATING_LENGTH
from portal.evaluation.fairness import MARK_LABELS, MARKS, PressureSource, Question
from portal.evaluation.lots import Wish
from portal.evaluation.models import Review
from portal.evaluation.phases import PhaseKind
from portal.evaluation.rubric import Rubric
from portal.evaluation.rules import CHOICES, SEAT_ENDED, TIERS, ItemVerdict, Member, Outcome, RecusalReason
from portal.programmes.rules import Tier
from portal.web.forms import Form, OnceForm, VersionedForm

NOTE_LENGTH = 500
COMMENT_LENGTH = 1000
REASON_MAX = 2000


def _tier(value: Any) -> Tier | None:
    return Tier(value) if value in set(Tier) else None


def _level(value: Any) -> int | None:
    return int(value) if str(value) in tuple("012345") else None  # not "in a string": that would let "12" through


def _verdict(value: Any) -> str | None:
    return value if value in set(ItemVerdict) else None


class TierField(RadioField):
    """The three tiers from the highest to the lowest."""

    def __init__(self, label: Any, **options: Any):
        choices = [(tier, tier.label) for tier in reversed(TIERS)]
        super().__init__(
            label, choices=choices, coerce=_tier, validators=[Optional()], validate_choice=False, **options
        )


class ChecklistField(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


# --- the evaluator ------------------------------------------------------------------------------------------


class OpenForm(Form):
    no_conflict = BooleanField(_l("위 신청기업·공급기업과 이해관계가 없으며, 알게 된 내용을 밖에 알리지 않겠습니다."))

    asked: tuple[ConflictKind, ...] = ()

    @property
    def answers(self) -> dict[ConflictKind, bool]:
        """Soft kinds that were answered → whether it is a conflict."""
        given = {kind: self[f"soft_{kind.value}"].data for kind in self.asked}
        return {kind: answer == "yes" for kind, answer in given.items() if answer in ("yes", "no")}


def open_form(asked: Sequence[ConflictKind]) -> type[OpenForm]:
    """The declaration with a question for each soft conflict that was found."""
    fields: dict[str, Any] = {"asked": tuple(asked)}
    for kind in asked:
        fields[f"soft_{kind.value}"] = RadioField(
            kind.question,
            choices=[("no", _l("아니요")), ("yes", _l("예, 이해관계가 있습니다"))],
            validators=[Optional()],
            validate_choice=False,
        )
    return type("OpenForm", (OpenForm,), fields)


class RecuseForm(Form):
    reason = RadioField(
        _l("회피하는 까닭"),
        choices=[(one.value, one.label) for one in RecusalReason if one not in SEAT_ENDED],
        validators=[Optional()],
        validate_choice=False,
    )

    @property
    def chosen(self) -> RecusalReason | None:
        return RecusalReason(self.reason.data) if self.reason.data in set(RecusalReason) - SEAT_ENDED else None


class ItemsForm(VersionedForm):
    """Three fields per item: <code>_verdict, <code>_level, <code>_note; made by `items_form`."""

    codes: Sequence[str] = ()

    @property
    def given(self) -> dict[str, dict[str, Any]]:
        return {
            code: {
                "verdict": self[f"{code}_verdict"].data or None,
                "level": self[f"{code}_level"].data,
                "note": self[f"{code}_note"].data or "",
            }
            for code in self.codes
        }

    def accept_rest(self, codes: Sequence[str]) -> None:
        """Accept what has no word yet."""
        for code in codes:
            field = self[f"{code}_verdict"]
            field.data = field.data or ItemVerdict.ACCEPT.value


def items_form(case: CaseFile) -> type[ItemsForm]:
    """The form class for the items of one case."""
    fields: dict[str, Any] = {"codes": tuple(line.item.code for line in case.lines)}
    verdicts = [(one.value, one.label) for one in ItemVerdict]
    for line in case.lines:
        item = line.item
        levels = [("", ""), *((str(n), str(n)) for n in range(len(item.anchors)))]
        fields[f"{item.code}_verdict"] = RadioField(
            f"{item.code} {item.title}",
            choices=verdicts,
            coerce=_verdict,
            validators=[Optional()],
            validate_choice=False,
        )
        fields[f"{item.code}_level"] = SelectField(
            _l("정정 수준"), choices=levels, coerce=_level, validators=[Optional()], validate_choice=False
        )
        fields[f"{item.code}_note"] = StringField(_l("까닭"), validators=[Optional(), Length(max=NOTE_LENGTH)])
    return type("ItemsForm", (ItemsForm,), fields)


def fill_items(case: CaseFile, drafts: dict[str, Any]) -> dict[str, Any]:
    """The stored words as form data."""
    data: dict[str, Any] = {}
    for line in case.lines:
        row = drafts.get(line.item.code) or {}
        data[f"{line.item.code}_verdict"] = row.get("verdict")
        data[f"{line.item.code}_level"] = row.get("level")
        data[f"{line.item.code}_note"] = row.get("note") or ""
    return data


class ScoresForm(VersionedForm):
    """Three fields per criterion: <code>_points, <code>_na, <code>_comment; made by `scores_form`."""

    codes: Sequence[str] = ()
    comment = TextAreaField(
        _l("종합 의견"),
        description=_l("신청기업이 읽습니다. 이름은 보이지 않습니다."),
        validators=[Optional(), Length(max=REASON_MAX)],
    )
    own_tier = TierField(_l("내가 보는 유형"))

    @property
    def given(self) -> dict[str, dict[str, Any]]:
        return {
            code: {
                "points": None if self[f"{code}_points"].data is None else float(self[f"{code}_points"].data),
                "na": bool(f"{code}_na" in self and self[f"{code}_na"].data),
                "comment": self[f"{code}_comment"].data or "",
            }
            for code in self.codes
        }


def scores_form(sheet: Rubric) -> type[ScoresForm]:
    """The form class for one score sheet."""
    return type("ScoresForm", (ScoresForm,), _score_fields(sheet))


def _score_fields(sheet: Rubric) -> dict[str, Any]:
    fields: dict[str, Any] = {"codes": tuple(one.code for one in sheet.criteria)}
    for one in sheet.criteria:
        fields[f"{one.code}_points"] = DecimalField(str(one.title), validators=[Optional()])
        if one.not_applicable_allowed:
            fields[f"{one.code}_na"] = BooleanField(_l("해당 없음"))
        fields[f"{one.code}_comment"] = TextAreaField(
            _l("%(criterion)s 의견", criterion=one.title),
            validators=[Optional(), Length(max=COMMENT_LENGTH)],
            render_kw={"rows": 2},
        )
    return fields


def fill_scores(sheet: Rubric, scores: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for one in sheet.criteria:
        row = scores.get(one.code) or {}
        data[f"{one.code}_points"] = row.get("points")
        data[f"{one.code}_na"] = row.get("na", False)
        data[f"{one.code}_comment"] = row.get("comment") or ""
    return data


class FinalForm(VersionedForm):
    final_tier = TierField(_l("최종 유형"))
    reason = TextAreaField(
        _l("다르게 보는 까닭"),
        description=_l("산정 유형과 다를 때 30자 이상 적어 주세요."),
        validators=[Optional(), Length(max=REASON_MAX)],
    )


class SheetForm(Form):
    file = FileField(_l("평가표 파일"), validators=[FileRequired(_l("올릴 파일을 골라 주세요."))])


class TakeOverForm(Form):
    plan = HiddenField()


# --- the chair ----------------------------------------------------------------------------------------------


class DecisionForm(OnceForm):
    tier = TierField(_l("결정 유형"))
    outcome = RadioField(
        _l("결과"),
        choices=[(one.value, one.label) for one in CHOICES],
        validators=[Optional()],
        validate_choice=False,
    )
    items = ChecklistField(_l("변경의 근거가 되는 항목"), validators=[Optional()], validate_choice=False)
    reason = TextAreaField(
        _l("결정 사유"),
        description=_l("신청기업이 읽습니다. 산정 유형을 바꾸거나 선정하지 않을 때는 30자 이상 적어 주세요."),
        validators=[Optional(), Length(max=REASON_MAX)],
    )

    waiver = TextAreaField(
        _l("추가 평가를 기다리지 않는 까닭"),
        description=_l("추가 평가 없이 결정할 때만 30자 이상 적어 주세요. 감사 기록에 남습니다."),
        validators=[Optional(), Length(max=REASON_MAX)],
    )

    @property
    def chosen_outcome(self) -> Outcome | None:
        return Outcome(self.outcome.data) if self.outcome.data in set(CHOICES) else None


class ConveneForm(OnceForm):
    question = TextAreaField(
        _l("함께 볼 것"),
        description=_l("위원이 읽습니다. 어느 항목에서 의견이 갈렸는지 적어 주세요."),
        validators=[Optional(), Length(max=REASON_MAX)],
    )
    due = DateField(_l("회의 마감일"), validators=[DataRequired(_l("마감일을 골라 주세요."))])


class NotesForm(VersionedForm):
    """What the panel agreed on, one field per criterion (note_<code>); made by `notes_form`."""

    codes: Sequence[str] = ()
    summary = TextAreaField(_l("합의 내용"), validators=[Optional(), Length(max=REASON_MAX)])

    @property
    def given(self) -> dict[str, str]:
        return {code: self[f"note_{code}"].data or "" for code in self.codes}


def notes_form(sheet: Rubric) -> type[NotesForm]:
    fields: dict[str, Any] = {"codes": tuple(one.code for one in sheet.criteria)}
    for one in sheet.criteria:
        fields[f"note_{one.code}"] = TextAreaField(
            str(one.title), validators=[Optional(), Length(max=COMMENT_LENGTH)], render_kw={"rows": 2}
        )
    return type("NotesForm", (NotesForm,), fields)


class ReviseForm(ScoresForm):
    """A submitted review once more: points, comments, final tier, and why; made by `revise_form`."""

    final_tier = TierField(_l("최종 유형"))
    tier_reason = TextAreaField(
        _l("유형을 다르게 보는 까닭"),
        description=_l("산정 유형과 다를 때 30자 이상 적어 주세요."),
        validators=[Optional(), Length(max=REASON_MAX)],
    )
    why = TextAreaField(
        _l("고치는 까닭"),
        description=_l("30자 이상 적어 주세요. 고치기 전의 점수와 함께 남습니다."),
        validators=[Optional(), Length(max=REASON_MAX)],
    )

    @property
    def revision(self) -> dict[str, Any]:
        """What `consensus.revise` takes."""
        return {
            "scores": self.given,
            "comment": self.comment.data or "",
            "final_tier": self.final_tier.data,
            "tier_reason": self.tier_reason.data or "",
            "reason": self.why.data or "",
        }


def revise_form(sheet: Rubric) -> type[ReviseForm]:
    return type("ReviseForm", (ReviseForm,), {**_score_fields(sheet), "own_tier": None})


def fill_revision(sheet: Rubric, review: Review) -> dict[str, Any]:
    return {
        **fill_scores(sheet, review.scores),
        "comment": review.comment,
        "final_tier": review.final_tier,
        "tier_reason": review.reason,
        "version": review.version,
    }


class FinaliseForm(DecisionForm):
    """In a ranked call the chair says whether a case is worth funding; the ranking says who is funded."""

    version = IntegerField(validators=[Optional()], widget=HiddenInput())
    outcome = RadioField(
        _l("추천 여부"),
        choices=[
            (Outcome.SELECTED.value, _l("지원 대상으로 추천")),
            (Outcome.REJECTED.value, _l("추천하지 않음")),
        ],
        validators=[Optional()],
        validate_choice=False,
    )

    @property
    def recommended(self) -> bool | None:
        chosen = self.chosen_outcome
        return None if chosen in (None, Outcome.RESERVE) else chosen is Outcome.SELECTED


# --- the operator -------------------------------------------------------------------------------------------


class StartRubricForm(OnceForm):
    base = SelectField(_l("바탕이 되는 배점표"))
    name = StringField(
        _l("새 이름"),
        description=_l("비워 두면 같은 이름의 다음 판이 됩니다. 다른 배점표라면 영문 소문자로 적어 주세요."),
        validators=[Optional(), Length(max=28)],
    )


class RubricForm(VersionedForm):
    """A score sheet as it is drafted; nine fields per criterion (c0_code, …), made by `rubric_form`."""

    count = 0
    title_ko = StringField(_l("제목"), validators=[Optional(), Length(max=80)])
    title_en = StringField(_l("제목 (영문)"), validators=[Optional(), Length(max=80)])
    pass_points = IntegerField(_l("합격선"), validators=[InputRequired(_l("숫자로 적어 주세요.")), NumberRange(0, 100)])
    floor = IntegerField(
        _l("핵심 항목 기준"), validators=[InputRequired(_l("숫자로 적어 주세요.")), NumberRange(0, 100)]
    )


def rubric_form(count: int) -> type[RubricForm]:
    """The form class for a sheet of so many criteria."""
    fields: dict[str, Any] = {"count": count}
    for n in range(count):
        fields |= {
            f"c{n}_code": StringField(_l("코드"), validators=[Optional(), Length(max=12)]),
            f"c{n}_ko": StringField(_l("이름"), validators=[Optional(), Length(max=60)]),
            f"c{n}_en": StringField(_l("이름 (영문)"), validators=[Optional(), Length(max=80)]),
            f"c{n}_question_ko": TextAreaField(
                _l("질문"), validators=[Optional(), Length(max=300)], render_kw={"rows": 2}
            ),
            f"c{n}_question_en": TextAreaField(
                _l("질문 (영문)"), validators=[Optional(), Length(max=300)], render_kw={"rows": 2}
            ),
            f"c{n}_points": IntegerField(
                _l("배점"), validators=[InputRequired(_l("숫자로 적어 주세요.")), NumberRange(0, 100)]
            ),
            f"c{n}_critical": BooleanField(_l("핵심 항목")),
            f"c{n}_na": BooleanField(_l("'해당 없음'을 고를 수 있음")),
            f"c{n}_anchors": TextAreaField(
                _l("점수 기준"),
                description=_l("한 줄에 하나씩, '점수 | 국문 | 영문'. 높은 점수부터 적고 마지막 줄은 0입니다."),
                validators=[Optional(), Length(max=3000)],
                render_kw={"rows": 5},
            ),
            f"c{n}_remove": BooleanField(_l("이 항목 빼기")),
        }
    return type("RubricForm", (RubricForm,), fields)


class AssignForm(OnceForm):
    evaluators = ChecklistField(_l("평가위원"), coerce=int, validate_choice=True)
    chair = SelectField(_l("평가위원장"), coerce=int, validators=[InputRequired()])
    due = DateField(_l("평가 마감일"), validators=[DataRequired(_l("마감일을 골라 주세요."))])

    def offer(self, evaluators: Sequence[Member], chairs: Sequence[Member]) -> None:
        self.evaluators.choices = [(one.id, one.name) for one in evaluators]
        self.chair.choices = [(one.id, f"{one.name} · {one.load}") for one in chairs]


class DrawForm(OnceForm):
    """What a draw is asked for; the service says what is wrong with the figures."""

    phase = SelectField(_l("단계"), validators=[Optional()], validate_choice=False)
    demand = IntegerField(
        _l("한 건을 평가할 위원"),
        description=_l("공고에서 정한 위원 수까지 정할 수 있습니다."),
        validators=[InputRequired(_l("숫자로 적어 주세요."))],
    )
    max_load = IntegerField(
        _l("한 위원이 가장 많이 맡는 건수"),
        description=_l("위원이 스스로 정한 건수가 더 적으면 그 건수를 따릅니다. 이 공고에서 이미 맡은 건도 셉니다."),
        validators=[InputRequired(_l("숫자로 적어 주세요."))],
    )
    min_load = IntegerField(_l("한 위원이 가장 적게 맡는 건수"), validators=[InputRequired(_l("숫자로 적어 주세요."))])
    balance = BooleanField(
        _l("맡는 건수를 고르게 나눕니다"), description=_l("끄면 전문 분야가 맞는 위원에게 더 많이 갑니다.")
    )
    due = DateField(_l("평가 마감일"), validators=[DataRequired(_l("마감일을 골라 주세요."))])

    def offer(self, phases: Sequence[PhaseKind]) -> None:
        self.phase.choices = [("", _l("모든 단계")), *((one.value, one.label) for one in phases)]

    @property
    def chosen_phase(self) -> PhaseKind | None:
        return PhaseKind(self.phase.data) if self.phase.data in set(PhaseKind) else None

    @property
    def wish(self) -> Wish:
        return Wish(self.demand.data, self.min_load.data, self.max_load.data, bool(self.balance.data), self.due.data)


class CarryOutForm(OnceForm):
    partial = BooleanField(
        _l("채운 자리만 먼저 배정합니다"),
        description=_l("빈 자리는 배정 대기에 남습니다. 나중에 다시 추첨할 수 있습니다."),
    )


# --- around the evaluation ------------------------------------------------------------------------------------


def _mark_field(question: Question) -> RadioField:
    return RadioField(
        question.label,
        choices=[(str(mark), f"{mark} · {label}") for mark, label in reversed(MARK_LABELS.items())],
        validators=[Optional()],
        validate_choice=False,
    )


class RatingForm(Form):
    """A firm's marks, one field for each question."""

    fairness = _mark_field(Question.FAIRNESS)
    expertise = _mark_field(Question.EXPERTISE)
    explanation = _mark_field(Question.EXPLANATION)
    conduct = _mark_field(Question.CONDUCT)
    comment = TextAreaField(
        _l("더 하실 말씀"),
        [Length(max=RATING_LENGTH)],
        description=_l("운영기관만 읽습니다. 회사나 사람의 이름은 적지 않으셔도 됩니다."),
    )

    @property
    def marks(self) -> dict[str, int | None]:
        known = {str(mark): mark for mark in MARKS}
        return {one.value: known.get(self[one.value].data or "") for one in Question}


class PressureForm(OnceForm):
    source = RadioField(
        _l("누가 그랬나요?"),
        choices=[(one.value, one.label) for one in PressureSource],
        validators=[InputRequired(_l("하나를 골라 주세요."))],
    )
    case = SelectField(_l("관련된 평가"), [Optional()], validate_choice=False)
    happened_on = DateField(_l("있었던 날"), [Optional()])
    text = TextAreaField(
        _l("있었던 일"),
        [Length(max=3000)],
        description=_l("누가 언제 어떻게 무엇을 요구했는지 아는 대로 적어 주세요."),
    )
    nameless = BooleanField(_l("운영기관에 내 이름을 알리지 않습니다"), description=_l("감사만 이름을 볼 수 있습니다."))

    def offer(self, cases: Sequence[tuple[str, str]]) -> None:
        self.case.choices = [("", _l("특정한 건이 아님")), *cases]


class PressureAnswerForm(VersionedForm):
    answer = TextAreaField(_l("조치한 내용"), [Length(max=2000)], description=_l("신고한 위원에게 그대로 보입니다."))


class CertificateForm(Form):
    hash = StringField(
        _l("확인할 값 (SHA-256)"),
        [DataRequired(_l("증명서에 적힌 값을 넣어 주세요.")), Length(max=200)],
        description=_l("증명서 아래에 적힌 64자리입니다. 빈칸은 있어도 됩니다."),
    )


# --- conflicts of interest ------------------------------------------------------------------------------------


class ObjectionForm(OnceForm):
    is_firm = RadioField(
        _l("누구를 기피합니까?"),
        choices=[("person", _l("사람")), ("firm", _l("기업·기관에 속한 모든 사람"))],
        default="person",
        validators=[Optional()],
        validate_choice=False,
    )
    name = StringField(
        _l("이름"), validators=[Length(max=120)], description=_l("사람 이름이나 기업·기관 이름을 적어 주세요.")
    )
    belongs_to = StringField(_l("소속 (사람일 때, 아는 만큼)"), validators=[Length(max=120)])
    reason = TextAreaField(
        _l("까닭"),
        validators=[Length(max=2000)],
        description=_l("왜 공정한 평가를 기대하기 어려운지 30자 이상 적어 주세요."),
    )


class ObjectionAnswerForm(Form):
    grant = RadioField(
        _l("결정"),
        choices=[("yes", _l("받아들임")), ("no", _l("받아들이지 않음"))],
        validators=[Optional()],
        validate_choice=False,
    )
    chosen = ChecklistField(_l("적용할 대상"), choices=[], coerce=int, validate_choice=False)
    reason = TextAreaField(
        _l("까닭 (기업이 읽습니다)"),
        validators=[Length(max=2000)],
        description=_l("30자 이상. 누가 평가하는지 짐작할 수 있는 말은 쓰지 마세요."),
    )

    @property
    def granted(self) -> bool | None:
        return {"yes": True, "no": False}.get(self.grant.data)


class OverruleForm(Form):
    reason = TextAreaField(
        _l("이해충돌이 아닌 까닭"),
        validators=[Length(max=2000)],
        description=_l("확인한 사실을 30자 이상 적어 주세요. 감사인이 읽습니다."),
    )
