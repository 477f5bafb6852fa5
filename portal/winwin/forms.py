"""Forms of offers: what a firm writes, what an operator decides, how a company joins and what the firm answers."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, IntegerField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from portal.directory.rules import NATIONWIDE
from portal.programmes.forms import MANWON, MoneyField
from portal.reference import queries as reference
from portal.web.forms import Form, OnceForm
from portal.winwin.models import Offer
from portal.winwin.rules import MAX_TEXT, Facts, Mentor, Shares

NEEDED = _l("적어 주세요.")
NUMBER = _l("숫자로 적어 주세요.")


def _many(label: Any, description: Any = "") -> SelectMultipleField:
    return SelectMultipleField(
        label, option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False), description=description
    )


class OfferForm(OnceForm):
    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    title = StringField(_l("모집 이름"), [InputRequired(NEEDED), Length(max=120)])
    programme = SelectField(_l("사업"), [InputRequired(_l("사업을 고르세요."))])
    summary = TextAreaField(
        _l("어떤 기업을 어떻게 돕나요?"),
        [InputRequired(NEEDED), Length(max=MAX_TEXT)],
        description=_l("대상 협력사, 지원 내용, 진행 순서를 적어 주세요. 거래 관계가 없어도 되는지도 알려 주세요."),
    )
    gov = IntegerField(_l("정부 몫"), [InputRequired(NUMBER)])
    partner = IntegerField(_l("주관기관 몫"), [InputRequired(NUMBER)])
    own = IntegerField(_l("도입기업 몫"), [InputRequired(NUMBER)])
    project = MoneyField(_l("기업당 사업비"), [InputRequired(NUMBER)], description=_l("만원 단위. 예: 10,000 = 1억원"))
    places = IntegerField(_l("모집 기업 수"), [InputRequired(NUMBER)])
    closes_on = DateField(_l("마감일"), [InputRequired(_l("날짜를 골라 주세요."))])
    technologies = _many(_l("기술"))
    sectors = _many(_l("업종"), _l("고르지 않으면 모든 업종을 받습니다."))
    regions = _many(_l("대상 지역"))
    region = SelectField(
        _l("함께하는 지자체"),
        [Optional()],
        description=_l("지자체가 비용을 나누면 고르세요. 그 지역 운영기관이 심사합니다."),
    )
    mentors = TextAreaField(
        _l("멘토"),
        [Length(max=MAX_TEXT)],
        description=_l("한 줄에 한 명씩, 이름 없이 분야와 기간을 적어 주세요. 예: MES·품질관리 20년, 8주"),
    )

    def __init__(self, *args: Any, programmes: list[Any], **kwargs: Any):
        super().__init__(*args, **kwargs)
        sidos = [(key, str(label)) for key, label in reference.sido_options()]
        self.programme.choices = [("", _("고르세요")), *((row.code, str(row.label)) for row in programmes)]
        names = reference.technology_names()
        self.technologies.choices = [(code, str(label)) for code, label in names.items()]
        self.sectors.choices = [(code, str(label)) for code, label in reference.ksic_options()]
        self.regions.choices = [(NATIONWIDE, _("전국")), *sidos]
        self.region.choices = [("", _("없음")), *sidos]

    def facts(self, mentors: list[tuple[str, tuple[str, ...]]]) -> Facts:
        """mentors: the lines with the technologies that they name"""
        return Facts(
            programme=self.programme.data,
            title=self.title.data or "",
            summary=self.summary.data or "",
            shares=Shares(self.gov.data, self.partner.data, self.own.data),
            project_krw=self.project.krw or 0,
            places=self.places.data,
            closes_on=self.closes_on.data,
            technologies=tuple(self.technologies.data or ()),
            sectors=tuple(self.sectors.data or ()),
            regions=tuple(self.regions.data or ()),
            region=self.region.data or None,
            mentors=tuple(Mentor(line, codes, _weeks(line)) for line, codes in mentors),
        )


def _weeks(line: str) -> int:
    found = re.search(r"(\d{1,2})\s*(?:주|weeks?)", line)
    return int(found[1]) if found and int(found[1]) else 6


def filled_from(row: Offer) -> dict[str, Any]:
    """An offer as the fields of `OfferForm` hold it."""
    names = ("version", "title", "summary", "gov", "partner", "own", "places", "closes_on", "technologies", "sectors")
    return {
        **{name: getattr(row, name) for name in names},
        "programme": row.programme.code,
        "project": row.project_krw // MANWON,
        "regions": row.regions,
        "region": row.region or "",
        "mentors": "\n".join(one.field for one in row.mentors),
    }


class ReasonForm(Form):
    """The reason of a refusal; the service asks for it where one is needed."""

    reason = TextAreaField(_l("이유"), [Length(max=1000)], render_kw={"rows": 3})


class JoinForm(OnceForm):
    text = TextAreaField(_l("우리 회사에 필요한 도움"), [InputRequired(NEEDED), Length(max=MAX_TEXT)])
    mentor = RadioField(_l("만나고 싶은 멘토"), [Optional()], validate_choice=False)
