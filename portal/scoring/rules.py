"""Who may see and ask for suggestions, and what the machine may never do: decide."""

from __future__ import annotations

from portal.accounts.rules import EVALUATORS, OPERATOR, SME, Role
from portal.base.access import YES, Actor, Verdict, no
from portal.base.words import define, say

PERMISSIONS: dict[str, frozenset[str]] = {
    "scoring:suggestion:read": SME | OPERATOR | EVALUATORS | {Role.AUDITOR},
}

READ = "read"
"""The right that `evaluation` grants on a suggestion once an evaluator's own score is in, never before."""

CODES = define(
    {
        "suggestion_not_own": say(
            "우리 회사의 진단만 산정할 수 있습니다.", "You may only have your own firm's answers scored."
        ),
        "suggestion_unknown_rules": say(
            "이 결과를 만든 규칙 판({version})이 지금 프로그램에 없어 다시 계산할 수 없습니다.",
            "The rules that made this result (version {version}) are not in this release; it can't be recomputed.",
        ),
    }
)


def can_score(actor: Actor, organisation_id: int) -> Verdict:
    """A firm asks for its own suggestion; the portal asks for everyone's after an event."""
    if actor.is_system or (actor.organisation_id == organisation_id and actor.has(*SME)):
        return YES
    return no("suggestion_not_own")
