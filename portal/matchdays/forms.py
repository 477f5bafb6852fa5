"""Forms of a matching day: its plan, an answer with ranked wishes, a sheet, a change by hand, what was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal.evaluation.phase_forms import ClockField, DayField
from portal.matchdays.models import Attendee, MatchDay, Meeting
from portal.matchdays.papers import time_of
from portal.matchdays.rules import (
    BY_OPERATOR,
    MAX_NOTE,
    MOST_WISHES,
    REFUSED,
    Attendance,
    Channel,
    MeetingOutcome,
    Note,
    Reply,
    Side,
)
from portal.programmes.forms import CountField
from portal.web.forms import Form, OnceForm, VersionedForm

REASON = _l("까닭을 적어 주세요.")
NUMBER = _l("숫자로 적어 주세요.")


class ChecksField(SelectMultipleField):
    option_widget = CheckboxInput()
    widget = ListWidget(prefix_label=False)


class DayForm(VersionedForm, OnceForm):
    title = StringField(_l("이름"), [InputRequired(), Length(max=120)])
    day = DayField(_l("날짜"), [DataRequired(_l("날짜를 골라 주세요."))])
    place = StringField(_l("장소"), [InputRequired(), Length(max=160)])
    region = SelectField(
        _l("대상 지역"),
        validate_choice=True,
        description=_l("이 지역의 도입기업이 참가합니다. 공급기업은 어디서나 참가할 수 있습니다."),
    )
    first = ClockField(_l("시작 시각"), [InputRequired(_l("시각을 적어 주세요."))], description=_l("예: 13:30"))
    minutes = CountField(_l("한 번 만나는 시간"), [InputRequired(NUMBER)])
    pause = CountField(_l("사이에 쉬는 시간"), [InputRequired(NUMBER)])
    slots = CountField(_l("시간의 수"), [InputRequired(NUMBER)], description=_l("예: 8번"))
    tables = CountField(_l("상담석의 수"), [InputRequired(NUMBER)], description=_l("같은 시간에 만날 수 있는 짝의 수"))
    per_company = CountField(
        _l("도입기업 한 곳이 가장 많이 만날 수"),
        [InputRequired(NUMBER)],
        description=_l("상담석이 모자라면 고르게 나누고, 남는 자리는 추첨합니다."),
    )
    wishes_until = DayField(_l("희망 마감일"), [DataRequired(_l("날짜를 골라 주세요."))])
    note = TextAreaField(_l("참가 안내"), [Optional(), Length(max=2000)], description=_l("주차, 준비물처럼 참가하는 분이 알아야 할 것"))

    def facts(self) -> dict[str, Any]:
        names = ("title", "day", "place", "region", "minutes", "pause", "slots", "tables", "per_company", "wishes_until")
        return {name: self[name].data for name in names} | {"first": self.first.time, "note": self.note.data or ""}


class _ReplyForm(VersionedForm):
    coming = RadioField(_l("참가하시나요?"), [InputRequired(_l("참가할지 골라 주세요."))])
    away = ChecksField(_l("올 수 없는 시간"), [Optional()], coerce=int)
    most = SelectField(_l("가장 많이 만날 수"))
    takes_others = BooleanField(_l("희망에 적지 않은 곳도 우리를 만나고 싶어 하면 만나겠습니다"))

    def reply(self, others: Sequence[Attendee]) -> Reply:
        chosen = {one.id: self[f"rank_{one.key}"].data for one in others}
        return Reply(
            coming=self.coming.data == "yes",
            ranks={key: int(rank) for key, rank in chosen.items() if rank and rank != REFUSED},
            refused=[key for key, rank in chosen.items() if rank == REFUSED],
            need=(self.need.data or "") if "need" in self else "",
            most=int(self.most.data) if self.most.data else None,
            away=self.away.data or (),
            takes_others=bool(self.takes_others.data),
            note=(self.note.data or "") if "note" in self else "",
        )


def reply_form(
    day: MatchDay, side: Side, others: Sequence[Attendee], *, by_operator: bool = False
) -> type[_ReplyForm]:
    """The form of one side's answer, with a place among the wishes for each of the others."""
    fields: dict[str, Any] = {}
    if side is Side.COMPANY:
        fields["need"] = TextAreaField(
            _l("상담하고 싶은 일"),
            [Optional(), Length(max=300)],
            description=_l("초대받거나 참가하는 공급기업이 회사 이름과 함께 봅니다. 연락처는 적지 마세요."),
        )
    if by_operator:
        fields["channel"] = RadioField(_l("어떻게 들었나요?"), choices=[(one.value, one.label) for one in BY_OPERATOR])
        fields["note"] = StringField(
            _l("누구에게 들었나요?"),
            [InputRequired(REASON), Length(max=MAX_NOTE)],
            description=_l("예: 11월 23일 김 대표와 통화"),
        )
    ranks = [("", "–"), *((str(at), _l("%(n)s순위", n=at)) for at in range(1, min(len(others), MOST_WISHES) + 1))]
    for one in others:
        fields[f"rank_{one.key}"] = SelectField(one.name, choices=[*ranks, (REFUSED, _l("만나지 않음"))])
    made = type("ReplyForm", (_ReplyForm,), fields)
    base = made.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        base(self, *args, **kwargs)
        self.coming.choices = [("yes", _("참가합니다")), ("no", _("참가하지 않습니다"))]
        self.away.choices = [(at, time_of(day, at)) for at in range(day.slots)]
        self.most.choices = [("", _("정해진 만큼")), *((str(at), _("%(n)s번", n=at)) for at in range(1, day.slots + 1))]

    made.__init__ = __init__  # type: ignore[method-assign]
    return made


