"""Shape and wording of what an operator types about ties."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from portal.conflicts.rules import TieKind
from portal.web.forms import Form, OnceForm


class TieForm(OnceForm):
    kind = SelectField(_l("관계"), choices=[(one.value, one.label) for one in TieKind])
    person = StringField(_l("사람의 이메일"), validators=[Length(max=254)])
    organisation = StringField(
        _l("기업의 사업자등록번호"),
        validators=[Length(max=14)],
        description=_l("사람과 기업의 관계이거나 두 기업의 관계일 때 적어 주세요."),
    )
    other_person = StringField(
        _l("다른 사람의 이메일"), validators=[Length(max=254)], description=_l("두 사람의 관계일 때만 적어 주세요.")
    )
    other_organisation = StringField(
        _l("다른 기업의 사업자등록번호"),
        validators=[Length(max=14)],
        description=_l("두 기업의 관계일 때만 적어 주세요."),
    )
    from_on = DateField(_l("시작한 날"), validators=[Optional()])
    to_on = DateField(_l("끝난 날"), validators=[Optional()], description=_l("아직 이어지면 비워 두세요."))
    note = TextAreaField(
        _l("근거"), validators=[Length(max=2000)], description=_l("무엇으로 확인했는지 30자 이상 적어 주세요.")
    )


class EndForm(Form):
    to_on = DateField(_l("끝난 날"), validators=[Optional()], description=_l("비워 두면 오늘입니다."))
    reason = TextAreaField(_l("까닭"), validators=[Length(max=2000)], description=_l("30자 이상 적어 주세요."))


class PinForm(Form):
    pinned = RadioField(choices=[("1", "1"), ("0", "0")], validators=[Optional()], validate_choice=False)
