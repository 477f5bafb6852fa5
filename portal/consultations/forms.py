"""Forms of a consultation: ask, decline, write, close."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length

from portal.consultations.rules import MAX_TEXT, DeclineReason, Outcome, Topic
from portal.web.forms import Form, OnceForm


class AskForm(OnceForm):
    topic = RadioField(_l("무엇을 상의할까요?"), [InputRequired()])
    need = TextAreaField(
        _l("필요한 일"),
        [InputRequired(), Length(max=MAX_TEXT)],
        description=_l(
            "지금 가장 불편한 점, 바라는 때, 생각하는 예산을 편하게 적어 주세요. 연락처는 적지 않아도 됩니다."
        ),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.topic.choices = [(topic.value, str(topic.label)) for topic in Topic]


class DeclineForm(Form):
    reason = RadioField(_l("이유"), [InputRequired()])
    note = TextAreaField(_l("덧붙일 말"), [Length(max=MAX_TEXT)])

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.reason.choices = [(reason.value, str(reason.label)) for reason in DeclineReason]


class MessageForm(OnceForm):
    text = TextAreaField(_l("보낼 내용"), [InputRequired(), Length(max=MAX_TEXT)])


class CloseForm(Form):
    outcome = RadioField(_l("어떻게 되었나요?"), [InputRequired()])
    note = TextAreaField(
        _l("덧붙일 말"), [Length(max=MAX_TEXT)], description=_l("함께하지 않게 되었다면 이유를 적어 주세요.")
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.outcome.choices = [(outcome.value, str(outcome.label)) for outcome in Outcome]
