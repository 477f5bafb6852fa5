"""The form by which anybody checks a letter."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import StringField
from wtforms.validators import Length

from portal.web.forms import Form


class VerifyForm(Form):
    hash = StringField(_l("확인값 (SHA-256)"), validators=[Length(max=200)])
    file = FileField(_l("통지서 PDF 파일"))