def fill_reply(row: Attendee | None, others: Sequence[Attendee]) -> dict[str, Any]:
    """What stands now, for the form."""
    if row is None:
        return {"takes_others": True, "coming": "yes"}
    places = row.ranks
    return {
        "coming": {"coming": "yes", "declined": "no"}.get(row.state.value),
        "need": row.need,
        "away": row.away,
        "most": str(row.most or ""),
        "takes_others": row.takes_others,
        "channel": row.channel.value if row.channel in BY_OPERATOR else Channel.PHONE.value,
        "version": row.version,
        **{
            f"rank_{one.key}": REFUSED if one.id in row.refused else str(places.get(one.id, ""))
            for one in others
        },
    }


class InviteForm(Form):
    organisations = ChecksField(_l("초대할 곳"), [Optional()], validate_choice=False)


class ApartForm(Form):
    company = SelectField(_l("도입기업"))
    supplier = SelectField(_l("공급기업"))
    reason = StringField(_l("까닭"), [InputRequired(REASON), Length(max=300)])

    def offer(self, rows: Sequence[Attendee]) -> None:
        self.company.choices = [(one.key, one.name) for one in rows if one.side is Side.COMPANY]
        self.supplier.choices = [(one.key, one.name) for one in rows if one.side is Side.SUPPLIER]


class CancelForm(Form):
    reason = TextAreaField(_l("취소하는 까닭"), [InputRequired(REASON), Length(max=MAX_NOTE)])


class SheetForm(Form):
    file = FileField(_l("채운 엑셀 파일"), [FileRequired(_l("올릴 파일을 골라 주세요."))])


class AgreeForm(OnceForm):
    """What a person agreed to by its digest."""

    plan = HiddenField()


class SolveForm(OnceForm):
    keep_hand = BooleanField(_l("손으로 정한 만남은 그대로 두기"))


class AddForm(Form):
    company = SelectField(_l("도입기업"))
    supplier = SelectField(_l("공급기업"))
    slot = SelectField(_l("만나는 시간"), coerce=int)

    def offer(self, day: MatchDay, companies: Sequence[Attendee], suppliers: Sequence[Attendee]) -> None:
        self.company.choices = [(one.key, one.name) for one in companies]
        self.supplier.choices = [(one.key, one.name) for one in suppliers]
        self.slot.choices = [(at, time_of(day, at)) for at in range(day.slots)]


class MoveForm(VersionedForm):
    slot = SelectField(_l("옮길 시간"), coerce=int)

    def offer(self, day: MatchDay) -> None:
        self.slot.choices = [(at, time_of(day, at)) for at in range(day.slots)]


class SwapForm(VersionedForm):
    other = SelectField(_l("시간을 맞바꿀 만남"))

    def offer(self, day: MatchDay, row: Meeting, rows: Sequence[Meeting]) -> None:
        self.other.choices = [
            (one.key, f"{time_of(day, one.slot)} · {one.company.name} – {one.supplier.name}")
            for one in rows
            if one.slot != row.slot
        ]


def record_form(rows: Sequence[Meeting]) -> type[Form]:
    """Attendance, outcome and a note for each meeting."""
    came = [("", _l("아직")), *((one.value, one.label) for one in Attendance)]
    outcomes = [("", "–"), *((one.value, one.label) for one in MeetingOutcome)]
    fields: dict[str, Any] = {}
    for row in rows:
        pair = f"{row.company.name} – {row.supplier.name}"
        fields[f"came_{row.key}"] = SelectField(_l("%(pair)s: 참석", pair=pair), choices=came)
        fields[f"outcome_{row.key}"] = SelectField(_l("%(pair)s: 결과", pair=pair), choices=outcomes)
        fields[f"note_{row.key}"] = StringField(_l("%(pair)s: 메모", pair=pair), [Optional(), Length(max=MAX_NOTE)])
    return type("RecordForm", (Form,), fields)


def fill_record(rows: Sequence[Meeting]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in rows:
        found[f"came_{row.key}"] = row.attendance.value if row.attendance else ""
        found[f"outcome_{row.key}"] = row.outcome.value if row.outcome else ""
        found[f"note_{row.key}"] = row.outcome_note
    return found


def notes_of(form: Form, rows: Sequence[Meeting]) -> dict[str, Note]:
    """What was written down; an outcome alone means that they met."""
    found = {}
    for row in rows:
        came, outcome = form[f"came_{row.key}"].data, form[f"outcome_{row.key}"].data
        if outcome and not came:
            came = Attendance.BOTH.value
        found[row.key] = Note(
            Attendance(came) if came else None,
            MeetingOutcome(outcome) if outcome else None,
            form[f"note_{row.key}"].data or "",
        )
    return found
