"""Forms of the pool: the way in, the entry with its careers, papers, absences, the operator's word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField  # unlike WTForms' own, it takes nothing but a file
from wtforms import (
    BooleanField,
    DateField,
    Field,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.accounts.forms import checked_by
from portal.accounts.rules import check_registration_number, normal_email
from portal.base import words
from portal.base.access import RuleBroken
from portal.evaluators import rules
from portal.evaluators.rules import CareerKind, PaperKind, RemovalGround
from portal.reference import queries as reference
from portal.web.forms import Form, VersionedForm


class ChecksField(SelectMultipleField):
    option_widget = CheckboxInput()
    widget = ListWidget(prefix_label=False)


class _Drawn:
    """Stands for a widget where the template draws the controls itself."""

    def __call__(self, field: Field, **_kwargs: Any) -> str:
        return ""


class CareersField(Field):
    """Firms that the person is tied to; controls are named `<name>-<n>-kind`, `-name`, `-number`, `-from`, `-to`.

    data: lines of text as they were typed; `parsed` reads them
    """

    widget = _Drawn()
    parts = ("kind", "name", "number", "from", "to")

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        self.process_errors = []
        self.data = [_printed(one) for one in data] if isinstance(data, list | tuple) else []
        if formdata:
            self.data = []
            for place in range(rules.MOST_CAREERS):
                line = {part: (formdata.get(f"{self.name}-{place}-{part}") or "").strip()[:120] for part in self.parts}
                if line["name"] or line["number"] or line["from"] or line["to"]:
                    self.data.append(line)

    def rows(self) -> list[dict[str, str]]:
        """For the template: the lines and a few empty ones more; saving brings the next."""
        spare = min(1 if self.data else 2, rules.MOST_CAREERS - len(self.data))
        empty = {"kind": CareerKind.EMPLOYED.value, "name": "", "number": "", "from": "", "to": ""}
        return [*self.data, *[dict(empty) for _ in range(spare)]]

    def parsed(self) -> list[dict[str, Any]]:
        """Raises: ValueError or RuleBroken for what can't be read; `pre_validate` has told it before."""
        return [
            {
                "kind": CareerKind(line["kind"] or CareerKind.EMPLOYED.value),
                "name": line["name"],
                "registration_number": check_registration_number(line["number"]) if line["number"] else None,
                "from_on": date.fromisoformat(line["from"]) if line["from"] else None,
                "to_on": date.fromisoformat(line["to"]) if line["to"] else None,
            }
            for line in self.data
        ]

    def pre_validate(self, form: Any) -> None:
        try:
            self.parsed()
        except RuleBroken as broken:
            raise ValidationError(str(words.sentence(broken.code, **broken.values))) from None
        except ValueError:
            raise ValidationError(_l("날짜는 2024-03-01처럼 적어 주세요.")) from None


def _printed(career: Any) -> dict[str, str]:
    return {
        "kind": career.kind.value,
        "name": career.name,
        "number": career.registration_number or "",
        "from": career.from_on.isoformat() if career.from_on else "",
        "to": career.to_on.isoformat() if career.to_on else "",
    }


class JoinForm(Form):
    name = StringField(_l("이름"), [DataRequired(_l("이름을 입력해 주세요.")), Length(max=60)])
    email = StringField(
        _l("이메일"),
        [DataRequired(_l("이메일을 입력해 주세요.")), checked_by(normal_email)],
        description=_l("이 주소로 계정을 시작하는 링크를 보냅니다."),
        render_kw={"inputmode": "email"},
    )


class EntryForm(VersionedForm):
    ground = SelectField(_l("자격 요건"), [Optional()])
    years = IntegerField(
        _l("학위·자격을 얻은 뒤의 경력 (년)"), [Optional()], description=_l("만으로 채운 햇수를 적어 주세요.")
    )
    technologies = ChecksField(_l("전문 기술"), [Optional()])
    industries = ChecksField(_l("잘 아는 업종"), [Optional()])
    region = SelectField(_l("활동 지역"), [Optional()])
    text = TextAreaField(
        _l("해 오신 일"),
        [Length(max=rules.TEXT_LENGTH)],
        description=_l("어떤 설비와 시스템을 다루어 보셨는지 적어 주세요. 맞는 신청을 배정하는 데만 씁니다."),
    )
    capacity = IntegerField(
        _l("한 공고에서 맡을 수 있는 최대 건수"),
        [InputRequired(_l("건수를 적어 주세요."))],
        default=rules.DEFAULT_CAPACITY,
    )
    min_load = IntegerField(
        _l("맡는다면 최소 건수"), [Optional()], default=0, description=_l("이보다 적으면 맡기 어려운 건수. 없으면 0")
    )
    careers = CareersField(_l("관계가 있는 기업"))

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.ground.choices = [
            ("", _l("골라 주세요")),
            *((one.code, f"{one.field}: {one.label}") for one in rules.GROUNDS),
        ]
        self.technologies.choices = [
            (code, str(label)) for _, options in reference.technology_options() for code, label in options
        ]
        self.industries.choices = [(code, str(label)) for code, label in reference.ksic_options()]
        nothing = ("", _l("고르지 않음"))
        self.region.choices = [nothing, *((key, str(label)) for key, label in reference.sido_options())]

    def facts(self) -> Mapping[str, Any]:
        """What the service stores."""
        return {
            "ground": self.ground.data or None,
            "years": self.years.data,
            "technologies": list(self.technologies.data or ()),
            "industries": list(self.industries.data or ()),
            "region": self.region.data or None,
            "text": (self.text.data or "").replace("\r\n", "\n").strip(),
            "capacity": self.capacity.data,
            "min_load": self.min_load.data or 0,
            "careers": self.careers.parsed(),
        }


class PaperForm(Form):
    kind = SelectField(_l("서류"), choices=[(kind.value, kind.label) for kind in PaperKind])
    file = FileField(_l("파일"))


class ApplyForm(Form):
    pledge = BooleanField(
        _l("적은 내용이 사실이며, 거짓이면 해촉될 수 있음을 압니다. 알게 된 비밀을 지키겠습니다."),
        render_kw={"required": True},
    )


class AbsenceForm(Form):
    from_on = DateField(_l("첫날"), [InputRequired(_l("날짜를 골라 주세요."))])
    to_on = DateField(_l("마지막 날"), [InputRequired(_l("날짜를 골라 주세요."))])


class ReasonForm(VersionedForm):
    reason = TextAreaField(_l("이유"), [Length(max=1000)], description=_l("본인에게 그대로 보입니다."))


class RemovalForm(ReasonForm):
    ground = SelectField(_l("해촉 사유"), [Optional()])

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.ground.choices = [("", _l("골라 주세요")), *((one.value, str(one.label)) for one in RemovalGround)]

    @property
    def chosen(self) -> RemovalGround | None:
        return RemovalGround(self.ground.data) if self.ground.data else None
