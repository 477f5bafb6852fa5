"""Forms of the directory: a supplier's listing, an operator's answer, a verified build."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Email, InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.base import clock
from portal.base.words import Words
from portal.directory.rules import (
    GRADES,
    LEVEL_LABELS,
    MAX_PRODUCTS,
    NATIONWIDE,
    PROCESSES,
    PRODUCT_FACTS,
    SIZES,
    STANDARDS,
    PriceModel,
)
from portal.programmes import queries as programmes
from portal.programmes.rules import SystemLevel
from portal.reference import queries as reference
from portal.reference.rules import SizeClass
from portal.web.forms import Form, VersionedForm

EMPTY_LINES = 3


class Drawn:
    """Stands for a widget where the template draws the controls itself."""

    def __call__(self, field: Field, **_kwargs: Any) -> str:
        return ""


class LevelsField(Field):
    """One level for each technology; controls are named `<name>-<code>`, an empty one means: not offered."""

    widget = Drawn()

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        self.process_errors = []
        self.data = dict(data) if isinstance(data, Mapping) else {}
        if formdata:
            prefix = f"{self.name}-"
            self.data = {
                name.removeprefix(prefix): int(value)
                for name, value in formdata.items()
                if name.startswith(prefix) and value in {str(level) for level in LEVEL_LABELS}
            }

    def rows(self) -> Iterator[tuple[Words, list[tuple[str, Words, int]]]]:
        """For the template: (family, [(code, label, level now or 0)])."""
        for family, options in reference.technology_options():
            yield family, [(code, label, self.data.get(code, 0)) for code, label in options]


class GradesField(Field):
    """How many engineers of each grade; controls are named `<name>-<code>`, an empty one means: none."""

    widget = Drawn()

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        self.process_errors = []
        self.data = dict(data) if isinstance(data, Mapping) else {}
        self.typed = {code: str(count) for code, count in self.data.items()}
        if formdata:
            self.typed = {code: (formdata.get(f"{self.name}-{code}") or "").strip() for code in GRADES}
            self.data = {
                code: int(typed) for code, typed in self.typed.items() if typed.isdecimal() and 0 < int(typed) < 10_000
            }
            if any(typed and not (typed.isdecimal() and int(typed) < 10_000) for typed in self.typed.values()):
                self.process_errors = [str(_l("인원은 숫자로 적어 주세요."))]

    def rows(self) -> list[tuple[str, Words, str]]:
        """For the template: (code, label, what was typed)."""
        return [(code, label, self.typed.get(code, "")) for code, label in GRADES.items()]


class ProductsField(Field):
    """Up to `MAX_PRODUCTS` products; controls are named `<name>-<n>-name`, `-description`, `-price`, `-gs`, `-saas`."""

    widget = Drawn()
    most = MAX_PRODUCTS

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        self.process_errors = []
        self.data = list(data) if isinstance(data, list) else []
        if formdata:
            prices = {price.value for price in PriceModel}
            self.data = []
            for place in range(MAX_PRODUCTS):
                one = {
                    part: (formdata.get(f"{self.name}-{place}-{part}") or "").strip()[:limit]
                    for part, limit in (("name", 60), ("description", 300), ("price", 20))
                }
                if one["name"] or one["description"]:
                    one["price"] = one["price"] if one["price"] in prices else PriceModel.QUOTE.value
                    for fact in PRODUCT_FACTS:
                        if formdata.get(f"{self.name}-{place}-{fact}"):
                            one[fact] = True
                    self.data.append(one)

    def rows(self) -> list[dict[str, Any]]:
        """For the template: what is there, and a few empty lines."""
        empty = {"name": "", "description": "", "price": PriceModel.QUOTE.value}
        room = min(EMPTY_LINES, MAX_PRODUCTS - len(self.data)) if self.data else EMPTY_LINES
        return [*self.data, *[dict(empty) for _ in range(room)]]


class ChecksField(SelectMultipleField):
    option_widget = CheckboxInput()
    widget = ListWidget(prefix_label=False)


class ListingForm(VersionedForm):
    summary = StringField(
        _l("한 줄 소개"),
        [InputRequired(), Length(max=120)],
        description=_l("무엇을 잘하는 회사인지 한 문장으로 적어 주세요."),
    )
    description = TextAreaField(
        _l("소개"),
        [Length(max=3000)],
        description=_l("해 본 일, 강점, 일하는 방식을 적어 주세요. 연락처는 아래에 따로 적습니다."),
    )
    capabilities = LevelsField(
        _l("기술과 수준"), description=_l("실제로 구축할 수 있는 기술만 골라 주세요. 스스로 적은 수준으로 표시됩니다.")
    )
    sectors = ChecksField(_l("업종"), description=_l("구축해 본 업종이나 맡을 수 있는 업종"))
    sector_groups = StringField(
        _l("세부 업종 코드"),
        [Length(max=200)],
        description=_l("세 자리 분류를 아시면 쉼표로 나누어 적어 주세요. 예: 303, 292"),
    )
    regions = ChecksField(_l("서비스 지역"), description=_l("직접 가서 구축하고 사후관리할 수 있는 지역"))
    processes = ChecksField(_l("공정"), description=_l("데이터를 모으거나 자동화해 본 공정"))
    programmes = ChecksField(_l("해 본 사업"), description=_l("참여해 본 지원사업"))
    sizes = ChecksField(_l("맡아 본 기업 규모"))
    standards = ChecksField(_l("표준"), description=_l("구축 결과를 이 표준으로 내보낼 수 있으면 골라 주세요."))
    products = ProductsField(_l("제품"))
    founded_year = IntegerField(_l("설립 연도"), [Optional(), NumberRange(1900, 2100)])
    engineers = IntegerField(_l("엔지니어 수"), [Optional(), NumberRange(0, 100_000)])
    engineer_grades = GradesField(_l("등급별 엔지니어"))
    open_slots = IntegerField(
        _l("지금 새로 맡을 수 있는 과제"),
        [Optional(), NumberRange(0, 999)],
        description=_l("0이면 매칭에서 잠시 빠집니다. 언제든 바꿀 수 있습니다."),
    )
    lead_weeks = IntegerField(_l("착수까지 걸리는 기간"), [Optional(), NumberRange(0, 104)])
    aftercare_hours = IntegerField(_l("사후관리 응답 약속"), [Optional(), NumberRange(1, 720)])
    contact_name = StringField(_l("담당자 이름"), [Length(max=60)])
    contact_email = StringField(_l("담당자 이메일"), [Optional(), Email(), Length(max=254)])
    contact_phone = StringField(_l("담당자 전화"), [Length(max=20)])

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.sectors.choices = [(code, str(label)) for code, label in reference.ksic_options()]
        self.regions.choices = [
            (NATIONWIDE, _l("전국")),
            *((key, str(label)) for key, label in reference.sido_options()),
        ]
        for name, labels in (("processes", PROCESSES), ("sizes", SIZES), ("standards", STANDARDS)):
            self[name].choices = [(code, str(label)) for code, label in labels.items()]
        self.programmes.choices = [(row.code, str(row.label)) for row in programmes.programmes(running=False)]
        if self.sectors.raw_data is None and self.sectors.data:
            self.sector_groups.data = ", ".join(code for code in self.sectors.data if len(code) > 2)
            self.sectors.data = [code for code in self.sectors.data if len(code) == 2]

    def validate_founded_year(self, field: IntegerField) -> None:
        if field.data and field.data > clock.today().year:
            raise ValidationError(str(_l("올해보다 늦은 연도입니다.")))

    def facts(self) -> dict[str, Any]:
        """What the service stores."""
        groups = [code.strip() for code in (self.sector_groups.data or "").replace("，", ",").split(",")]
        regions = self.regions.data or []
        return {
            **{
                name: field.data
                for name, field in self._fields.items()
                if name not in ("csrf_token", "version", "sector_groups")
            },
            "sectors": list(dict.fromkeys([*(self.sectors.data or []), *(code for code in groups if code)])),
            "regions": [NATIONWIDE] if NATIONWIDE in regions else list(regions),
        }


class JudgeForm(VersionedForm):
    reason = TextAreaField(
        _l("이유"),
        [Length(max=1000)],
        description=_l("공급기업에 그대로 전해집니다. 무엇을 고치면 되는지 적어 주세요."),
    )


class RecordForm(Form):
    """A verified build, typed by an operator from the papers of a finished project."""

    year = IntegerField(_l("완료 연도"), [InputRequired(), NumberRange(2000, 2100)])
    programme = StringField(_l("사업"), [InputRequired(), Length(max=120)])
    region = SelectField(_l("지역"), [Optional()])
    ksic = SelectField(_l("업종"), [Optional()])
    size = SelectField(_l("도입기업 규모"), [Optional()])
    technologies = ChecksField(_l("기술"))
    planned_months = IntegerField(_l("계획 기간"), [Optional(), NumberRange(1, 120)])
    actual_months = IntegerField(_l("실제 기간"), [Optional(), NumberRange(1, 120)])
    target_level = SelectField(_l("목표 수준"), [Optional()])
    achieved_level = SelectField(_l("달성 수준"), [Optional()])
    passed_first_audit = BooleanField(_l("최종 감리를 한 번에 통과"))
    kpi = StringField(_l("성과지표"), [Length(max=80)])
    kpi_gain_percent = IntegerField(_l("성과지표 개선"), [Optional(), NumberRange(-100, 1000)])
    source = StringField(_l("확인 근거"), [InputRequired(), Length(max=80)])

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        nothing = ("", _l("고르지 않음"))
        self.region.choices = [nothing, *((key, str(label)) for key, label in reference.sido_options())]
        self.ksic.choices = [nothing, *((code, str(label)) for code, label in reference.ksic_options())]
        self.size.choices = [nothing, *((size.value, str(size.label)) for size in SizeClass)]
        levels = [nothing, *((str(int(level)), str(level.label)) for level in SystemLevel)]
        self.target_level.choices = self.achieved_level.choices = levels
        self.technologies.choices = [
            (code, str(label)) for _, options in reference.technology_options() for code, label in options
        ]

    def facts(self) -> dict[str, Any]:
        """Keyword arguments of `service.add_track_record`."""
        gain = self.kpi_gain_percent.data
        return {
            "year": self.year.data,
            "programme": self.programme.data,
            "region": self.region.data or "",
            "ksic": self.ksic.data or "",
            "size": SizeClass(self.size.data) if self.size.data else None,
            "technologies": self.technologies.data or [],
            "planned_months": self.planned_months.data,
            "actual_months": self.actual_months.data,
            "target_level": int(self.target_level.data) if self.target_level.data else None,
            "achieved_level": int(self.achieved_level.data) if self.achieved_level.data else None,
            "passed_first_audit": self.passed_first_audit.data,
            "kpi": self.kpi.data or "",
            "kpi_gain_ratio": gain / 100 if gain is not None else None,
            "source": self.source.data if self.source else "",
        }
