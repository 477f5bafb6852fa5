"""Shape and wording of what operators type about phases, visits and presentations; the services say what is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from portal.accounts.models import Person
from portal.evaluation.checklist import CHECKS, CheckAnswer
from portal.evaluation.forms import ChecklistField
from portal.evaluation.phases import (
    STATUS_OF,
    OthersReviews,
    Phase,
    PhaseKind,
    Plan,
    SuggestionView,
    TieRule,
)
from portal.evaluation.rubric import Rubric
from portal.programmes.forms import CountField, MoneyField
from portal.programmes.models import Call
from portal.programmes.rules import Tier
from portal.web.forms import Form, OnceForm, VersionedForm

KINDS = tuple(STATUS_OF)
"""The phases that a form may change; the requirement check is always there."""


class DayField(DateField):
    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata([one for one in valuelist if one.strip()])
        except ValueError:
            raise ValueError(_("날짜를 다시 적어 주세요. 예: 2026-12-01")) from None


class ClockField(StringField):
    """A time of day as it stands on a Korean wall clock, typed 14:30; `time` gives it."""

    time: time | None = None

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        typed = re.fullmatch(r"([01]?\d|2[0-3])[:시 ]([0-5]\d)분?", (self.data or "").strip())
        if self.data and not typed:
            raise ValueError(_("시각을 24시간으로 적어 주세요. 예: 14:30"))
        self.time = time(int(typed[1]), int(typed[2])) if typed else None


class DecimalsField(IntegerField):
    """A number with up to two decimals."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            return
        try:
            typed = Decimal(valuelist[0].strip().replace(",", ""))
        except InvalidOperation:
            typed = Decimal("NaN")
        if not typed.is_finite():
            self.data = None
            raise ValueError(_("숫자로 적어 주세요."))
        self.data = round(float(typed), 2)


_needed = InputRequired(_l("꼭 적어 주세요."))


