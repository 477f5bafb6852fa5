"""Every write of the pool: apply, keep the entry up to date, be away; decide on who is in it. Audited, one transaction each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import IO, Any

from portal.accounts import queries as accounts
from portal.accounts import service as people
from portal.accounts.models import Person
from portal.accounts.rules import EVALUATORS, Role, normal_email
from portal.base import audit, clock, files, mail, outbox
from portal.base.access import ANONYMOUS, Actor, Forbidden, NotVisible, RuleBroken, RulesBroken, StaleVersion, ensure
from portal.base.db import session, transaction
from portal.evaluators import queries, rules
from portal.evaluators.models import Absence, Career, Membership, PoolAct, PoolPaper
from portal.evaluators.rules import CareerKind, PaperKind, PoolStatus, RemovalGround
from portal.reference import queries as reference

# --- the way in -----------------------------------------------------------------------------------------------


def join(email: str, name: str) -> None:
    """Somebody without an account wants to apply: a letter carries the link by which they begin one.

    Raises: RuleBroken email_invalid
    Notes : says the same to everybody; who is a member already gets a letter that tells so
    """
    email = normal_email(email)
    with transaction():
        person = accounts.person_by_email(email)
        if person is None:
            person = people.add_person(ANONYMOUS, email=email, name=name, roles={Role.CANDIDATE})
        elif person.password is not None:
            mail.queue(person.email, "already_member", "ko", f"already_member:{person.id}:{clock.today()}")
            return
        mail.queue(
            person.email,
            "pool_joined",
            person.language,
            f"pool-joined-{person.id}-{clock.today()}",
            name=person.name,
            days=people.INVITATION_DAYS,
            path=f"/invitation/{people.invitation_token(person)}",
        )


# --- the own entry --------------------------------------------------------------------------------------------


def save_entry(actor: Actor, facts: Mapping[str, Any], version: int | None = None) -> Membership:
    """Save the own entry; the first save begins it. A draft may lack anything, an entry of the pool may not.

    facts  : ground, years, region, technologies, industries, text, capacity, min_load, careers (a list of kind, name,
             registration_number, from_on, to_on)
    version: what the person saw; None for the first save
    Raises : RulesBroken by field; RuleBroken pool_locked, pool_ground_fixed (ground), pool_other_side; StaleVersion
    Notes  : an evaluator who had no entry stands in the pool with the first save; emits evaluator.profile_changed
    """
    with transaction():
        row = _begin(actor)
        if row.status not in rules.EDITABLE:
            raise RuleBroken("pool_locked")
        if row.version is not None and version != row.version:
            raise StaleVersion()
        _check(facts, complete=row.status is PoolStatus.ACTIVE)
        is_fixed = row.status is PoolStatus.ACTIVE and row.checked_at is not None
        if is_fixed and (facts["ground"] != row.ground or facts["years"] != row.years):
            raise RuleBroken("pool_ground_fixed", "ground")
        changed = [name for name in queries.FACTS if getattr(row, name) != facts[name]]
        for name in changed:
            setattr(row, name, facts[name])
        careers = [_career(one) for one in facts["careers"]]
        if [queries.career_facts(one) for one in row.careers] != [queries.career_facts(one) for one in careers]:
            row.careers = careers
            row.updated_at = clock.now()  # the entry itself changes its version with its lines
            changed.append("careers")
        session.flush()
        audit.record(actor, "pool_entry.save", "pool_membership", row.id, {"fields": changed, "version": row.version})
        if row.status is PoolStatus.ACTIVE and changed:
            outbox.emit("evaluator.profile_changed", person_id=row.person_id)
        return row


def _begin(actor: Actor) -> Membership:
    """The own entry, begun where there is none; locked against a second writer."""
    person = _lock_person(actor.id)
    ensure(rules.can_apply(person.role_names))
    if not actor.has(*rules.PERMISSIONS["evaluators:own:edit"]):
        raise Forbidden("no_right")
    row = queries.of_person(person.id, lock=True)
    if row is None:
        is_evaluator = not EVALUATORS.isdisjoint(person.role_names)
        row = Membership(
            person_id=person.id,
            person=person,
            status=PoolStatus.ACTIVE if is_evaluator else PoolStatus.DRAFT,
            technologies=[],
            industries=[],
            text="",
            capacity=rules.DEFAULT_CAPACITY,
            min_load=0,
        )
        session.add(row)
    return row


def _lock_person(person_id: int | None) -> Person:
    person = session.get(Person, person_id, with_for_update={"of": Person}) if person_id else None
    if person is None:
        raise NotVisible
    return person


def _career(facts: Mapping[str, Any]) -> Career:
    return Career(
        kind=CareerKind(facts["kind"]),
        name=facts["name"],
        registration_number=facts.get("registration_number") or None,
        from_on=facts.get("from_on"),
        to_on=facts.get("to_on"),
    )


def _check(facts: Mapping[str, Any], *, complete: bool) -> None:
    broken = rules.facts_problems(
        facts,
        technologies={one.code for one in reference.technologies()},
        industries={one.code for one in reference.ksic_rows()},
        complete=complete,
    )
    regions = {key for key, _ in reference.sido_options()}
    if facts["region"] and facts["region"] not in regions:
        broken.append(RuleBroken("pool_unknown", "region", name=facts["region"]))
    if facts["ground"] and facts["ground"] not in rules.GROUND_BY_CODE:
        broken.append(RuleBroken("pool_unknown", "ground", name=facts["ground"]))
    if broken:
        raise RulesBroken(broken)


def add_paper(actor: Actor, kind: PaperKind, stream: IO[bytes], filename: str) -> PoolPaper:
    """Put a paper to the own entry. The same file of the same kind again is no change.

    Raises: RuleBroken file_* (file), pool_papers_full (file), pool_locked
    """
    with transaction():
        row = _begin(actor)
        if row.status not in rules.EDITABLE:
            raise RuleBroken("pool_locked")
        session.flush()
        stored = files.store(stream, filename, kinds=("pdf", "png", "jpg"), field="file")
        for paper in row.papers:
            if (paper.kind, paper.blob_id) == (kind, stored.blob_id):
                return paper
        if len(row.papers) >= rules.MOST_PAPERS:
            raise RuleBroken("pool_papers_full", "file", most=rules.MOST_PAPERS)
        paper = PoolPaper(membership_id=row.id, kind=kind, blob_id=stored.blob_id, filename=stored.filename)
        session.add(paper)
        session.flush()
        session.expire(row, ["papers"])
        audit.record(actor, "pool_paper.add", "pool_paper", paper.id, {"kind": kind.value, "sha256": stored.sha256})
        return paper


def remove_paper(actor: Actor, key: str) -> None:
    """Take a paper off the own entry, as long as nobody decides on it.

    Raises: NotVisible; RuleBroken pool_locked (an entry of the pool keeps what it was checked on)
    """
    with transaction():
        paper = queries.own_paper(actor, key)
        if paper.membership.status not in (PoolStatus.DRAFT, PoolStatus.REFUSED):
            raise RuleBroken("pool_locked")
        audit.record(actor, "pool_paper.remove", "pool_paper", paper.id, {"kind": paper.kind.value})
        session.delete(paper)


def note_paper_read(actor: Actor, paper: PoolPaper) -> None:
    """A person's papers are personal: who opens them is noted."""
    with transaction():
        audit.record(actor, "pool_paper.read", "pool_paper", paper.id, {"membership": paper.membership_id})


