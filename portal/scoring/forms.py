"""The twelve questions of the pre-check as a form; it travels in the address, because nothing of it is kept."""

from __future__ import annotations

from functools import lru_cache

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.profiles import questionnaire
from portal.scoring import whatif
from portal.scoring.rules import LONGEST_NOTE, LONGEST_TEXT, ModelKind, RequestOutcome
from portal.web.forms import Form, OnceForm


@lru_cache(maxsize=2)
def precheck_form(version: str) -> type[Form]:
    """One radio group per asked item; the same class for every request of one instrument version."""
    questions = questionnaire.load(version)
    fields = {
        code: RadioField(
            questions.items[code].question,
            choices=[(str(level), anchor) for level, anchor in enumerate(questions.items[code].anchors)],
            validators=[InputRequired(_l("하나를 골라 주세요."))],
            validate_choice=True,
        )
        for code in questions.precheck
    }
    settings = type("Meta", (), {"csrf": False})  # a question without an effect: no session, no cookie
    return type("PrecheckForm", (Form,), {**fields, "Meta": settings})


class AskForm(OnceForm):
    question = TextAreaField(
        _l("무엇을 설명하거나 다시 봐 드릴까요?"),
        validators=[InputRequired(_l("내용을 적어 주세요.")), Length(max=LONGEST_TEXT)],
    )


class ObjectForm(OnceForm):
    """One press is enough: the words are optional."""

    question = TextAreaField(_l("하고 싶은 말"), validators=[Optional(), Length(max=LONGEST_TEXT)])


class AnswerForm(Form):
    answer = TextAreaField(_l("답"), validators=[InputRequired(_l("내용을 적어 주세요.")), Length(max=LONGEST_TEXT)])
    outcome = RadioField(
        _l("처리 결과"),
        choices=[(one.value, one.label) for one in RequestOutcome],
        validators=[Optional()],
        validate_choice=False,
    )

    @property
    def chosen_outcome(self) -> RequestOutcome | None:
        return RequestOutcome(self.outcome.data) if self.outcome.data in set(RequestOutcome) else None


class ReasonForm(OnceForm):
    """An act upon a model: why, in words that stay in its history."""

    reason = TextAreaField(_l("이유"), validators=[InputRequired(_l("이유를 적어 주세요.")), Length(max=LONGEST_TEXT)])


class TrainForm(OnceForm):
    kind = RadioField(
        _l("모형의 종류"),
        choices=[(kind.value, kind.label) for kind in ModelKind],
        default=ModelKind.ORDINAL_LOGIT.value,
        validators=[InputRequired(_l("하나를 골라 주세요."))],
    )
    note = StringField(_l("메모"), validators=[Optional(), Length(max=LONGEST_NOTE)])


class RescoreForm(OnceForm):
    sure = BooleanField(
        _l("모든 기업을 다시 산정한다는 것을 확인했습니다"),
        validators=[InputRequired(_l("확인란에 표시해 주세요."))],
    )


@lru_cache(maxsize=1)
def what_if_form() -> type[OnceForm]:
    """One box for every value that can be moved, named as `whatif.settings` names it; an empty box changes nothing."""
    boxes = {one.name: StringField(one.label, validators=[Optional(), Length(max=12)]) for one in whatif.settings()}
    return type("WhatIfForm", (OnceForm,), boxes)


class MonthForm(Form):
    """Which month to look at; it lives in the address and changes nothing."""

    class Meta:
        csrf = False

    month = StringField(_l("달"), render_kw={"type": "month", "placeholder": "2026-11"})


class ReportForm(OnceForm):
    month = HiddenField(validators=[InputRequired()])
