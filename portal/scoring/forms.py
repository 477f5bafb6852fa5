"""The twelve questions of the pre-check as a form; it travels in the address, because nothing of it is kept."""

from __future__ import annotations

from functools import lru_cache

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length

from portal.profiles import questionnaire
from portal.scoring.rules import LONGEST_TEXT
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


class AnswerForm(Form):
    answer = TextAreaField(_l("답"), validators=[InputRequired(_l("내용을 적어 주세요.")), Length(max=LONGEST_TEXT)])