def apply(actor: Actor, *, pledge: bool) -> Membership:
    """Hand the entry in to be checked.

    Raises: RulesBroken with everything that is missing, by field; RuleBroken pool_pledge_needed (pledge), pool_step
    Notes : handing in twice changes nothing; emits evaluator.applied
    """
    with transaction():
        row = _begin(actor)
        if row.status is PoolStatus.APPLIED:
            return row
        ensure(rules.can_step(row.status, PoolStatus.APPLIED))
        session.flush()
        broken = rules.qualification_problems(row.ground, row.years, {paper.kind for paper in row.papers})
        broken += rules.facts_problems(
            queries.facts_of(row), technologies=row.technologies, industries=row.industries, complete=True
        )
        if not pledge:
            broken.append(RuleBroken("pool_pledge_needed", "pledge"))
        if broken:
            raise RulesBroken(broken)
        row.applied_at, row.reason = clock.now(), ""
        _step(actor, row, PoolStatus.APPLIED)
        outbox.emit("evaluator.applied", membership_id=row.id, person_id=row.person_id)
        return row


def take_back(actor: Actor) -> Membership:
    """The candidate takes the application back to change it; its place in the queue is gone.

    Raises: RuleBroken pool_step when nobody is checking it any more
    """
    with transaction():
        row = _begin(actor)
        if row.status is not PoolStatus.APPLIED:
            raise RuleBroken("pool_step")
        row.applied_at = None
        _step(actor, row, PoolStatus.DRAFT)
        return row


