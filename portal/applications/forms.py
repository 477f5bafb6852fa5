"""Forms of the wizard: one topic a page. Everything may be left blank while drafting; what is typed must make sense."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField  # unlike WTForms' own, it takes nothing but a file
from wtforms import (
    BooleanField,
    DateField,
    Field,
    FieldList,
    FormField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms import Form as PlainForm
from wtforms.validators import Length, Optional, StopValidation
from wtforms.widgets import CheckboxInput, ListWidget, TextInput

from portal.applications import filling, questions
from portal.applications.models import Application
from portal.applications.parts import (
    MAX_COST_LINES,
    MAX_KPIS,
    PLAN_TEXTS,
    PLEDGE,
    Answer,
    CostKind,
    Direction,
    OwnShareSource,
    Part,
    Writer,
    parts_of,
)
from portal.applications.queries import PaperRow
from portal.applications.rules import Status
from portal.base import words
from portal.programmes.rules import SystemLevel, Tier
from portal.reference import queries as reference
from portal.web.forms import Form, OnceForm, VersionedForm


class NumberField(Field):
    """A number typed as people do: 1,500,000 or 1500000원. `whole` gives int, otherwise Decimal; blank is None."""

    widget = TextInput()

    def __init__(self, label: Any = None, validators: Any = None, *, whole: bool = True, **options: Any):
        options.setdefault("render_kw", {"inputmode": "numeric" if whole else "decimal", "autocomplete": "off"})
        super().__init__(label, validators, **options)
        self.whole = whole

    def _value(self) -> str:
        if self.raw_data:
            return self.raw_data[0]
        return "" if self.data is None else f"{self.data:,}" if self.whole else filling.plain(self.data)

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        text = valuelist[0].strip().replace(",", "").replace(" ", "").removesuffix("원")
        try:
            self.data = int(text[:24]) if self.whole else _decimal(text)
        except (ValueError, InvalidOperation):
            raise ValueError(str(words.sentence("number_invalid"))) from None


def _decimal(text: str) -> Decimal:
    number = Decimal(text[:24])
    if not number.is_finite():
        raise ValueError
    return number


class CheckboxesField(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def _mark_required(form: Form, *names: str) -> None:
    """The star of what a submission needs; drafts may leave it blank, so no validator stands behind it."""
    for name in names:
        form[name].flags.required = True


def _options(kind: Any) -> list[tuple[str, Any]]:
    return [(member.value, member.label) for member in kind]


def _blank(options: list[tuple[Any, Any]], text: Any = None) -> list[tuple[Any, Any]]:
    return [("", text or _l("골라 주세요")), *options]


class StartForm(Form):
    """Only the token: the call is in the address."""


class ChoiceForm(VersionedForm):
    tier = RadioField(filling.FIELD_LABELS["tier"], [Optional()])
    target_level = SelectField(filling.FIELD_LABELS["target_level"], [Optional()])
    same_level = BooleanField(_l("지금과 같은 수준으로 다시 신청합니다 (동일수준, 지원 한도가 낮아집니다)"))
    scope = CheckboxesField(filling.FIELD_LABELS["scope"])

    def fit(self, application: Application) -> None:
        _mark_required(self, "tier", "target_level")
        self.tier.choices = [(tier.value, tier.label) for tier in Tier if tier in application.call.tiers]
        self.target_level.choices = _blank(
            [(str(level.value), level.label) for level in SystemLevel if level is not SystemLevel.NONE]
        )
        self.scope.choices = [option for _, group in reference.technology_options() for option in group]

    def show(self, content: Mapping[str, Any]) -> None:
        level = content["target_level"]
        self.process(
            data={**content, "tier": content["tier"] or "", "target_level": "" if level is None else str(level)}
        )

    def content(self) -> dict[str, Any]:
        return {
            "tier": self.tier.data or None,
            "target_level": int(self.target_level.data) if self.target_level.data else None,
            "same_level": self.same_level.data,
            "scope": self.scope.data or [],
        }


class TextsForm(VersionedForm):
    """Three of the six short texts."""

    def fit(self, application: Application) -> None:
        _mark_required(self, *(name for name in self._fields if name in _TEXT_NAMES))

    def show(self, content: Mapping[str, Any]) -> None:
        self.process(data=content)

    def content(self) -> dict[str, Any]:
        return {name: field.data or "" for name, field in self._fields.items() if name in _TEXT_NAMES}


_TEXT_NAMES = {text.name for text in PLAN_TEXTS}


class FittingLength:
    """At most so many characters; a line end counts once. Sets the flag that the counter reads."""

    def __init__(self, most: int):
        self.most = most
        self.field_flags = {"maxlength": most}

    def __call__(self, form: Any, field: Any) -> None:
        length = len(filling.tidy(field.data, lines=True))
        if length > self.most:
            raise StopValidation(str(words.sentence("plan_too_long", most=f"{self.most:,}", now=f"{length:,}")))


def _texts_form(part: Part) -> type[TextsForm]:
    fields = {
        text.name: TextAreaField(
            text.label, [FittingLength(text.max_length)], description=text.hint, render_kw={"rows": 6}
        )
        for text in PLAN_TEXTS
        if text.part is part
    }
    return type(f"{part.name.title()}Form", (TextsForm,), fields)


class CostLineForm(PlainForm):
    kind = SelectField(_l("구분"), choices=_options(CostKind), validate_choice=False)
    item = StringField(_l("품명"), [Length(max=filling.MAX_ITEM)], render_kw={"autocomplete": "off"})
    unit_price_krw = NumberField(_l("단가"))
    quantity = NumberField(_l("수량"), default=1)


class CostsForm(VersionedForm):
    lines = FieldList(FormField(CostLineForm), filling.FIELD_LABELS["lines"], max_entries=MAX_COST_LINES + 5)
    own_share_krw = NumberField(
        filling.FIELD_LABELS["own_share_krw"], description=_l("우리 회사가 부담할 금액입니다. 없으면 0을 적어 주세요.")
    )
    own_share_source = SelectField(
        filling.FIELD_LABELS["own_share_source"], [Optional()], choices=_blank(_options(OwnShareSource))
    )

    def fit(self, application: Application) -> None:
        _mark_required(self, "own_share_krw")

    def show(self, content: Mapping[str, Any]) -> None:
        self.process(data={**content, "own_share_source": content["own_share_source"] or ""})
        _pad(self.lines, 3 if not content["lines"] else 1, MAX_COST_LINES)

    def content(self) -> dict[str, Any]:
        return {
            "lines": [{name: entry.form[name].data for name in _LINE} for entry in self.lines],
            "own_share_krw": self.own_share_krw.data,
            "own_share_source": self.own_share_source.data or None,
        }


_LINE = ("kind", "item", "unit_price_krw", "quantity")


class KpiRowForm(PlainForm):
    name = StringField(
        _l("지표"), [Length(max=filling.MAX_NAME)], render_kw={"list": "kpi-names", "autocomplete": "off"}
    )
    unit = StringField(_l("단위"), [Length(max=filling.MAX_UNIT)], render_kw={"autocomplete": "off"})
    direction = SelectField(_l("좋아지는 방향"), choices=_options(Direction), validate_choice=False)
    before = NumberField(_l("구축 전"), whole=False)
    target = NumberField(_l("목표"), whole=False)


class KpiForm(VersionedForm):
    rows = FieldList(FormField(KpiRowForm), filling.FIELD_LABELS["rows"], max_entries=MAX_KPIS + 3)

    def fit(self, application: Application) -> None: ...

    def show(self, content: Mapping[str, Any]) -> None:
        self.process(data=content)
        _pad(self.rows, 2 if not content["rows"] else 1, MAX_KPIS)

    def content(self) -> dict[str, Any]:
        return {"rows": [{name: entry.form[name].data for name in _ROW} for entry in self.rows]}


_ROW = ("name", "unit", "direction", "before", "target")


def _pad(rows: FieldList, blanks: int, most: int) -> None:
    """Some empty rows at the end, so that one more can be added without JavaScript."""
    for _ in range(blanks):
        if len(rows.entries) < most:
            rows.append_entry()


class PartnerForm(VersionedForm):
    supplier = RadioField(filling.FIELD_LABELS["supplier"], [Optional()], validate_choice=False)

    def fit(self, application: Application) -> None:
        _mark_required(self, "supplier")
        self.supplier.choices = []

    def show(self, content: Mapping[str, Any]) -> None:
        self.process(data=content)

    def content(self) -> dict[str, Any]:
        return {"supplier": self.supplier.data or None}


class PledgesForm(VersionedForm):
    """The exclusion questions come from data/application.toml (`_pledges_form`)."""

    writer = RadioField(filling.FIELD_LABELS["writer"], [Optional()], choices=_options(Writer))
    writer_name = StringField(
        _l("누가 도왔습니까?"),
        [Length(max=filling.MAX_ITEM)],
        description=_l("기관, 회사, 사람의 이름. 직접 썼으면 비워 두세요."),
    )
    writer_fee_krw = NumberField(_l("준 돈 또는 주기로 한 돈"), description=_l("돈을 주었을 때만 적어 주세요."))
    truth_pledged = BooleanField(PLEDGE)

    def fit(self, application: Application) -> None:
        asked = (exclusion_field(one.code) for one in questions.exclusions())
        _mark_required(self, "writer", "truth_pledged", *asked)

    def show(self, content: Mapping[str, Any]) -> None:
        answers = {exclusion_field(code): answer for code, answer in content["pledges"].items()}
        self.process(data={**content, **answers, "writer": content["writer"] or ""})

    def content(self) -> dict[str, Any]:
        return {
            "pledges": {
                one.code: self[exclusion_field(one.code)].data
                for one in questions.exclusions()
                if self[exclusion_field(one.code)].data
            },
            "writer": self.writer.data or None,
            "writer_name": self.writer_name.data or "",
            "writer_fee_krw": self.writer_fee_krw.data,
            "truth_pledged": self.truth_pledged.data,
        }


def exclusion_field(code: str) -> str:
    return f"x_{code.replace('-', '_')}"


def _pledges_form() -> type[PledgesForm]:
    fields = {}
    for one in questions.exclusions():
        choices: list[tuple[str, Any]] = [
            (Answer.NO.value, filling.ANSWERS[Answer.NO]),
            (Answer.YES.value, filling.ANSWERS[Answer.YES]),
        ]
        if one.excepted:
            choices.append((Answer.EXCEPTED.value, one.excepted))
        fields[exclusion_field(one.code)] = RadioField(one.question, [Optional()], choices=choices)
    return type("FullPledgesForm", (PledgesForm,), fields)


class PapersForm(VersionedForm):
    """One file input for each paper of the checklist (`papers_form`)."""

    def fit(self, application: Application) -> None: ...

    def show(self, content: Mapping[str, Any]) -> None: ...

    def content(self) -> dict[str, Any]:
        return {}


def paper_field(code: str) -> str:
    return f"file_{code.replace('-', '_')}"


def issued_field(code: str) -> str:
    return f"issued_{code.replace('-', '_')}"


def papers_form(rows: Sequence[PaperRow], *, ask_dates: bool) -> PapersForm:
    """ask_dates: papers that stay on file and expire ask for their day of issue."""
    fields: dict[str, Any] = {}
    for row in rows:
        if row.kind.made_here:
            continue
        fields[paper_field(row.kind.code)] = FileField(row.kind.label, [Optional()])
        if ask_dates and row.kind.on_file and row.kind.months:
            fields[issued_field(row.kind.code)] = DateField(_l("발급일"), [Optional()])
    return type("FullPapersForm", (PapersForm,), fields)()


FORMS: dict[Part, type[VersionedForm]] = {
    Part.CHOICE: ChoiceForm,
    Part.NEED: _texts_form(Part.NEED),
    Part.PLAN: _texts_form(Part.PLAN),
    Part.COSTS: CostsForm,
    Part.KPI: KpiForm,
    Part.PARTNER: PartnerForm,
    Part.PLEDGES: _pledges_form(),
}


class SubmitForm(OnceForm):
    """The last button: only the token and the idempotency key."""


class WithdrawForm(OnceForm):
    reason = TextAreaField(_l("철회하는 까닭"), [Length(max=1000)], render_kw={"rows": 3})


class AnswerSupplementForm(OnceForm):
    answer = TextAreaField(
        _l("운영기관에 전할 말"),
        [FittingLength(2000)],
        description=_l("무엇을 고쳤는지 짧게 적어 주세요."),
        render_kw={"rows": 4},
    )


class ReturnForm(OnceForm):
    """The operator's request: what to mend, where, until when."""

    message = TextAreaField(
        _l("무엇을 어떻게 고치면 됩니까?"),
        [FittingLength(4000)],
        description=_l("신청한 회사가 그대로 읽습니다. 쉬운 말로 적어 주세요."),
        render_kw={"rows": 6},
    )
    parts = CheckboxesField(_l("고칠 수 있게 열어 줄 부분"), choices=[(part.value, part.label) for part in Part])
    due_on = DateField(_l("보완 기한"), [Optional()], description=_l("이날 끝까지 받습니다."))

    def fit(self, application: Application) -> None:
        self.parts.choices = [(part.value, part.label) for part in parts_of(application.programme.consortium)]


class ConsortiumForm(OnceForm):
    reason = TextAreaField(
        _l("참여하지 않는 까닭"),
        [Length(max=500)],
        description=_l("거절할 때만 적어 주세요. 신청 기업이 읽습니다."),
        render_kw={"rows": 3},
    )


class QueueForm(Form):
    """The filters of the operators' list; they live in the address."""

    class Meta:
        csrf = False

    q = StringField(_l("찾기"), render_kw={"placeholder": _l("기업 이름, 접수번호")})
    call = SelectField(_l("공고"), validate_choice=False)
    tier = SelectField(_l("유형"), choices=_blank(_options(Tier), _l("모든 유형")), validate_choice=False)
    status = SelectField(
        _l("상태"),
        choices=_blank([(one.value, one.label) for one in Status if one is not Status.DRAFT], _l("모든 상태")),
        validate_choice=False,
    )
    region = SelectField(_l("지역"), validate_choice=False)

    def fit(self, calls: Sequence[tuple[str, Any]]) -> None:
        self.call.choices = _blank(list(calls), _l("모든 공고"))
        self.region.choices = _blank(reference.sido_options(), _l("모든 지역"))
