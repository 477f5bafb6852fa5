"""Shape and wording of what firms, operators, readers and chairs type. Drafts are lenient; the service says what lacks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import MultipleFileField  # unlike WTForms' own, it takes nothing but files
from wtforms import BooleanField, DateField, DecimalField, RadioField, SelectField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from portal.appeals.models import Appeal, AppealSeat
from portal.appeals.reckoning import Line
from portal.appeals.rules import FILE_KINDS, TEXT_LENGTH, TEXT_MAX, GroundDraft, GroundKind, RefusalReason
from portal.conflicts.rules import ConflictKind
from portal.evaluation.forms import ChecklistField, OpenForm, open_form
from portal.evaluation.rubric import Rubric
from portal.evaluation.rules import CHOICES, Outcome
from portal.web.forms import Form, OnceForm, VersionedForm

ACCEPTED = ",".join(f".{one}" for one in (*FILE_KINDS, "jpeg"))


def _kind(value: Any) -> GroundKind | None:
    return GroundKind(value) if value in set(GroundKind) else None


# --- the firm -----------------------------------------------------------------------------------------------


class AppealForm(VersionedForm, OnceForm):
    """Three fields per criterion: <code>_kind, <code>_text, <code>_file; made by `appeal_form`."""

    codes: Sequence[str] = ()
    statement = TextAreaField(
        _l("하고 싶은 말"),
        description=_l("항목과 관계없이 덧붙일 말이 있을 때만 적어 주세요."),
        validators=[Optional(), Length(max=TEXT_MAX)],
    )

    @property
    def grounds(self) -> list[GroundDraft]:
        return [GroundDraft(code, self[f"{code}_kind"].data, self[f"{code}_text"].data or "") for code in self.codes]

    @property
    def uploads(self) -> list[tuple[str | None, Any, str, str]]:
        return [
            (code, one.stream, one.filename, f"{code}_file")
            for code in self.codes
            for one in self[f"{code}_file"].data or ()
            if one and one.filename
        ]


def appeal_form(lines: Sequence[Line]) -> type[AppealForm]:
    """The form class for the criteria that were given points."""
    fields: dict[str, Any] = {"codes": tuple(line.criterion.code for line in lines)}
    kinds = [("", _l("이의 없음")), *((one.value, one.label) for one in GroundKind)]
    for line in lines:
        code = line.criterion.code
        fields[f"{code}_kind"] = SelectField(
            _l("무엇이 잘못되었습니까"), choices=kinds, coerce=_kind, validators=[Optional()], validate_choice=False
        )
        fields[f"{code}_text"] = TextAreaField(
            _l("이의 내용"),
            description=_l("어느 점이 왜 잘못되었는지 %(n)s자 이상 적어 주세요.", n=TEXT_LENGTH),
            validators=[Optional(), Length(max=TEXT_MAX)],
            render_kw={"rows": 4},
        )
        fields[f"{code}_file"] = MultipleFileField(_l("증빙 파일"), render_kw={"accept": ACCEPTED})
    return type("AppealForm", (AppealForm,), fields)


def fill_appeal(appeal: Appeal | None) -> dict[str, Any]:
    if appeal is None:
        return {"version": 0}
    data: dict[str, Any] = {"statement": appeal.statement, "version": appeal.version}
    for one in appeal.grounds:
        data[f"{one.criterion}_kind"], data[f"{one.criterion}_text"] = one.kind, one.text
    return data


class AnswerForm(Form):
    answer = TextAreaField(
        _l("보완 내용"),
        description=_l("%(n)s자 이상 적어 주세요.", n=TEXT_LENGTH),
        validators=[Optional(), Length(max=TEXT_MAX)],
        render_kw={"rows": 6},
    )
    files = MultipleFileField(_l("파일"), render_kw={"accept": ACCEPTED})

    @property
    def uploads(self) -> list[tuple[str | None, Any, str, str]]:
        return [(None, one.stream, one.filename, "files") for one in self.files.data or () if one and one.filename]


# --- the operator -------------------------------------------------------------------------------------------


class TakeUpForm(Form):
    reason = TextAreaField(
        _l("신청기업에 전할 말"), validators=[Optional(), Length(max=TEXT_MAX)], render_kw={"rows": 2}
    )


class RefuseForm(Form):
    ground = RadioField(
        _l("재검토하지 않는 까닭"),
        choices=[(one.value, one.label) for one in RefusalReason],
        validators=[Optional()],
        validate_choice=False,
    )
    refusal = TextAreaField(
        _l("설명"),
        description=_l("신청기업이 읽습니다. %(n)s자 이상 적어 주세요.", n=TEXT_LENGTH),
        validators=[Optional(), Length(max=TEXT_MAX)],
        render_kw={"rows": 4},
    )

    @property
    def chosen(self) -> RefusalReason | None:
        return RefusalReason(self.ground.data) if self.ground.data in set(RefusalReason) else None


class SupplementForm(Form):
    message = TextAreaField(
        _l("무엇을 보완해야 합니까"),
        description=_l("신청기업이 읽습니다. %(n)s자 이상 적어 주세요.", n=TEXT_LENGTH),
        validators=[Optional(), Length(max=TEXT_MAX)],
        render_kw={"rows": 4},
    )
    due = DateField(_l("보완 기한"), validators=[DataRequired(_l("기한을 골라 주세요."))])

    @classmethod
    def offering(cls, due: date) -> SupplementForm:
        return cls(data={"due": due})


# --- the panel ----------------------------------------------------------------------------------------------


class SeatForm(OpenForm):
    """The declaration of who was drawn; with a question for each soft conflict that was found, by `seat_form`."""

    no_conflict = BooleanField(
        _l(
            "위 신청기업·공급기업과 이해관계가 없고 처음 평가에 참여하지 않았으며, 알게 된 내용을 밖에 알리지 않겠습니다."
        )
    )

    @property
    def questions(self) -> list[Any]:
        return [self[f"soft_{kind.value}"] for kind in self.asked]


def seat_form(asked: Sequence[ConflictKind]) -> type[SeatForm]:
    return type("SeatForm", (SeatForm, open_form(asked)), {})


class OpinionForm(VersionedForm):
    """Two fields per contested criterion: <code>_points, <code>_comment; made by `opinion_form`."""

    codes: Sequence[str] = ()

    @property
    def given(self) -> dict[str, dict[str, Any]]:
        return {
            code: {
                "points": None if self[f"{code}_points"].data is None else float(self[f"{code}_points"].data),
                "comment": self[f"{code}_comment"].data or "",
            }
            for code in self.codes
        }


def opinion_form(sheet: Rubric, contested: Sequence[str]) -> type[OpinionForm]:
    fields: dict[str, Any] = {"codes": tuple(contested)}
    for code in contested:
        one = sheet.criterion(code)
        fields[f"{code}_points"] = DecimalField(str(one.title), validators=[Optional()])
        fields[f"{code}_comment"] = TextAreaField(
            _l("%(criterion)s 의견", criterion=one.title),
            description=_l("신청기업이 읽습니다. 이름은 보이지 않습니다. %(n)s자 이상 적어 주세요.", n=TEXT_LENGTH),
            validators=[Optional(), Length(max=TEXT_MAX)],
            render_kw={"rows": 4},
        )
    return type("OpinionForm", (OpinionForm,), fields)


def fill_opinion(seat: AppealSeat) -> dict[str, Any]:
    data: dict[str, Any] = {"version": seat.version}
    for code, one in seat.given.items():
        data[f"{code}_points"], data[f"{code}_comment"] = one.points, one.comment
    return data


class RulingForm(OnceForm):
    accepted = ChecklistField(_l("받아들이는 항목"), validators=[Optional()], validate_choice=False)
    outcome = RadioField(
        _l("결과"),
        choices=[(one.value, one.label) for one in CHOICES],
        validators=[Optional()],
        validate_choice=False,
    )
    reason = TextAreaField(
        _l("결정 사유"),
        description=_l("신청기업이 읽습니다. %(n)s자 이상 적어 주세요.", n=TEXT_LENGTH),
        validators=[Optional(), Length(max=TEXT_MAX)],
        render_kw={"rows": 5},
    )

    @property
    def chosen_outcome(self) -> Outcome | None:
        return Outcome(self.outcome.data) if self.outcome.data in set(CHOICES) else None
