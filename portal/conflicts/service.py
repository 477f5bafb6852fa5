"""Every write about ties, found conflicts and objections. The features above call it; one transaction each, audited."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date

import sqlalchemy as sa

from portal.base import audit, clock, once, outbox
from portal.base.access import Actor, Forbidden, RuleBroken, RulesBroken, ensure
from portal.base.db import session, transaction
from portal.conflicts import queries, rules
from portal.conflicts.models import ConflictAnswer, ConflictFound, Objection, Tie
from portal.conflicts.rules import ConflictKind, Found, FoundState, Moment, ObjectionState, Source, TieKind

# --- ties -------------------------------------------------------------------------------------------------------


def note_tie(
    actor: Actor,
    kind: TieKind,
    source: Source,
    *,
    person_id: int | None = None,
    organisation_id: int | None = None,
    other_person_id: int | None = None,
    other_organisation_id: int | None = None,
    from_on: date | None = None,
    to_on: date | None = None,
    origin: tuple[str, int] | None = None,
    note: str = "",
    pinned: bool = False,
) -> Tie:
    """Write down how two stand to each other: for the features above, who have checked the right.

    origin: what it is known from ("consultation", 12); the same origin, kind and sides write one tie, however often
    Raises: RuleBroken tie_sides (kind), tie_dates (to_on), tie_same
    Notes : a pinned tie is left as the operator wants it
    """
    sides = {
        "person_id": person_id,
        "organisation_id": organisation_id,
        "other_person_id": other_person_id,
        "other_organisation_id": other_organisation_id,
    }
    against = rules.can_tie(
        kind,
        rules.sides_of(**{name.removesuffix("_id"): value is not None for name, value in sides.items()}),
        from_on,
        to_on,
    )
    if against:
        raise RuleBroken(against[1].code, against[0])
    if (person_id is not None and person_id == other_person_id) or (
        organisation_id is not None and organisation_id == other_organisation_id
    ):
        raise RuleBroken("tie_same")
    with transaction():
        tie = queries.tie_from(origin, kind, sides) if origin else None
        if tie is not None:
            if tie.pinned or (tie.from_on, tie.to_on) == (from_on, to_on):
                return tie
            tie.from_on, tie.to_on = from_on, to_on
            audit.record(actor, "tie.change", "tie", tie.id, {"from": from_on, "to": to_on})
            return tie
        tie = Tie(
            kind=kind,
            source=source,
            **sides,
            from_on=from_on,
            to_on=to_on,
            origin_type=origin[0] if origin else None,
            origin_id=origin[1] if origin else None,
            note=note.strip(),
            pinned=pinned,
            noted_by_id=actor.id,
        )
        session.add(tie)
        session.flush()
        audit.record(
            actor,
            "tie.note",
            "tie",
            tie.id,
            {"kind": kind, "source": source, **{name: value for name, value in sides.items() if value}},
        )
        return tie


def end_ties_from(actor: Actor, origin: tuple[str, int], kind: TieKind | None = None, but: int | None = None) -> int:
    """End today what was written from one origin (an application that was withdrawn). Returns how many.

    kind : only ties of this kind
    but  : the organisation whose tie goes on
    Notes: pinned ties stay
    """
    day = clock.today()
    with transaction():
        rows = [
            row
            for row in queries.open_ties_from(origin, kind)
            if not but or but not in (row.organisation_id, row.other_organisation_id)
        ]
        for tie in rows:
            tie.to_on = max(day, tie.from_on) if tie.from_on else day
            audit.record(actor, "tie.end", "tie", tie.id, {"to": tie.to_on})
        return len(rows)


def enter_tie(
    actor: Actor,
    kind: TieKind,
    *,
    person_id: int | None = None,
    organisation_id: int | None = None,
    other_person_id: int | None = None,
    other_organisation_id: int | None = None,
    from_on: date | None = None,
    to_on: date | None = None,
    note: str,
    once_key: str | None = None,
) -> Tie:
    """An operator enters a tie by hand; it is pinned. Raises: as `note_tie`; RuleBroken conflict_reason_short (note)."""
    _ensure_manager(actor)
    _ensure_reason(note, "note")
    with transaction():
        made = once.claim(actor, once_key, "conflicts.tie")
        if made:
            return queries.tie_by_key(actor, made)
        tie = note_tie(
            actor,
            kind,
            Source.OPERATOR,
            person_id=person_id,
            organisation_id=organisation_id,
            other_person_id=other_person_id,
            other_organisation_id=other_organisation_id,
            from_on=from_on,
            to_on=to_on,
            note=note,
            pinned=True,
        )
        once.keep(actor, once_key, "conflicts.tie", tie.key)
        outbox.emit("tie.changed", tie_id=tie.id)
        return tie


def enter_tie_of(
    actor: Actor,
    kind: TieKind,
    *,
    person: str = "",
    organisation: str = "",
    other_person: str = "",
    other_organisation: str = "",
    from_on: date | None = None,
    to_on: date | None = None,
    note: str,
    once_key: str | None = None,
) -> Tie:
    """`enter_tie` with people named by e-mail and organisations by registration number, as an operator types them.

    Raises: RulesBroken tie_unknown_person, tie_unknown_organisation by field; RuleBroken of `enter_tie`
    """
    _ensure_manager(actor)
    given = {
        "person": (person, queries.person_id_of, "tie_unknown_person"),
        "organisation": (organisation, queries.organisation_id_of, "tie_unknown_organisation"),
        "other_person": (other_person, queries.person_id_of, "tie_unknown_person"),
        "other_organisation": (other_organisation, queries.organisation_id_of, "tie_unknown_organisation"),
    }
    ids = {name: find(text.strip()) if text.strip() else None for name, (text, find, _) in given.items()}
    unknown = [RuleBroken(code, name) for name, (text, _, code) in given.items() if text.strip() and ids[name] is None]
    if unknown:
        raise RulesBroken(unknown)
    return enter_tie(
        actor,
        kind,
        person_id=ids["person"],
        organisation_id=ids["organisation"],
        other_person_id=ids["other_person"],
        other_organisation_id=ids["other_organisation"],
        from_on=from_on,
        to_on=to_on,
        note=note,
        once_key=once_key,
    )


def pin_tie(actor: Actor, key: str, pinned: bool) -> Tie:
    """Pin a tie, so that no register and no event changes it, or let it go again."""
    _ensure_manager(actor)
    with transaction():
        tie = queries.tie_by_key(actor, key)
        if tie.pinned != pinned:
            tie.pinned = pinned
            audit.record(actor, "tie.pin" if pinned else "tie.unpin", "tie", tie.id, {})
        return tie


def end_tie(actor: Actor, key: str, on: date | None, reason: str) -> Tie:
    """Say until when a tie held. Raises: RulesBroken tie_ended, tie_dates (to_on), conflict_reason_short (reason)."""
    _ensure_manager(actor)
    with transaction():
        tie = queries.tie_by_key(actor, key)
        day = on or clock.today()
        broken = []
        if tie.to_on is not None and tie.to_on <= clock.today():
            broken.append(RuleBroken("tie_ended", "to_on"))
        if tie.from_on and day < tie.from_on:
            broken.append(RuleBroken("tie_dates", "to_on"))
        enough = rules.reason_suffices(reason)
        if not enough:
            broken.append(RuleBroken(enough.code, "reason", **enough.values))
        if broken:
            raise RulesBroken(broken)
        tie.to_on = day
        tie.note = "\n".join(part for part in (tie.note, reason.strip()) if part)
        audit.record(actor, "tie.end", "tie", tie.id, {"to": day})
        outbox.emit("tie.changed", tie_id=tie.id)
        return tie


# --- what was found ---------------------------------------------------------------------------------------------


def keep_found(actor: Actor, object_type: str, found: Iterable[Found], moment: Moment | str) -> int:
    """Keep what a search found, so that an auditor can list it. Returns how many are new or stand anew.

    Notes: one row for each evaluator, case and kind, from the first finding on; an ended or overruled one that is found
           on other grounds stands again; one audit row for the whole search
    """
    moment, rows = Moment(moment), list(found)
    if not rows:
        return 0
    with transaction():
        before = queries.found_rows(object_type, {one.evaluator_id for one in rows}, {one.case_id for one in rows})
        now, new, again = clock.now(), [], 0
        for one in rows:
            evidence = [ground.as_dict() for ground in one.evidence]
            old = before.get((one.evaluator_id, one.case_id, one.kind))
            if old is None:
                new.append(
                    {
                        "evaluator_id": one.evaluator_id,
                        "object_type": object_type,
                        "object_id": one.case_id,
                        "kind": one.kind,
                        "strength": one.strength,
                        "evidence": evidence,
                        "found_at": now,
                        "found_by": moment,
                        "state": FoundState.STANDING,
                    }
                )
            elif old.state is not FoundState.STANDING or old.evidence != evidence:
                stood = old.state is FoundState.STANDING
                if old.state is FoundState.OVERRULED and all(ground in old.evidence for ground in evidence):
                    continue
                old.evidence, old.state = evidence, FoundState.STANDING
                if not stood:
                    old.settled_at = old.settled_by_id = None
                    old.reason = ""
                    again += 1
        if new:
            session.execute(sa.insert(ConflictFound), new)
        if new or again:
            audit.record(actor, "conflict.find", object_type, None, {"moment": moment, "new": len(new), "again": again})
        return len(new) + again


def end_missing(
    actor: Actor,
    object_type: str,
    object_ids: Collection[int],
    evaluator_ids: Collection[int],
    found: Iterable[Found],
    *,
    kinds: Collection[ConflictKind],
) -> int:
    """Close what stood between these cases and people and is not found any more. Returns how many.

    kinds: what the search looked for
    Notes: what a person declared or a firm's objection set is never closed here
    """
    still = {(one.evaluator_id, one.case_id, one.kind) for one in found}
    kept = (ConflictKind.DECLARED, ConflictKind.OBJECTION)
    with transaction():
        rows = queries.found_rows(object_type, set(evaluator_ids), set(object_ids))
        ended = [
            row
            for pair, row in rows.items()
            if row.state is FoundState.STANDING and row.kind in kinds and row.kind not in kept and pair not in still
        ]
        for row in ended:
            row.state, row.settled_at, row.settled_by_id = FoundState.ENDED, clock.now(), actor.id
        if ended:
            audit.record(actor, "conflict.end", object_type, None, {"ended": len(ended)})
        return len(ended)


def overrule(actor: Actor, found: ConflictFound, reason: str) -> ConflictFound:
    """An operator says why a found conflict is none; new grounds make it stand again.

    Raises: RuleBroken conflict_not_standing, conflict_not_to_overrule, conflict_pinned, conflict_reason_short (reason)
    """
    _ensure_manager(actor)
    with transaction():
        session.refresh(found, with_for_update={"of": ConflictFound})
        ensure(rules.can_overrule(found.state, found.kind, found.evidence))
        _ensure_reason(reason, "reason")
        found.state, found.reason = FoundState.OVERRULED, reason.strip()
        found.settled_at, found.settled_by_id = clock.now(), actor.id
        audit.record(
            actor,
            "conflict.overrule",
            found.object_type,
            found.object_id,
            {"conflict": found.id, "evaluator": found.evaluator_id, "kind": found.kind},
        )
        return found


# --- what a person declares ---------------------------------------------------------------------------------------


def declare(
    actor: Actor, object_type: str, object_id: int, answers: Mapping[ConflictKind | None, bool]
) -> list[ConflictAnswer]:
    """Keep what somebody declared of the own conflicts with a case. answers: kind (None: in general) → is one."""
    with transaction():
        rows = [
            ConflictAnswer(
                evaluator_id=actor.id, object_type=object_type, object_id=object_id, kind=kind, is_conflict=is_conflict
            )
            for kind, is_conflict in answers.items()
        ]
        session.add_all(rows)
        session.flush()
        audit.record(
            actor,
            "conflict.declare",
            object_type,
            object_id,
            {"yes": sorted(kind.value if kind else "general" for kind, yes in answers.items() if yes)},
        )
        return rows


# --- objections of firms --------------------------------------------------------------------------------------------


def object_to(
    actor: Actor,
    object_type: str,
    object_id: int,
    *,
    organisation_id: int,
    is_firm: bool,
    name: str,
    belongs_to: str,
    reason: str,
    once_key: str | None = None,
) -> Objection:
    """A firm names whom it asks to be kept off its case. Who calls has checked that the case is the firm's and open.

    Raises: RulesBroken objection_name_missing (name), objection_reason_short (reason), objection_twice (name),
            objection_too_many
    Notes : emits objection.made
    """
    name, belongs_to, reason = name.strip(), belongs_to.strip(), reason.strip()
    with transaction():
        made = once.claim(actor, once_key, "conflicts.objection")
        standing = queries.objections_of(object_type, object_id)
        if made:
            return next(row for row in standing if row.key == made)
        broken = []
        plain = rules.firm_name if is_firm else rules.person_name
        if not plain(name):
            broken.append(RuleBroken("objection_name_missing", "name"))
        enough = rules.reason_suffices(reason, "objection_reason_short")
        if not enough:
            broken.append(RuleBroken(enough.code, "reason", **enough.values))
        live = [row for row in standing if row.state is not ObjectionState.WITHDRAWN]
        if plain(name) and any(
            row.is_firm == is_firm
            and plain(row.name) == plain(name)
            and rules.firm_name(row.belongs_to) == rules.firm_name(belongs_to)
            for row in live
        ):
            broken.append(RuleBroken("objection_twice", "name"))
        if len(live) >= rules.MOST_OBJECTIONS:
            broken.append(RuleBroken("objection_too_many", None, most=rules.MOST_OBJECTIONS))
        if broken:
            raise RulesBroken(broken)
        row = Objection(
            object_type=object_type,
            object_id=object_id,
            organisation_id=organisation_id,
            asked_by_id=actor.id,
            is_firm=is_firm,
            name=name,
            belongs_to=belongs_to,
            reason=reason,
        )
        session.add(row)
        session.flush()
        once.keep(actor, once_key, "conflicts.objection", row.key)
        audit.record(actor, "objection.make", object_type, object_id, {"objection": row.id, "firm": is_firm})
        outbox.emit("objection.made", objection_id=row.id)
        return row


def withdraw_objection(actor: Actor, row: Objection) -> Objection:
    """The firm takes its objection back. Raises: RuleBroken objection_answered."""
    with transaction():
        session.refresh(row, with_for_update={"of": Objection})
        if row.state is ObjectionState.WITHDRAWN:
            return row
        if row.state is not ObjectionState.ASKED:
            raise RuleBroken("objection_answered")
        row.state = ObjectionState.WITHDRAWN
        audit.record(actor, "objection.withdraw", row.object_type, row.object_id, {"objection": row.id})
        return row


def answer_objection(
    actor: Actor,
    row: Objection,
    *,
    grant: bool,
    reason: str,
    person_ids: Collection[int] = (),
    organisation_ids: Collection[int] = (),
) -> Objection:
    """The agency grants or refuses. The firm reads the answer and its reason, never who sits or would have sat.

    person_ids, organisation_ids: to whom a granted one applies; both empty: to whoever bears the name, now or later
    Raises: RuleBroken objection_answered, conflict_reason_short (reason)
    Notes : emits objection.answered
    """
    with transaction():
        session.refresh(row, with_for_update={"of": Objection})
        if row.state is not ObjectionState.ASKED:
            raise RuleBroken("objection_answered")
        _ensure_reason(reason, "reason")
        row.state = ObjectionState.GRANTED if grant else ObjectionState.REFUSED
        row.answered_by_id, row.answered_at, row.answer = actor.id, clock.now(), reason.strip()
        if grant:
            row.person_ids, row.organisation_ids = sorted(set(person_ids)), sorted(set(organisation_ids))
        audit.record(
            actor,
            "objection.grant" if grant else "objection.reject",
            row.object_type,
            row.object_id,
            {"objection": row.id, "people": row.person_ids, "organisations": row.organisation_ids},
        )
        outbox.emit("objection.answered", objection_id=row.id)
        return row


# --- shared checks --------------------------------------------------------------------------------------------------


def _ensure_manager(actor: Actor) -> None:
    if not (actor.is_system or actor.has(*rules.PERMISSIONS["conflicts:tie:manage"])):
        raise Forbidden("no_right")


def _ensure_reason(reason: str, field: str) -> None:
    enough = rules.reason_suffices(reason)
    if not enough:
        raise RuleBroken(enough.code, field, **enough.values)