def add_absence(actor: Actor, from_on: date, to_on: date) -> Absence:
    """Note days on which the actor takes no new case. Cases that are on the desk stay there.

    Raises: RuleBroken pool_absence_* by field
    """
    with transaction():
        _lock_person(actor.id)
        standing = [(one.from_on, one.to_on) for one in queries.own_absences(actor)]
        if against := rules.can_be_absent(from_on, to_on, clock.today(), standing):
            field, verdict = against
            raise RuleBroken(verdict.code, field, **verdict.values)
        row = Absence(person_id=actor.id, from_on=from_on, to_on=to_on)
        session.add(row)
        session.flush()
        audit.record(actor, "absence.add", "pool_absence", row.id, {"from": from_on, "to": to_on})
        return row


def remove_absence(actor: Actor, key: str) -> None:
    """Raises: NotVisible for somebody else's."""
    with transaction():
        row = queries.own_absence(actor, key)
        audit.record(actor, "absence.remove", "pool_absence", row.id, {})
        session.delete(row)


# --- the operator's word --------------------------------------------------------------------------------------


def approve(actor: Actor, person_key: str, version: int | None = None) -> Membership:
    """Admit a candidate, or find the qualification of an entry good that nobody had checked.

    Raises: NotVisible; Forbidden; RuleBroken pool_step, pool_other_side, pool_not_own_case; StaleVersion
    Notes : approving twice changes nothing; gives the role of an evaluator; the person signs in anew, with the second factor; emits evaluator.approved
    """
    with transaction():
        row = _decidable(actor, person_key, version, done=PoolStatus.ACTIVE)
        if row.status is PoolStatus.ACTIVE and row.checked_at is not None:
            return row
        if row.status is PoolStatus.ACTIVE:
            broken = rules.qualification_problems(row.ground, row.years, {paper.kind for paper in row.papers})
            if broken:
                raise RulesBroken(broken)
            row.checked_at = clock.now()
            session.flush()
            audit.record(actor, "pool_entry.check", "pool_membership", row.id, {"ground": row.ground})
            return row
        if row.status is not PoolStatus.APPLIED:
            raise RuleBroken("pool_step")
        ensure(rules.can_apply(row.person.role_names))
        row.checked_at, row.reason = clock.now(), ""
        _step(actor, row, PoolStatus.ACTIVE)
        people.change_roles(actor, row.person, give={Role.EVALUATOR}, take={Role.CANDIDATE})
        outbox.emit("evaluator.approved", membership_id=row.id, person_id=row.person_id)
        return row


def refuse(actor: Actor, person_key: str, reason: str, version: int | None = None) -> Membership:
    """Say no, with a reason that the candidate reads; it can be mended and handed in again.

    Raises: as `approve`; RuleBroken pool_reason_short (reason)
    Notes : emits evaluator.refused
    """
    with transaction():
        row = _decidable(actor, person_key, version, done=PoolStatus.REFUSED)
        if row.status is PoolStatus.REFUSED and row.reason == reason.strip():
            return row
        ensure(rules.can_step(row.status, PoolStatus.REFUSED))
        ensure(rules.reason_suffices(reason), "reason")
        row.reason = reason.strip()
        _step(actor, row, PoolStatus.REFUSED, reason=row.reason)
        outbox.emit("evaluator.refused", membership_id=row.id, person_id=row.person_id)
        return row


def remove(
    actor: Actor, person_key: str, ground: RemovalGround | None, reason: str, version: int | None = None
) -> Membership:
    """Take somebody out of the pool on one of the grounds. Roles, sessions and seats end at once.

    Raises: as `approve`; RuleBroken pool_removal_ground (ground), pool_reason_short (reason)
    Notes : also for an evaluator without an entry; emits evaluator.removed, upon which `evaluation` frees the seats
    Source: 관리지침 제8조, grounds of removal
    """
    with transaction():
        row = _decidable(actor, person_key, version, done=PoolStatus.REMOVED, begin=True)
        if row.status is PoolStatus.REMOVED and (row.removal_ground, row.reason) == (ground, reason.strip()):
            return row
        ensure(rules.can_step(row.status, PoolStatus.REMOVED))
        broken = [] if ground else [RuleBroken("pool_removal_ground", "ground")]
        if not (enough := rules.reason_suffices(reason)):
            broken.append(RuleBroken(enough.code, "reason", **enough.values))
        if broken:
            raise RulesBroken(broken)
        row.reason, row.removal_ground = reason.strip(), ground
        _step(actor, row, PoolStatus.REMOVED, ground=ground, reason=row.reason)
        people.change_roles(actor, row.person, give={Role.CANDIDATE}, take=EVALUATORS)
        outbox.emit("evaluator.removed", membership_id=row.id, person_id=row.person_id)
        return row


