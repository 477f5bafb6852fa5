"""Forms of accounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_security.proxies import _security as security
from wtforms import BooleanField, PasswordField, RadioField, SelectField, StringField, TelField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from portal.accounts.rules import PURPOSES, OrganisationKind, check_registration_number, normal_email, normal_phone
from portal.base import words
from portal.base.access import RuleBroken
from portal.web.forms import Form

KINDS = [
    (OrganisationKind.COMPANY.value, _l("도입기업: 스마트공장을 구축하려는 제조기업")),
    (OrganisationKind.SUPPLIER.value, _l("공급기업: 솔루션·설비를 공급하는 기업")),
]
LANGUAGES = [("ko", "한국어"), ("en", "English")]


def checked_by(check: Callable[[str], str]) -> Callable[[Any, Any], None]:
    """A validator out of a rule, so that every mistake of a form is told in one go."""

    def validate(_form: Any, field: Any) -> None:
        try:
            check(field.data or "")
        except RuleBroken as broken:
            raise ValidationError(str(words.sentence(broken.code, **broken.values))) from None

    return validate


def _strong(_form: Any, field: Any) -> None:
    """Flask-Security's own password rules, told at the field."""
    problems, field.data = security._password_util.validate(field.data, True)
    if problems:
        raise ValidationError(" ".join(map(str, problems)))


def _agreed(_form: Any, field: Any) -> None:
    if not field.data:
        raise ValidationError(str(words.sentence("consent_needed")))


def _password(label: str) -> PasswordField:
    return PasswordField(
        label,
        validators=[InputRequired(_l("비밀번호를 입력해 주세요.")), Length(max=128), _strong],
        description=_l("10자 이상. 긴 문장이 짧고 복잡한 것보다 안전합니다."),
        render_kw={"autocomplete": "new-password"},
    )


class _ConsentForm(Form):
    """Required and optional consents, each its own box, none ticked beforehand (added by `_asks_consents`)."""

    def consents(self) -> set[str]:
        return {purpose.code for purpose in PURPOSES if getattr(self, f"consent_{purpose.code}").data}


def _asks_consents(form: type[_ConsentForm]) -> type[_ConsentForm]:
    """Add the boxes after the form's own fields, so that the list of errors follows the page."""
    for purpose in PURPOSES:
        box = BooleanField(
            purpose.label,
            description=purpose.detail,
            validators=[_agreed] if purpose.required else [],
            render_kw={"required": True} if purpose.required else {},
        )
        setattr(form, f"consent_{purpose.code}", box)
    return form


@_asks_consents
class SignUpForm(_ConsentForm):
    kind = RadioField(_l("어떤 기업인가요?"), choices=KINDS, validators=[InputRequired(_l("하나를 골라 주세요."))])
    registration_number = StringField(
        _l("사업자등록번호"),
        validators=[DataRequired(_l("사업자등록번호를 입력해 주세요.")), checked_by(check_registration_number)],
        description=_l("숫자 10자리. 예: 123-45-67891"),
        render_kw={"inputmode": "numeric"},
    )
    organisation_name = StringField(
        _l("회사 이름"), validators=[DataRequired(_l("회사 이름을 입력해 주세요.")), Length(max=120)]
    )
    name = StringField(_l("이름"), validators=[DataRequired(_l("이름을 입력해 주세요.")), Length(max=60)])
    email = StringField(
        _l("이메일"),
        validators=[DataRequired(_l("이메일을 입력해 주세요.")), checked_by(normal_email)],
        description=_l("로그인과 확인 메일에 씁니다."),
        render_kw={"inputmode": "email"},
    )
    phone = TelField(
        _l("휴대전화"), validators=[DataRequired(_l("휴대전화를 입력해 주세요.")), checked_by(normal_phone)]
    )
    password = _password(_l("비밀번호"))


@_asks_consents
class InvitationForm(_ConsentForm):
    name = StringField(_l("이름"), validators=[DataRequired(_l("이름을 입력해 주세요.")), Length(max=60)])
    password = _password(_l("비밀번호"))


class PersonForm(Form):
    name = StringField(_l("이름"), validators=[DataRequired(_l("이름을 입력해 주세요.")), Length(max=60)])
    phone = TelField(_l("휴대전화"), validators=[Optional(), checked_by(normal_phone)])
    language = SelectField(_l("메일을 받을 언어"), choices=LANGUAGES)


class ColleagueForm(Form):
    name = StringField(_l("이름"), validators=[DataRequired(_l("이름을 입력해 주세요.")), Length(max=60)])
    email = StringField(
        _l("이메일"), validators=[DataRequired(_l("이메일을 입력해 주세요.")), checked_by(normal_email)]
    )