class PlanForm(VersionedForm):
    """A call's plan and, per phase, the fields <kind>_used, _opens_on …; made by `plan_form`."""

    tiers: Sequence[Tier] = ()
    reviews = CountField(_l("신청마다 평가위원 수"), validators=[_needed])
    rubric = SelectField(
        _l("배점표"), validators=[Optional()], description=_l("이미 시작한 평가는 처음 배점표를 그대로 씁니다.")
    )
    min_load = CountField(_l("위원마다 적어도"), validators=[_needed])
    max_load = CountField(_l("위원마다 많아도"), validators=[_needed])
    balance = BooleanField(_l("맡는 건수를 되도록 고르게 나눕니다"))
    disagreement = DecimalsField(
        _l("위원을 더 부르는 의견 차이"),
        validators=[_needed],
        description=_l("이 공고의 보통 차이의 몇 배부터 한 명을 더 부를지 정합니다."),
    )
    remind_days = CountField(_l("마감 며칠 전에 다시 알릴지"), validators=[_needed])
    silence_days = CountField(
        _l("마감 며칠 뒤에 자리를 비울지"),
        validators=[_needed],
        description=_l("그때까지 답이 없으면 다른 위원을 다시 뽑습니다."),
    )
    ranked = BooleanField(
        _l("순위를 매겨 예산 안에서 뽑습니다"), description=_l("고르지 않으면 위원장이 건마다 바로 결정합니다.")
    )
    budget = MoneyField(
        _l("나눌 수 있는 예산 (만원)"), validators=[Optional()], description=_l("비워 두면 공고의 예산을 모두 씁니다.")
    )
    tie_rule = SelectField(_l("점수가 같을 때"), choices=[(one.value, one.label) for one in TieRule])
    bonus_cap = DecimalsField(_l("가점은 모두 합해 몇 점까지"), validators=[_needed])
    appeal_days = CountField(_l("이의신청 기한 (일)"), validators=[_needed])

    def plan(self, call: Call, standing: Plan) -> Plan:
        """What was typed, as a plan of this call."""
        quotas = {tier: self[f"quota_{tier.value}"].data for tier in self.tiers}
        return Plan(
            call_id=call.id,
            reviews=self.reviews.data,
            budget_krw=self.budget.krw or call.budget_krw,
            rubric=self.rubric.data or None,
            min_load=self.min_load.data,
            max_load=self.max_load.data,
            balance=self.balance.data,
            ranked=self.ranked.data,
            quotas={tier: places for tier, places in quotas.items() if places is not None},
            tie_rule=TieRule(self.tie_rule.data),
            bonus_cap=self.bonus_cap.data,
            disagreement=self.disagreement.data,
            remind_days=self.remind_days.data,
            silence_days=self.silence_days.data,
            appeal_days=self.appeal_days.data,
            version=standing.version,
        )

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The requirement check and the phases that are ticked."""
        rows = [Phase(PhaseKind.REQUIREMENT)]
        for kind in KINDS:
            given = {name: self[f"{kind.value}_{name}"].data for name in _PHASE_FIELDS}
            if not given["used"]:
                continue
            rows.append(
                Phase(
                    kind,
                    given["opens_on"],
                    given["closes_on"],
                    bool(given["sees_all"]),
                    not given["hides_names"],
                    OthersReviews(given["others_reviews"]),
                    SuggestionView(given["suggestion"]),
                    bool(given["waived"]),
                    " ".join((given["waived_reason"] or "").split()),
                )
            )
        return tuple(rows)


_PHASE_FIELDS = (
    "used",
    "opens_on",
    "closes_on",
    "hides_names",
    "sees_all",
    "others_reviews",
    "suggestion",
    "waived",
    "waived_reason",
)


def plan_form(call: Call, sheets: Sequence[Rubric]) -> type[PlanForm]:
    """The form class for one call: places per tier of the call, and the fields of each phase."""
    fields: dict[str, Any] = {"tiers": call.tiers}
    for tier in call.tiers:
        fields[f"quota_{tier.value}"] = CountField(tier.label, validators=[Optional()])
    newest = ("", _l("가장 새 배점표"))
    fields["rubric"] = SelectField(
        _l("배점표"),
        choices=[newest, *((one.reference, f"{one.title} ({one.reference})") for one in sheets)],
        validators=[Optional()],
        description=_l("이미 시작한 평가는 처음 배점표를 그대로 씁니다."),
    )
    for kind in KINDS:
        name = kind.value
        fields |= {
            f"{name}_used": BooleanField(_l("이 단계를 거칩니다")),
            f"{name}_opens_on": DayField(_l("시작하는 날"), validators=[Optional()]),
            f"{name}_closes_on": DayField(_l("끝나는 날"), validators=[Optional()]),
            f"{name}_hides_names": BooleanField(_l("평가위원에게 기업 이름을 가립니다")),
            f"{name}_sees_all": BooleanField(_l("맡지 않은 건도 읽을 수 있습니다 (건마다 이해충돌을 확인합니다)")),
            f"{name}_others_reviews": SelectField(
                _l("다른 위원의 평가"), choices=[(one.value, one.label) for one in OthersReviews]
            ),
            f"{name}_suggestion": SelectField(
                _l("산정 제안"), choices=[(one.value, one.label) for one in SuggestionView]
            ),
            f"{name}_waived": BooleanField(_l("이번에는 생략합니다")),
            f"{name}_waived_reason": StringField(_l("생략하는 까닭"), validators=[Optional(), Length(max=500)]),
        }
    return type("PlanForm", (PlanForm,), fields)


def fill_plan(call: Call, plan: Plan, rows: Sequence[Phase]) -> dict[str, Any]:
    """What stands, as form data."""
    data: dict[str, Any] = {
        **{name: getattr(plan, name) for name in ("reviews", "min_load", "max_load", "balance", "ranked", "version")},
        **{name: getattr(plan, name) for name in ("bonus_cap", "disagreement", "remind_days", "silence_days")},
        "appeal_days": plan.appeal_days,
        "rubric": plan.rubric or "",
        "tie_rule": plan.tie_rule.value,
        "budget": plan.budget_krw // 10_000 if plan.budget_krw != call.budget_krw else None,
        **{f"quota_{tier.value}": plan.quotas.get(tier) for tier in call.tiers},
    }
    standing = {one.kind: one for one in rows}
    for kind in KINDS:
        one = standing.get(kind, Phase(kind))
        data |= {
            f"{kind.value}_used": kind in standing,
            f"{kind.value}_opens_on": one.opens_on,
            f"{kind.value}_closes_on": one.closes_on,
            f"{kind.value}_hides_names": not one.sees_names,
            f"{kind.value}_sees_all": one.sees_all,
            f"{kind.value}_others_reviews": one.others_reviews.value,
            f"{kind.value}_suggestion": one.suggestion.value,
            f"{kind.value}_waived": one.waived,
            f"{kind.value}_waived_reason": one.waived_reason,
        }
    return data


class WaiveForm(Form):
    kind = RadioField(_l("생략할 단계"), validators=[InputRequired(_l("단계를 골라 주세요."))])
    reason = TextAreaField(
        _l("생략하는 까닭"),
        description=_l("10자 이상 적어 주세요. 신청기업의 진행 상황과 감사 기록에 남습니다."),
        validators=[Optional(), Length(max=500)],
        render_kw={"rows": 2},
    )

    def offer(self, phases: Sequence[Phase]) -> None:
        self.kind.choices = [(one.kind.value, one.kind.label) for one in phases]


# --- visits -------------------------------------------------------------------------------------------------


class VisitForm(Form):
    day = DayField(_l("방문하는 날"), validators=[DataRequired(_l("날짜를 골라 주세요."))])
    at = ClockField(_l("시각"), validators=[InputRequired(_l("시각을 적어 주세요."))], description=_l("예: 14:30"))
    minutes = CountField(_l("걸리는 시간 (분)"), validators=[_needed])
    place = StringField(_l("장소"), validators=[InputRequired(_l("장소를 적어 주세요.")), Length(max=200)])
    visitors = ChecklistField(_l("방문하는 사람"), coerce=int, validators=[Optional()], validate_choice=False)
    request = StringField(
        _l("기업이 준비할 것"),
        validators=[Optional(), Length(max=500)],
        description=_l("알림 메일과 기업의 일정 화면에 나옵니다. 방문하는 사람의 이름은 알리지 않습니다."),
    )

    def offer(self, people: Sequence[Person]) -> None:
        self.visitors.choices = [(one.id, one.name) for one in people]


class ReportForm(VersionedForm):
    """Two fields per check: <code>_answer, <code>_note; made below."""

    report = TextAreaField(
        _l("현장에서 본 것"),
        description=_l("평가위원과 위원장이 읽습니다. 신청기업에는 보이지 않습니다."),
        validators=[Optional(), Length(max=5000)],
        render_kw={"rows": 6},
    )

    @property
    def answers(self) -> dict[str, dict[str, Any]]:
        return {
            one.code: {"answer": self[f"{one.code}_answer"].data, "note": self[f"{one.code}_note"].data}
            for one in CHECKS
        }


for _one in CHECKS:
    setattr(
        ReportForm,
        f"{_one.code}_answer",
        RadioField(
            _one.question,
            choices=[(answer.value, answer.label) for answer in CheckAnswer],
            validators=[Optional()],
            validate_choice=False,
        ),
    )
    setattr(ReportForm, f"{_one.code}_note", StringField(_l("본 것"), validators=[Optional(), Length(max=500)]))


class PhotoForm(Form):
    photo = FileField(
        _l("사진"), description=_l("JPG, PNG, 10 MB까지. 사진에 담긴 위치와 기기 정보는 지우고 보관합니다.")
    )
    caption = StringField(_l("설명"), validators=[Optional(), Length(max=200)])


# --- presentations ------------------------------------------------------------------------------------------


class SlotsForm(OnceForm):
    day = DayField(_l("날짜"), validators=[DataRequired(_l("날짜를 골라 주세요."))])
    first = ClockField(_l("시작"), validators=[InputRequired(_l("시각을 적어 주세요."))], description=_l("예: 09:30"))
    last = ClockField(_l("끝"), validators=[InputRequired(_l("시각을 적어 주세요."))], description=_l("예: 17:30"))
    minutes = CountField(_l("한 건에 (분)"), validators=[_needed])
    pause = CountField(_l("사이에 쉬는 시간 (분)"), validators=[_needed])
    place = StringField(_l("장소"), validators=[InputRequired(_l("장소를 적어 주세요.")), Length(max=200)])


def next_working_day(today: date) -> date:
    """A day that a form offers: two weeks ahead, never on a weekend."""
    day = date.fromordinal(today.toordinal() + 14)
    return date.fromordinal(day.toordinal() + (7 - day.weekday() if day.weekday() > 4 else 0))
