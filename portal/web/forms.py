"""Forms: the base class, the hidden fields that guard a save, and how a rule's refusal finds its field."""

from __future__ import annotations

import re
import secrets
from typing import Any
from unicodedata import normalize

from flask import request
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from flask_wtf.form import _Auto, _is_submitted
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from wtforms import DateTimeField, Field, HiddenField, IntegerField
from wtforms.validators import Optional, ValidationError
from wtforms.widgets import HiddenInput

from portal.base import words
from portal.base.access import RuleBroken, RulesBroken, StaleVersion

YEARS = range(1900, 2200)


class Form(FlaskForm):
    """Every form of the portal: with CSRF token; `form_errors` hold what concerns no single field."""

    class Meta(FlaskForm.Meta):
        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Form bodies only: Flask-WTF would also read JSON, and break on a body that is no object."""
            if formdata is not _Auto:
                return formdata
            return CombinedMultiDict((request.files, _tidy(request.form))) if _is_submitted() else None

        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Any:
            """No date so far away that the clock or the calendar of holidays could not reckon with it."""
            field = super().bind_field(form, unbound_field, options)
            if isinstance(field, DateTimeField):
                field.validators = [*field.validators, _within_reach]
            return field

    def problems(self) -> list[tuple[str, str, str]]:
        """For the summary at the top: (id of the control, label, message), in the order of the form."""
        found = []
        for name, field in self._fields.items():
            for message in _flat(field.errors):
                found.append((field.id, getattr(field.label, "text", name), message))
        return found + [("", "", message) for message in self.form_errors]


def _within_reach(form: Any, field: Field) -> None:
    year = getattr(field.data, "year", None)
    if year is not None and year not in YEARS:
        raise ValidationError(_("날짜를 다시 적어 주세요. 예: 2026-12-01"))


class OnceForm(Form):
    """A form whose double click must not act twice: carries an idempotency key."""

    once = HiddenField(default=lambda: secrets.token_urlsafe(16))


class VersionedForm(Form):
    """A form over an existing row: carries the version that the person saw."""

    version = IntegerField(validators=[Optional()], widget=HiddenInput())  # empty before the first save


def _tidy(typed: MultiDict[str, str]) -> MultiDict[str, str]:
    """Text as people mean it: composed (NFC), without control characters and without overrides of its direction.

    Emoji joined by ZWJ and Korean typed as loose jamo come through; what could break a paper or disguise a name does not.
    """
    return MultiDict((name, _UNWANTED.sub("", normalize("NFC", text))) for name, text in typed.items(multi=True))


_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


def _flat(errors: Any) -> list[str]:
    if isinstance(errors, dict):
        return [message for part in errors.values() for message in _flat(part)]
    found = []
    for error in errors or ():
        found.extend(_flat(error) if isinstance(error, dict | list | tuple) else [str(error)])
    return found


def refuse(form: Form, broken: RuleBroken) -> None:
    """Pin a rule's refusal to the field that it is about, in the language of the screen."""
    for one in broken.broken if isinstance(broken, RulesBroken) else [broken]:
        message = str(words.sentence(one.code, **one.values))
        if one.field and one.field in form._fields:
            field = form._fields[one.field]
            field.errors = [*field.errors, message]
        else:
            form.form_errors.append(message)


def check_version(form: VersionedForm, row: Any) -> None:
    """Refuse a save over something that the person has not seen; both texts travel with the refusal.

    Raises: StaleVersion with what was typed and what stands now.
    """
    if form.version.data is not None and form.version.data != row.version:
        shown = {name: field for name, field in form._fields.items() if name not in ("csrf_token", "version", "once")}
        raise StaleVersion(
            mine={str(field.label.text): field.data for field in shown.values()},
            current={
                str(field.label.text): getattr(row, name, None) for name, field in shown.items() if hasattr(row, name)
            },
        )
