"""The rights on a case that an assignment or a chair's seat brings, given and taken in the caller's transaction."""

from __future__ import annotations

from portal.applications.models import Application
from portal.base import grants
from portal.base.access import Actor
from portal.evaluation import queries
from portal.scoring import rules as scoring_rules


def let_read(actor: Actor, application: Application, person_id: int, right: str, reason: str) -> None:
    """The application under `right` (review, decide), and the frozen diagnosis with its evidence."""
    grants.give(actor, "application", application.id, right, person_id=person_id, reason=reason)
    if version_id := queries.profile_version_id(application.id):
        grants.give(actor, "profile_version", version_id, "read", person_id=person_id, reason=reason)


def shut(actor: Actor, application: Application, person_id: int, right: str, reason: str) -> None:
    """Take all of it back; what the person reads through another running case stays."""
    grants.take(actor, "application", application.id, right, person_id=person_id, reason=reason)
    version_id = queries.profile_version_id(application.id)
    if version_id and not queries.still_reads_version(person_id, version_id, beside=application.id):
        grants.take(actor, "profile_version", version_id, "read", person_id=person_id, reason=reason)
    if suggestion := queries.suggestion_of(application.id):
        grants.take(actor, "suggestion", suggestion.id, scoring_rules.READ, person_id=person_id, reason=reason)
