"""Forms of advice: ask, plan and follow up, set the visit, conclude."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, IntegerField, RadioField, SelectField, StringField, TextAreaField, TimeField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.advising.rules import MAX_TEXT, AdviceKind
from portal.appointments.rules import LONGEST, SHORTEST
from portal.directory.oversight import CapabilityLevel
from portal.web.forms import Form, OnceForm


class AskForm(OnceForm):
    kind = RadioField(_l("무엇이 필요한가요?"), [InputRequired(_l("하나를 골라 주세요."))])
    need = TextAreaField(
        _l("지금 상황과 바라는 것"),
        [InputRequired(_l("적어 주세요.")), Length(max=MAX_TEXT)],
        description=_l("다루는 기술, 어려운 점, 바라는 때를 적어 주세요."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.kind.choices = [(kind.value, str(kind.label)) for kind in AdviceKind]


def _text(label: str) -> TextAreaField:
    return TextAreaField(label, [InputRequired(_l("내용을 적어 주세요.")), Length(max=MAX_TEXT)])


class PlanForm(OnceForm):
    plan = _text(_l("계획"))


class FollowForm(OnceForm):
    follow = _text(_l("나눈 이야기와 다음에 할 일"))


class VisitForm(Form):
    day = DateField(_l("날짜"), [InputRequired(_l("날짜를 골라 주세요."))])
    at = TimeField(_l("시각"), [InputRequired(_l("시각을 적어 주세요."))])
    minutes = IntegerField(
        _l("길이"),
        [
            InputRequired(_l("숫자로 적어 주세요.")),
            NumberRange(SHORTEST, LONGEST, _l("5분부터 480분까지 적어 주세요.")),
        ],
        default=120,
    )
    place = StringField(_l("장소"), [InputRequired(_l("장소를 적어 주세요.")), Length(max=200)])


class ResultForm(OnceForm):
    result = _text(_l("살핀 것과 권하는 것"))
    level = SelectField(_l("진단한 수준"), [Optional()])

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.level.choices = [("", _("고르세요")), *((level.value, level.value) for level in CapabilityLevel)]

    @property
    def chosen(self) -> CapabilityLevel | None:
        return CapabilityLevel(self.level.data) if self.level.data else None
