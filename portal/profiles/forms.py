"""Forms of the profile: everything optional (drafts are lenient), what is typed must make sense."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField  # unlike WTForms' own, it takes nothing but a file
from wtforms import (
    DateField,
    FieldList,
    FormField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms import Form as PlainForm
from wtforms.validators import Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.base.words import Words, say
from portal.profiles.models import Profile
from portal.profiles.questionnaire import Questionnaire
from portal.profiles.rules import (
    FACT_LABELS,
    MAX_PAINS,
    MAX_PLANTS,
    NOT_APPLICABLE,
    UNSURE,
    Answer,
    Employees,
    EvidenceTag,
    OrderType,
    Pain,
    Process,
    Sales,
    System,
    answer_field,
    phone_text,
)
from portal.reference import queries as reference
from portal.reference.rules import SizeClass, clean_ksic
from portal.web.forms import Form, VersionedForm


def _options(kind: Any) -> list[tuple[str, Any]]:
    return [(member.value, member.label) for member in kind]


def _blank(kind: Any) -> list[tuple[str, Any]]:
    return [("", _l("골라 주세요")), *_options(kind)]


class CheckboxesField(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class PlantForm(PlainForm):
    name = StringField(_l("공장 이름"), [Length(max=120)])
    address = StringField(_l("주소"), [Length(max=120)])


class CompanyForm(VersionedForm):
    """The company's facts. `ksic` is chosen, or typed in `ksic_code` by who knows the full code."""

    ksic = SelectField(FACT_LABELS["ksic"], description=_l("가장 많이 만드는 제품을 기준으로 골라 주세요."))
    ksic_code = StringField(
        _l("업종코드 직접 입력"),
        [Length(max=20)],
        description=_l("5자리 코드를 알면 적어 주세요. 위의 선택보다 먼저 씁니다. 예: 25112"),
    )
    region = SelectField(FACT_LABELS["region"], description=_l("공장이 있는 곳. 여러 곳이면 가장 큰 공장을 고르세요."))
    size = RadioField(
        FACT_LABELS["size"],
        [Optional()],
        choices=_options(SizeClass),
        description=_l("중소기업확인서에 적힌 규모입니다."),
    )
    employees = SelectField(FACT_LABELS["employees"], choices=_blank(Employees))
    sales = SelectField(FACT_LABELS["sales"], choices=_blank(Sales))
    products = StringField(
        FACT_LABELS["products"], [Length(max=200)], description=_l("예: 자동차 브레이크 부품, 알루미늄 케이스")
    )
    processes = CheckboxesField(
        FACT_LABELS["processes"], choices=_options(Process), description=_l("해당하는 것을 모두 골라 주세요.")
    )
    order_type = RadioField(FACT_LABELS["order_type"], [Optional()], choices=_options(OrderType))
    pains = CheckboxesField(
        FACT_LABELS["pains"],
        choices=_options(Pain),
        description=_l("가장 급한 것을 3개까지. 무엇부터 할지 추천할 때 씁니다."),
    )
    systems = CheckboxesField(
        FACT_LABELS["systems"], choices=_options(System), description=_l("없으면 비워 두어도 됩니다.")
    )
    systems_note = TextAreaField(
        FACT_LABELS["systems_note"],
        [Length(max=500)],
        description=_l("제품 이름, 쓰기 시작한 해, 아쉬운 점 등을 편하게 적어 주세요."),
    )
    plants = FieldList(
        FormField(PlantForm), label=FACT_LABELS["plants"], min_entries=MAX_PLANTS, max_entries=MAX_PLANTS
    )
    contact_name = StringField(FACT_LABELS["contact_name"], [Length(max=60)])
    contact_phone = TelField(FACT_LABELS["contact_phone"], [Length(max=40)])
    contact_email = StringField(FACT_LABELS["contact_email"], [Length(max=254)], render_kw={"inputmode": "email"})

    def __init__(self, profile: Profile | None, home_region: str | None, *args: Any, **kwargs: Any):
        """home_region: what sign-up knows of the firm, offered while nothing was saved."""
        super().__init__(*args, data=_kept(profile, home_region), **kwargs)
        self.ksic.choices = _industries()
        self.region.choices = _regions(self.region.data)

    def validate_ksic_code(self, field: StringField) -> None:
        if field.data and not clean_ksic(field.data):
            raise ValidationError(_l("제조업 업종코드(10~34로 시작하는 2~5자리)가 아닙니다. 예: 25112"))
        if field.data and not clean_ksic(field.data).startswith(self.ksic.data or ""):
            raise ValidationError(_l("위에서 고른 업종과 다릅니다. 하나만 남겨 주세요."))

    def validate_pains(self, field: CheckboxesField) -> None:
        if len(field.data or ()) > MAX_PAINS:
            raise ValidationError(_l("3개까지 고를 수 있습니다."))

    def facts(self) -> dict[str, Any]:
        given = {name: self[name].data for name in FACT_LABELS}
        return {**given, "ksic": self.ksic_code.data or self.ksic.data}


