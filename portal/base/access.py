"""Who acts, what a rule answers, and how a refusal travels. Pure: no database, no web."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Actor:
    """The person (or machine) on whose behalf something is done.

    roles is empty for who is not signed in, and for a person whose role asks for a second factor that this
    session has not shown yet: rights are derived from it and from grants, and cached nowhere.
    """

    id: int | None = None
    roles: frozenset[str] = frozenset()
    organisation_id: int | None = None
    region: str | None = None
    name: str = ""
    is_system: bool = False

    @property
    def is_signed_in(self) -> bool:
        return self.id is not None

    def has(self, *roles: str) -> bool:
        """Whether the actor holds any of the roles."""
        return not self.roles.isdisjoint(roles)


ANONYMOUS = Actor()
SYSTEM = Actor(name="system", is_system=True)


@dataclass(frozen=True)
class Verdict:
    """A rule's answer: `ok`, or the code of the reason why not (translated for screens, stored in the audit)."""

    ok: bool
    code: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.ok


YES = Verdict(True)


def no(code: str, **values: Any) -> Verdict:
    return Verdict(False, code, values)


class RuleBroken(Exception):
    """A rule refuses; `web.forms.refuse` pins it to the field it is about.

    code   : what `words.sentence` explains
    field  : name of the form field, or None for the form as a whole
    values : what fills the sentence
    """

    def __init__(self, code: str, field: str | None = None, **values: Any):
        super().__init__(code)
        self.code, self.field, self.values = code, field, values


class RulesBroken(RuleBroken):
    """Several refusals at once, so that a person mends all of them in one go."""

    def __init__(self, broken: list[RuleBroken]):
        super().__init__(broken[0].code, broken[0].field, **broken[0].values)
        self.broken = broken


class NotVisible(Exception):
    """There is no such thing for this actor: told exactly as what does not exist."""


class Forbidden(Exception):
    """The actor may see the thing but not do this to it."""

    def __init__(self, code: str = "no_right"):
        super().__init__(code)
        self.code = code


class StaleVersion(Exception):
    """The row changed since the actor read it.

    mine, current: field → value, shown side by side so that nothing typed is lost
    """

    def __init__(self, mine: dict[str, Any] | None = None, current: dict[str, Any] | None = None):
        super().__init__("stale")
        self.mine, self.current = mine or {}, current or {}


def ensure(verdict: Verdict, field: str | None = None) -> None:
    """Raise the refusal of a verdict that says no."""
    if not verdict.ok:
        raise RuleBroken(verdict.code, field, **verdict.values)
