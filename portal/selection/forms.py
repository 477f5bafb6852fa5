"""Forms of the selection: bonus, proposal, budget, approval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import lazy_gettext as _l
from wtforms import DecimalField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional

from portal.accounts.models import Person
from portal.programmes.forms import MoneyField
from portal.selection.rules import Ground
from portal.web.forms import OnceForm, VersionedForm

NOTE_LENGTH = 500
REASON_MAX = 2000


class ProposeForm(OnceForm):
    """plan: the digest of the ranking on the screen; budget and reserves travel along as they were tried."""

    plan = HiddenField()
    budget = HiddenField()
    reserves = HiddenField()
    approver = SelectField(
        _l("승인할 위원장"),
        coerce=int,
        description=_l("이 공고의 신청을 배정하거나 평가하지 않은 위원장만 고를 수 있습니다."),
        validators=[InputRequired(_l("위원장을 골라 주세요."))],
    )

    def offer(self, chairs: Sequence[Person]) -> None:
        self.approver.choices = [(one.id, one.name) for one in chairs]


class BudgetForm(OnceForm, VersionedForm):
    budget = MoneyField(
        _l("쓸 수 있는 예산"),
        validators=[InputRequired(_l("예산을 적어 주세요."))],
        description=_l("만원 단위. 늘리면 후보가 순위대로 바로 선정됩니다."),
    )
    reason = TextAreaField(_l("바꾸는 까닭"), validators=[Optional(), Length(max=REASON_MAX)])


class TakeBackForm(OnceForm):
    pass


class ApproveForm(OnceForm, VersionedForm):
    """The call's chair: approve, or send back with a reason. action: which of the two buttons was pressed."""

    action = StringField(validators=[AnyOf(("approve", "send_back"), message=_l("승인할지 되돌릴지 골라 주세요."))])
    reason = TextAreaField(
        _l("되돌리는 까닭"),
        description=_l("되돌릴 때만 30자 이상 적어 주세요. 운영기관이 읽습니다."),
        validators=[Optional(), Length(max=REASON_MAX)],
    )


class BonusForm(VersionedForm):
    """One field per ground; made by `bonus_form`."""

    note = TextAreaField(
        _l("근거"),
        description=_l("어떤 서류로 확인했는지 적어 주세요."),
        validators=[Optional(), Length(max=NOTE_LENGTH)],
    )

    @property
    def points(self) -> dict[Ground, float]:
        return {ground: float(self[ground.value].data or 0) for ground in Ground}


def bonus_form(kept: Mapping[Ground, float]) -> type[BonusForm]:
    """The form class with a field for each ground."""
    fields = {
        ground.value: DecimalField(
            str(ground.label),
            places=1,
            default=kept.get(ground) or None,
            description=_l("%(n)s점까지", n=f"{ground.most:g}"),
            validators=[
                Optional(),
                NumberRange(0, ground.most, message=_l("0점에서 %(n)s점까지 적어 주세요.", n=f"{ground.most:g}")),
            ],
        )
        for ground in Ground
    }
    return type("BonusFields", (BonusForm,), fields)


class SendForm(OnceForm):
    """Send every letter of a call that is not sent yet."""