def _kept(profile: Profile | None, home_region: str | None) -> dict[str, Any]:
    if profile is None or profile.facts_saved_at is None:
        return {"version": profile.version if profile else 0, "region": home_region}
    facts = profile.facts
    code = facts["ksic"] or ""
    # the list knows two and three digits; a longer code is shown where it was typed
    return {
        **facts,
        "version": profile.version,
        "ksic": code[:3],
        "ksic_code": code if len(code) > 3 else "",
        "contact_phone": phone_text(facts["contact_phone"]),
        "plants": [*facts["plants"], *({} for _ in range(MAX_PLANTS - len(facts["plants"])))],
    }


def _industries() -> dict[Any, list[tuple[str, Any]]]:
    revision = reference.newest_revision()
    groups: dict[str, list[tuple[str, Any]]] = {}
    for code, label in reference.ksic_options(3, revision):
        groups.setdefault(code[:2], []).append((code, label))
    choices: dict[Any, list[tuple[str, Any]]] = {_l("업종"): [("", _l("골라 주세요"))]}
    for code, label in reference.ksic_options(2, revision):
        choices[label] = [(code, label), *groups.get(code, [])]
    return choices


def _regions(chosen: str | None) -> dict[Any, list[tuple[str, Any]]]:
    choices: dict[Any, list[tuple[str, Any]]] = {_l("시·도"): [("", _l("골라 주세요"))]}
    known = set()
    for sido, places in reference.region_options():
        # several cities have a 중구: the chosen line must say whose it is
        choices[sido] = [(key, _whole(sido, place)) for key, place in places]
        known |= {key for key, _ in places}
    # a place that has been merged since the firm chose it stays as it is until the firm chooses anew
    if chosen and chosen not in known and (name := reference.region_name(chosen)):
        choices[_l("예전 이름")] = [(chosen, name)]
    return choices


def _whole(sido: Words, place: Words) -> Words:
    return place if place == sido else say(f"{sido.ko} {place.ko}", f"{place.en}, {sido.en}")


class AnswersForm(VersionedForm):
    """One area of the diagnosis; its fields are made by `answers_form`."""

    items: tuple[str, ...] = ()

    def given(self) -> dict[str, Any]:
        return {code: self[answer_field(code)].data for code in self.items}


def answers_form(
    questionnaire: Questionnaire, area: str, answers: Mapping[str, Answer], version: int, *, files: bool = True
) -> AnswersForm:
    """The form of one area: an answer for each item and, unless it is an autosave, room for evidence."""
    fields: dict[str, Any] = {}
    for item in questionnaire.items_of(area):
        choices = [(str(level), anchor) for level, anchor in enumerate(item.anchors)]
        choices.append((UNSURE, _l("모르겠음")))
        if item.not_applicable_allowed:
            choices.append((NOT_APPLICABLE, _l("해당 없음")))
        fields[answer_field(item.code)] = RadioField(item.question, [Optional()], choices=choices)
        if files:
            fields[f"tag_{item.code}"] = SelectField(
                _l("증빙 종류"), choices=[("", _l("골라 주세요")), *_options(EvidenceTag)], validate_choice=False
            )
            fields[f"file_{item.code}"] = FileField(
                say(f"{item.title.ko} 증빙 파일", f"{item.title.en}: evidence file")
            )
    fields["items"] = questionnaire.area(area).items
    form_class = type("AnswersForm", (AnswersForm,), fields)
    kept = {answer_field(code): str(answers[code]) for code in fields["items"] if code in answers}
    return form_class(data={"version": version, **kept})


class FinishForm(Form):
    """Only the token: what is frozen stands in the draft."""


class PaperForm(Form):
    file = FileField(_l("파일"))
    issued_on = DateField(_l("발급일"), [Optional()])
    expires_on = DateField(
        _l("만료일"), [Optional()], description=_l("서류에 적혀 있을 때만. 비워 두면 발급일에서 셉니다.")
    )