def restore(actor: Actor, person_key: str, reason: str, version: int | None = None) -> Membership:
    """Take somebody back who was removed (the restriction is over, the ground fell away). Old seats don't come back.

    Raises: as `refuse`
    Notes : emits evaluator.approved
    """
    with transaction():
        row = _decidable(actor, person_key, version)
        if row.status is not PoolStatus.REMOVED:
            raise RuleBroken("pool_step")
        ensure(rules.reason_suffices(reason), "reason")
        ensure(rules.can_apply(row.person.role_names))
        row.reason, row.removal_ground = "", None
        _step(actor, row, PoolStatus.ACTIVE, reason=reason.strip())
        people.change_roles(actor, row.person, give={Role.EVALUATOR}, take={Role.CANDIDATE})
        outbox.emit("evaluator.approved", membership_id=row.id, person_id=row.person_id)
        return row


def _decidable(
    actor: Actor, person_key: str, version: int | None, *, done: PoolStatus | None = None, begin: bool = False
) -> Membership:
    """The entry to decide on, locked. done: where a second click finds it, without a quarrel about versions."""
    entry = queries.entry(actor, person_key)
    verdict = rules.can_decide(actor, entry.person.id)
    if not verdict:
        raise Forbidden(verdict.code)
    _lock_person(entry.person.id)
    row = queries.of_person(entry.person.id, lock=True)
    if row is None:
        if not begin:
            raise NotVisible
        row = Membership(person_id=entry.person.id, person=entry.person, status=PoolStatus.ACTIVE)
        row.technologies, row.industries, row.text = [], [], ""
        session.add(row)
        session.flush()
    elif version is not None and version != row.version and row.status is not done:
        raise StaleVersion()
    return row


def _step(
    actor: Actor, row: Membership, after: PoolStatus, *, ground: RemovalGround | None = None, reason: str = ""
) -> None:
    before, row.status = row.status, after
    session.flush()
    session.add(PoolAct(membership_id=row.id, before=before, after=after, ground=ground, reason=reason, by_id=actor.id))
    session.flush()
    session.expire(row, ["acts"])
    audit.record(
        actor,
        f"pool_entry.{_VERBS[before, after]}",
        "pool_membership",
        row.id,
        {"before": before, "after": after, "ground": ground},
    )


_VERBS = {
    (PoolStatus.DRAFT, PoolStatus.APPLIED): "submit",
    (PoolStatus.REFUSED, PoolStatus.APPLIED): "submit",
    (PoolStatus.APPLIED, PoolStatus.ACTIVE): "approve",
    (PoolStatus.APPLIED, PoolStatus.REFUSED): "reject",
    (PoolStatus.APPLIED, PoolStatus.DRAFT): "withdraw",
    (PoolStatus.ACTIVE, PoolStatus.REMOVED): "remove",
    (PoolStatus.REMOVED, PoolStatus.ACTIVE): "restore",
}


# --- what follows from events (portal/reactions.py) -----------------------------------------------------------


def tell_approved(membership_id: int, **_: Any) -> None:
    """A letter to the new evaluator: sign in anew and set up the second step."""
    _tell(membership_id, "pool_approved")


def tell_refused(membership_id: int, **_: Any) -> None:
    """A letter to the candidate; the reason stands on the page, behind the sign-in."""
    _tell(membership_id, "pool_refused")


def tell_removed(membership_id: int, **_: Any) -> None:
    _tell(membership_id, "pool_removed")


def _tell(membership_id: int, template: str) -> None:
    row = session.get(Membership, membership_id)
    if row is None:
        return
    newest = row.acts[0].id if row.acts else 0
    mail.queue(
        row.person.email,
        template,
        row.person.language,
        f"{template}-{membership_id}-{newest}",
        name=row.person.name,
        path="/evaluators/apply",
    )
