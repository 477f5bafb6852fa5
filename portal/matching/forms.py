"""Shape and wording of what companies write that they need, and of the check of a day's order."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import DateField, TextAreaField
from wtforms.validators import Length, Optional

from portal.matching.rules import MAX_WRITTEN
from portal.web.forms import Form, VersionedForm


class NeedForm(VersionedForm):
    text = TextAreaField(
        _l("무엇이 필요한가요?"),
        [Length(max=MAX_WRITTEN, message=_l("%(max)d자까지 적을 수 있습니다."))],
        description=_l(
            "예: 엑셀로 하던 작업지시를 태블릿으로 바꾸고, 카메라로 불량을 찾고 싶어요. 편하게 적으면 됩니다."
        ),
    )


class OrderForm(Form):
    """Reads the address, so that a checked order can be sent on."""

    class Meta(Form.Meta):
        csrf = False

    day = DateField(_l("날짜"), [Optional()])
    suppliers = TextAreaField(
        _l("공급기업 주소"),
        description=_l("공급기업 화면의 주소를 한 줄에 하나씩 붙여 넣으세요. 20곳까지 볼 수 있습니다."),
    )
