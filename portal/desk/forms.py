"""What a person types on the composed pages: filters, which live in the address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, IntegerField, SelectField, StringField
from wtforms.validators import Length, NumberRange, Optional

from portal.base import clock
from portal.desk import rules
from portal.web.forms import Form


class AuditFilter(Form):
    """Filters of the audit log; a GET form, so nothing in it changes anything and it needs no token."""

    class Meta:
        csrf = False

    action = SelectField(_l("한 일"), validators=[Optional()])
    object_type = StringField(_l("대상"), validators=[Optional(), Length(max=40)])
    object_id = IntegerField(_l("대상 번호"), validators=[Optional(), NumberRange(min=1, max=2**62)])
    person = IntegerField(_l("사람 번호"), validators=[Optional(), NumberRange(min=1, max=2**62)])
    since = DateField(_l("부터"), validators=[Optional()])
    until = DateField(_l("까지"), validators=[Optional()])

    def offer(self, actions: Sequence[str]) -> None:
        self.action.choices = [("", _l("모두")), *((action, rules.action_words(action)) for action in actions)]

    def criteria(self) -> dict[str, Any]:
        """What was chosen; days become moments of the Korean calendar, the last day included."""
        found = {name: self[name].data for name in ("action", "object_type", "object_id", "person") if self[name].data}
        if self.since.data:
            found["since"] = clock.from_kst(datetime.combine(self.since.data, time()))
        if self.until.data:
            found["until"] = clock.from_kst(datetime.combine(self.until.data + timedelta(days=1), time()))
        return found
