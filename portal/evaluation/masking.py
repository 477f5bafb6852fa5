"""The firm's and the supplier's names as an evaluator may read them: in full, or hidden where the phase hides names.

Hidden means hidden everywhere: the name's place says 신청기업 or 공급기업, and inside texts that the firm wrote the name,
addresses and numbers that lead to it are struck out. File names are replaced, contents of files stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import overload

from portal.applications.models import Application
from portal.base.words import Words, say
from portal.evaluation import plans
from portal.evaluation.phases import Phase

FIRM = say("신청기업", "The applicant")
SUPPLIER = say("공급기업", "The supplier")
STRUCK = "■■■"

_LEGAL_FORMS = re.compile(
    r"\([^)]*\)|㈜|㈔|주식회사|유한회사|유한책임회사|합자회사|합명회사|co\.?,? ?ltd\.?|inc\.?|corp\.?", re.I
)
# what leads to a firm without being its name: e-mail, homepage, telephone and business number
_TRACES = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\b(?:https?://|www\.)\S+"
    r"|\b\d{3}-\d{2}-\d{5}\b"
    r"|\b0\d{1,2}[-. )]\s?\d{3,4}[-. ]\d{4}\b"
)


@dataclass(frozen=True)
class Shown:
    """What stands in the place of the names of one case. firm, supplier: the name, or the role where it is hidden."""

    hidden: bool
    firm: str | Words
    supplier: str | Words
    names: tuple[tuple[re.Pattern[str], Words], ...] = field(default=(), repr=False)

    @overload
    def hide(self, text: str) -> str: ...
    @overload
    def hide(self, text: None) -> None: ...
    def hide(self, text: str | None) -> str | None:
        """A text that the firm wrote, without what names it."""
        if not self.hidden or not text:
            return text
        for pattern, role in self.names:
            text = pattern.sub(str(role), text)
        return _TRACES.sub(STRUCK, text)

    def file_name(self, filename: str, stem: str) -> str:
        """The name of a download: the file's own, or `stem` with its extension."""
        return f"{stem}.{filename.rpartition('.')[2].lower()}" if self.hidden else filename


def shown(application: Application, phase: Phase | None = None) -> Shown:
    """The names of a case as its evaluators may read them now. phase: when the caller has it already (lists)."""
    phase = phase or plans.phase_of(application)
    supplier = application.member.organisation.name if application.member else ""
    if phase.sees_names:
        return Shown(False, application.organisation.name, supplier)
    named = ((application.organisation.name, FIRM), (supplier, SUPPLIER))
    patterns = tuple((pattern, role) for name, role in named if (pattern := pattern_of(name)) is not None)
    return Shown(True, FIRM, SUPPLIER if supplier else "", patterns)


def firm_of(application: Application, phase: Phase | None = None) -> str | Words:
    """The firm's name alone, for lists (they load no supplier)."""
    return application.organisation.name if (phase or plans.phase_of(application)).sees_names else FIRM


def pattern_of(name: str) -> re.Pattern[str] | None:
    """Finds a firm's name in a text, with or without its legal form and blanks; None for what is too short to tell."""
    core = re.sub(r"[\W_]+", "", _LEGAL_FORMS.sub(" ", name))
    if len(core) < 2:
        return None
    form = r"(?:\((?:주|유|합)\)|㈜|주식회사|유한회사)"
    return re.compile(rf"(?:{form}\s*)?" + r"[\s·._-]*".join(map(re.escape, core)) + rf"(?:\s*{form})?", re.I)
