"""Forms of the supplier's own pages beside the listing, and of the company that rates: capacity, workbook, stars."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import Field, HiddenField, RadioField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from portal.base.words import say
from portal.directory.forms import Drawn
from portal.directory.ratings import MAX_TEXT
from portal.directory.rules import MAX_SLOTS
from portal.web.forms import Form, VersionedForm

STAR_LABELS = {
    5: say("5 · 아주 좋았습니다", "5 · very good"),
    4: say("4 · 좋았습니다", "4 · good"),
    3: say("3 · 보통이었습니다", "3 · fair"),
    2: say("2 · 아쉬웠습니다", "2 · below what we hoped"),
    1: say("1 · 좋지 않았습니다", "1 · poor"),
}


class MonthsField(Field):
    """One figure for each month; controls are named `<name>-2026-11`, an empty one means: as the month before."""

    widget = Drawn()

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        self.process_errors = []
        self.data: dict[date, int | None] = dict(data) if isinstance(data, Mapping) else {}
        self.typed = {month: "" if figure is None else str(figure) for month, figure in self.data.items()}

    def read(self, formdata: Any) -> None:
        """Take what was typed for the months that the form was made with."""
        for month in [one for one in self.data if f"{self.name}-{one:%Y-%m}" in formdata]:
            typed = formdata[f"{self.name}-{month:%Y-%m}"].strip()
            self.typed[month] = typed
            self.data[month] = int(typed) if typed.isdecimal() and int(typed) <= MAX_SLOTS else None

    def pre_validate(self, form: Any) -> None:
        wrong = [month for month, typed in self.typed.items() if typed and self.data[month] is None]
        if wrong:
            raise ValidationError(
                str(
                    _l(
                        "0부터 999까지의 수로 적어 주세요: %(months)s",
                        months=", ".join(f"{one:%Y-%m}" for one in wrong),
                    )
                )
            )


class CapacityForm(VersionedForm):
    months = MonthsField(_l("달마다 새로 맡을 수 있는 과제"))

    def __init__(self, figures: Mapping[date, int | None], typed: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.months.process(None, figures)
        if typed is not None:
            self.months.read(typed)


class WorkbookForm(Form):
    file = FileField(
        _l("엑셀 파일"),
        [FileRequired(_l("올릴 파일을 골라 주세요."))],
        description=_l("XLSX · 2MB까지"),
    )


class TakeForm(Form):
    """Agreeing to what a workbook would do."""

    agreed = HiddenField()


class RatingForm(Form):
    stars = RadioField(_l("별점"), [InputRequired()], coerce=int)
    text = TextAreaField(
        _l("한마디"),
        [Length(max=MAX_TEXT)],
        description=_l("누구나 읽습니다. 사람 이름이나 연락처는 적지 마세요."),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.stars.choices = [(stars, str(label)) for stars, label in STAR_LABELS.items()]


class ReplyForm(Form):
    reply = TextAreaField(
        _l("답글"),
        [InputRequired(), Length(max=MAX_TEXT)],
        description=_l("평가 바로 아래에 누구나 볼 수 있게 실립니다. 한 번만 쓸 수 있습니다."),
    )
