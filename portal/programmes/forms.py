"""Forms of programmes: the finder, the subsidy estimate, and the operator's call."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from portal.base import clock
from portal.programmes.models import Call
from portal.programmes.queries import Need
from portal.programmes.rules import CallFacts, SupplierTrack, SystemLevel, Tier
from portal.reference.rules import SizeClass
from portal.web.forms import Form, OnceForm

MANWON = 10_000


class MoneyField(IntegerField):
    """An amount in 만원; commas, blanks and the unit may be typed, `krw` gives won."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            return
        typed = re.sub(r"[\s,]|만원$", "", valuelist[0].strip())
        if not re.fullmatch(r"-?\d{1,12}", typed):
            self.data = None
            raise ValueError(_("숫자로 적어 주세요. 단위는 만원입니다."))
        self.data = int(typed)

    @property
    def krw(self) -> int | None:
        return None if self.data is None else self.data * MANWON


class CountField(IntegerField):
    """A whole number with our own words for what is none."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            return
        if not re.fullmatch(r"-?\d{1,6}", valuelist[0].strip()):
            self.data = None
            raise ValueError(_("숫자로 적어 주세요."))
        self.data = int(valuelist[0].strip())


class PercentField(IntegerField):
    """A share in per cent, up to two decimals; `ratio` gives 0-1."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            return
        try:
            self.data = Decimal(valuelist[0].strip().rstrip("%"))
        except InvalidOperation:
            self.data = None
            raise ValueError(_("숫자로 적어 주세요. 예: 50")) from None
        if not self.data.is_finite():
            self.data = None
            raise ValueError(_("숫자로 적어 주세요. 예: 50"))

    @property
    def ratio(self) -> float | None:
        return None if self.data is None else round(float(self.data) / 100, 4)


class KstField(DateTimeLocalField):
    """A moment typed as it stands on a Korean wall clock; `utc` gives the aware moment."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("날짜와 시각을 다시 적어 주세요. 예: 2026-12-01 09:00")) from None

    @property
    def utc(self) -> datetime | None:
        return None if self.data is None else clock.from_kst(self.data)


def _kst_field(label: str, missing: str, description: str = "") -> KstField:
    return KstField(
        label,
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"],
        validators=[InputRequired(missing)],
        description=description,
    )


class FinderForm(Form):
    """The programme finder; its answers live in the address."""

    class Meta:
        csrf = False

    tier = SelectField(_l("지원 유형"), default="", validators=[Optional()])
    level = SelectField(_l("지금 시스템 수준"), default="", validators=[Optional()])
    region = SelectField(_l("공장이 있는 시도"), default="", validators=[Optional()])
    size = SelectField(_l("기업 규모"), default="", validators=[Optional()])
    cost = MoneyField(_l("예상 총사업비 (만원, 부가세 빼고)"), validators=[Optional()])
    same_level = BooleanField(_l("수준을 올리지 않고 넓히기만 합니다 (동일수준)"))

    def __init__(self, *args: Any, regions: list[tuple[str, Any]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        anything = ("", _("모두"))
        self.tier.choices = [anything, *((tier.value, tier.label) for tier in Tier)]
        self.level.choices = [anything, *((str(level.value), level.label) for level in SystemLevel)]
        self.region.choices = [anything, *regions]
        self.size.choices = [anything, *((size.value, size.label) for size in SizeClass if size != SizeClass.LARGE)]

    @property
    def need(self) -> Need:
        return Need(
            tier=Tier(self.tier.data) if self.tier.data else None,
            level=int(self.level.data) if self.level.data else None,
            region=self.region.data or None,
            size=SizeClass(self.size.data) if self.size.data else None,
            cost_krw=self.cost.krw if (self.cost.krw or 0) > 0 else None,
            same_level=self.same_level.data,
        )


class CostForm(Form):
    """The estimate on a call's page."""

    class Meta:
        csrf = False

    cost = MoneyField(_l("총사업비 (만원, 부가세 빼고)"), validators=[Optional()])


