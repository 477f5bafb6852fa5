"""Forms of a consultation: ask one or several, answer, write, meet, close, rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from flask_babel import lazy_gettext as _l
from flask_wtf.file import MultipleFileField  # unlike WTForms' own, it takes nothing but files
from wtforms import (
    DateField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal.base import clock
from portal.consultations.rules import FILE_KINDS, MAX_TEXT, DeclineReason, NoneReason, Outcome, Topic
from portal.web.forms import Form, OnceForm

NUMBER = _l("숫자로 적어 주세요.")
NEED = _l("지금 가장 불편한 점, 바라는 때, 생각하는 예산을 편하게 적어 주세요. 연락처는 적지 않아도 됩니다.")
ACCEPTED = ",".join(f".{one}" for one in FILE_KINDS)


class AskForm(OnceForm):
    topic = RadioField(_l("무엇을 상의할까요?"), [InputRequired()])
    need = TextAreaField(_l("필요한 일"), [InputRequired(), Length(max=MAX_TEXT)], description=NEED)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.topic.choices = [(topic.value, str(topic.label)) for topic in Topic]


class FanOutForm(AskForm):
    suppliers = SelectMultipleField(
        _l("물어볼 공급기업"), option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False)
    )

    def offer(self, choices: Sequence[tuple[str, str, str]]) -> None:
        """choices: (key, name, why it is here), in the order in which they will be asked"""
        self.suppliers.choices = [(key, name, {"data-hint": why}) for key, name, why in choices]


class DeclineForm(Form):
    reason = RadioField(_l("이유"), [InputRequired()])
    note = TextAreaField(_l("덧붙일 말"), [Length(max=MAX_TEXT)])

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.reason.choices = [(reason.value, str(reason.label)) for reason in DeclineReason]


class MessageForm(OnceForm):
    text = TextAreaField(_l("보낼 내용"), [Length(max=MAX_TEXT)])
    files = MultipleFileField(
        _l("파일"),
        description=_l("PDF, 그림, 한글·오피스 문서를 10MB까지 보낼 수 있습니다."),
        render_kw={"accept": ACCEPTED},
    )

    @property
    def uploads(self) -> list[tuple[IO[bytes], str]]:
        return [(one.stream, one.filename) for one in self.files.data or () if one and one.filename]


class CloseForm(Form):
    outcome = RadioField(_l("어떻게 되었나요?"), [InputRequired()])
    reason = SelectField(_l("함께하지 않게 된 이유"), [Optional()])
    note = TextAreaField(_l("덧붙일 말"), [Length(max=MAX_TEXT)])

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.outcome.choices = [(outcome.value, str(outcome.label)) for outcome in Outcome]
        self.reason.choices = [("", str(_l("고르기"))), *((one.value, str(one.label)) for one in NoneReason)]

    @property
    def why(self) -> NoneReason | None:
        return NoneReason(self.reason.data) if self.reason.data else None


class SlotsForm(Form):
    """Times of one day."""

    day = DateField(_l("날짜"), [InputRequired(_l("날짜를 골라 주세요."))])
    first = TimeField(_l("시작"), [InputRequired(_l("시각을 적어 주세요."))])
    last = TimeField(_l("끝"), [InputRequired(_l("시각을 적어 주세요."))])
    minutes = IntegerField(_l("한 번의 길이"), [InputRequired(NUMBER)], default=60)
    pause = IntegerField(_l("사이 쉬는 시간"), [InputRequired(NUMBER)], default=0)
    place = StringField(
        _l("장소"),
        [Length(max=200)],
        description=_l("주소를 적거나 ‘화상 회의’처럼 적어 주세요. 예약한 기업에 보입니다."),
    )


class BookForm(Form):
    """One of the supplier's free times."""

    slot = RadioField(_l("시간 고르기"), [InputRequired(_l("시간을 골라 주세요."))], validate_choice=False)

    def offer(self, choices: Sequence[tuple[str, str, str]]) -> None:
        self.slot.choices = [(key, when, {"data-hint": place}) for key, when, place in choices]


class NoteForm(OnceForm):
    met_on = DateField(_l("만난 날"), [InputRequired(_l("날짜를 골라 주세요."))], default=clock.today)
    said = TextAreaField(_l("나눈 이야기"), [Length(max=MAX_TEXT)])
    next_step = StringField(_l("다음에 할 일"), [Length(max=300)])


class RateForm(Form):
    stars = RadioField(_l("얼마나 만족하셨나요?"), [InputRequired()], coerce=int)
    text = TextAreaField(_l("한마디"), [Length(max=MAX_TEXT)])

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        words = (_l("매우 만족"), _l("만족"), _l("보통"), _l("불만족"), _l("매우 불만족"))
        self.stars.choices = [(5 - place, f"{5 - place} · {word}") for place, word in enumerate(words)]