class CallForm(OnceForm):
    """What an operator writes about a call."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    programme = SelectField(_l("사업"), validators=[InputRequired(_l("사업을 고르세요."))])
    title_ko = StringField(_l("공고 제목"), validators=[InputRequired(_l("공고 제목을 적어 주세요.")), Length(max=120)])
    title_en = StringField(_l("영문 제목"), validators=[Length(max=120)])
    region = SelectField(_l("지역"), description=_l("지역 공고는 그 지역에 공장이 있는 기업만 신청합니다."))
    tiers = SelectMultipleField(
        _l("유형"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validators=[InputRequired(_l("유형을 하나 이상 고르세요."))],
    )
    track = SelectField(
        _l("공급기업 조건"),
        validators=[Optional()],
        description=_l("고르면, 운영기관이 이 분야를 확인한 공급기업과 함께하는 신청만 받습니다."),
    )
    opens_at = _kst_field(_l("접수 시작"), _l("접수 시작을 적어 주세요."), _l("한국 시각입니다."))
    closes_at = _kst_field(
        _l("접수 마감"), _l("접수 마감을 적어 주세요."), _l("서버에 도착한 시각으로 판정합니다. 이 시각까지 받습니다.")
    )
    budget = MoneyField(
        _l("예산"),
        validators=[InputRequired(_l("예산을 적어 주세요."))],
        description=_l("만원 단위. 예: 50,000 = 5억원"),
    )
    reviews = CountField(
        _l("신청 한 건을 볼 평가위원 수"),
        default=2,
        validators=[InputRequired(_l("평가위원 수를 적어 주세요."))],
        description=_l("보통 2명입니다."),
    )
    ceiling = MoneyField(
        _l("기업당 지원 한도"), validators=[Optional()], description=_l("만원 단위. 비우면 사업의 한도를 씁니다.")
    )
    ratio = PercentField(_l("지원 비율"), validators=[Optional()], description=_l("비우면 사업의 비율을 씁니다."))
    months = CountField(_l("사업 기간"), validators=[Optional()], description=_l("비우면 사업의 기간을 씁니다."))
    summary_ko = TextAreaField(_l("안내문"), validators=[Length(max=3000)], render_kw={"rows": 6})
    summary_en = TextAreaField(_l("영문 안내문"), validators=[Length(max=3000)], render_kw={"rows": 4})
    contact = StringField(
        _l("문의처"), validators=[Length(max=200)], description=_l("기관 이름과 대표전화. 개인 번호는 적지 마세요.")
    )

    def __init__(self, *args: Any, programmes: list[Any], regions: list[tuple[str, Any]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.programme.choices = [("", _("고르세요")), *((row.code, row.label) for row in programmes)]
        self.region.choices = regions
        self.tiers.choices = [(tier.value, tier.label) for tier in Tier]
        self.track.choices = [("", _("모든 공급기업")), *((track.value, track.label) for track in SupplierTrack)]

    @property
    def facts(self) -> CallFacts:
        return CallFacts(
            programme=self.programme.data,
            title_ko=self.title_ko.data or "",
            title_en=self.title_en.data or "",
            summary_ko=self.summary_ko.data or "",
            summary_en=self.summary_en.data or "",
            opens_at=self.opens_at.utc,
            closes_at=self.closes_at.utc,
            tiers=frozenset(Tier(code) for code in self.tiers.data or []),
            budget_krw=self.budget.krw,
            region=self.region.data or None,
            contact=self.contact.data or "",
            reviews=self.reviews.data,
            ceiling_krw=self.ceiling.krw,
            subsidy_ratio=self.ratio.ratio,
            months=self.months.data,
            track=SupplierTrack(self.track.data) if self.track.data else None,
        )

    def shown(self) -> dict[str, Any]:
        """What stands in the fields, by label: one side of the comparison after a stale save."""
        left_out = ("csrf_token", "version", "once")
        return {str(f.label.text): _plain(f.data) for name, f in self._fields.items() if name not in left_out}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return ", ".join(value) if isinstance(value, list) else value


def filled_from(call: Call) -> dict[str, Any]:
    """A call's facts as the fields of `CallForm` hold them."""
    return {
        "version": call.version,
        "programme": call.programme.code,
        "title_ko": call.title_ko,
        "title_en": call.title_en,
        "summary_ko": call.summary_ko,
        "summary_en": call.summary_en,
        "region": call.region or "",
        "tiers": [tier.value for tier in call.tiers],
        "opens_at": clock.kst(call.opens_at).replace(tzinfo=None),
        "closes_at": clock.kst(call.closes_at).replace(tzinfo=None),
        "budget": call.budget_krw // MANWON,
        "reviews": call.reviews,
        "ceiling": call.ceiling_override_krw and call.ceiling_override_krw // MANWON,
        "ratio": None if call.ratio_override is None else Decimal(str(round(call.ratio_override * 100, 2))).normalize(),
        "months": call.months_override,
        "track": call.track.value if call.track else "",
        "contact": call.contact,
    }


class CloseForm(Form):
    reason = TextAreaField(
        _l("끝내는 이유"),
        validators=[InputRequired(_l("끝내는 이유를 적어 주세요.")), Length(max=300)],
        description=_l("공고 페이지에 그대로 보입니다."),
        render_kw={"rows": 3},
    )
