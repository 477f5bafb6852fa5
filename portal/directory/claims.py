"""Earlier builds: the supplier files one with its audit's paper, the company confirms it, an operator checks the paper.

A company that has an account answers there; one that has none by a link that works once. The supplier never learns
which it was. Only an accepted claim becomes a track record.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.accounts import queries as accounts
from portal.accounts.models import Organisation
from portal.accounts.rules import (
    OPERATOR,
    SME,
    SUPPLIER,
    OrganisationKind,
    Role,
    check_registration_number,
    normal_email,
)
from portal.base import audit, clock, files, mail, once, outbox
from portal.base.access import ANONYMOUS, Actor, Forbidden, NotVisible, RuleBroken, RulesBroken, StaleVersion, ensure
from portal.base.db import session, transaction
from portal.base.paging import Page, paginate
from portal.base.words import Words, say
from portal.directory import queries, service
from portal.directory.earlier import MOST_LETTERS, MOST_OPEN, OPEN, ClaimState, is_link_alive, is_same_domain, may_step
from portal.directory.models import BuildClaim, Listing, TrackRecord
from portal.directory.rules import can_judge, clean
from portal.programmes.rules import SystemLevel
from portal.reference.rules import SizeClass

PAPER_KINDS = ("pdf", "hwp", "hwpx", "docx")
PAPER_BYTES = 20 * 1024 * 1024
PURPOSE = "build_claim"
PAGE_SIZE = 30

# --- reading -----------------------------------------------------------------------------------------------


def visible_to(actor: Actor) -> sa.Select[tuple[BuildClaim]]:
    """The claims that an actor may read: the own supplier's, those about the own company; operators and auditors all."""
    allowed: list[sa.ColumnElement[bool]] = [sa.false()]
    if actor.is_system or actor.has(*OPERATOR, Role.AUDITOR):
        allowed.append(sa.true())
    if actor.organisation_id is not None and actor.has(*SUPPLIER):
        own = sa.select(Listing.id).where(Listing.organisation_id == actor.organisation_id)
        allowed.append(BuildClaim.listing_id.in_(own))
    if actor.organisation_id is not None and actor.has(*SME):
        number = sa.select(Organisation.registration_number).where(Organisation.id == actor.organisation_id)
        allowed.append(
            sa.and_(BuildClaim.company_number == number.scalar_subquery(), BuildClaim.state != ClaimState.WITHDRAWN)
        )
    return sa.select(BuildClaim).where(sa.or_(*allowed))


def by_key(actor: Actor, key: str) -> BuildClaim:
    """Raises: NotVisible."""
    row = session.scalar(visible_to(actor).where(BuildClaim.key == key))
    if row is None:
        raise NotVisible
    return row


def note_read(actor: Actor, key: str) -> None:
    """Leave a trace when somebody from outside the supplier opens a claim's paper (접속기록)."""
    with transaction():
        row = by_key(actor, key)
        if row.listing.organisation_id != actor.organisation_id:
            audit.record(actor, "build_claim.read_paper", "build_claim", row.id)


def own(actor: Actor) -> Sequence[BuildClaim]:
    """What the actor's supplier has claimed, or what is claimed about the actor's company; newest first."""
    return session.scalars(
        visible_to(actor).options(joinedload(BuildClaim.listing)).order_by(BuildClaim.id.desc())
    ).all()


def to_answer(actor: Actor) -> int:
    """How many claims about the actor's company wait for its answer."""
    if not actor.has(*SME):
        return 0
    wanted = visible_to(actor).where(BuildClaim.state == ClaimState.FILED)
    return session.scalar(sa.select(sa.func.count()).select_from(wanted.subquery())) or 0


QUEUES = {
    "confirmed": (ClaimState.CONFIRMED,),
    "filed": (ClaimState.FILED,),
    "judged": (ClaimState.ACCEPTED, ClaimState.REFUSED, ClaimState.DENIED),
    "all": tuple(ClaimState),
}


def queue(actor: Actor, which: str, number: int) -> Page[BuildClaim]:
    """What operators work through, the longest waiting first."""
    wanted = visible_to(actor).where(BuildClaim.state.in_(QUEUES[which])).options(joinedload(BuildClaim.listing))
    return paginate(wanted.order_by(BuildClaim.created_at, BuildClaim.id), number, PAGE_SIZE)


def counts(actor: Actor) -> dict[str, int]:
    """How many claims each tab holds, through the same WHERE as its rows."""
    seen = visible_to(actor).with_only_columns(
        *[
            sa.func.sum(sa.case((BuildClaim.state.in_(states), 1), else_=0)).label(name)
            for name, states in QUEUES.items()
        ]
    )
    row = session.execute(seen).mappings().one()
    return {name: int(row[name] or 0) for name in QUEUES}


def by_token(token: str) -> BuildClaim:
    """The claim that a one-time link leads to, answered or not. Raises: NotVisible."""
    row = session.scalar(sa.select(BuildClaim).where(BuildClaim.token_sha256 == _digest(token)))
    if row is None or row.state is ClaimState.WITHDRAWN:
        raise NotVisible
    return row


def is_alive(row: BuildClaim) -> bool:
    """Whether the link's question can still be answered."""
    return is_link_alive(row.letter_at, row.state, clock.now())


def told(row: BuildClaim, names: queries.Names) -> list[tuple[Words, Words | str]]:
    """The facts of a claim in words, as supplier, company and operator read them."""
    facts = row.facts
    none = say("–", "–")

    def level(name: str) -> Words:
        return SystemLevel(facts[name]).label if facts.get(name) is not None else none

    months = say("{planned} → {actual}개월", "{planned} → {actual} months")
    audit_said = {
        True: say("한 번에 통과", "Passed at once"),
        False: say("보완 후 통과", "Passed after mending"),
        None: none,
    }
    gain = facts.get("kpi_gain_ratio")
    return [
        (say("도입기업", "Company"), row.company_name),
        (say("완료 연도", "Finished"), str(row.year)),
        (say("사업", "Programme"), row.programme),
        (say("지역", "Region"), names.region(facts["region"]) if facts.get("region") else none),
        (say("업종", "Industry"), names.sector(facts["ksic"]) if facts.get("ksic") else none),
        (say("도입기업 규모", "Size"), SizeClass(facts["size"]).label if facts.get("size") else none),
        (say("기술", "Technologies"), ", ".join(str(names.technology(code)) for code in facts.get("technologies", []))),
        (
            say("기간 (계획 → 실제)", "Months (planned → actual)"),
            months.format(planned=facts.get("planned_months") or "–", actual=facts.get("actual_months") or "–"),
        ),
        (say("목표 수준", "Target level"), level("target_level")),
        (say("달성 수준", "Achieved level"), level("achieved_level")),
        (say("최종 감리", "Final audit"), audit_said[facts.get("passed_first_audit")]),
        (say("성과지표", "Indicator"), facts.get("kpi") or none),
        (say("개선", "Improvement"), f"{round(gain * 100):+d}%" if gain is not None else none),
    ]


# --- the supplier ------------------------------------------------------------------------------------------


def file_claim(
    actor: Actor,
    facts: Mapping[str, Any],
    *,
    company_name: str,
    company_number: str,
    company_email: str,
    stream: IO[bytes] | None,
    filename: str,
    once_key: str | None = None,
) -> BuildClaim:
    """File an earlier build with its audit's paper and ask the company.

    facts : keyword arguments of `service.add_track_record`, without `source`
    Raises: RuleBroken listing_not_there; RulesBroken for what is wrong with facts, company or paper.
    """
    with transaction():
        listing = queries.own(actor)
        if listing is None:
            raise RuleBroken("listing_not_there")
        # a supplier's claims queue up here, so that the limit is counted with all of them
        session.execute(sa.select(Listing.id).where(Listing.id == listing.id).with_for_update())
        before = once.claim(actor, once_key, PURPOSE)
        if before:
            return by_key(actor, before)
        broken: list[RuleBroken] = []
        number, address = _company(actor, listing, company_number, company_email, broken)
        try:
            service.check_build(
                facts["year"],
                facts["technologies"],
                facts.get("kpi_gain_ratio"),
                (facts.get("target_level"), facts.get("achieved_level")),
            )
        except RuleBroken as refused:
            broken.append(refused)
        programme = clean(facts["programme"])
        open_ones = session.scalars(
            sa.select(BuildClaim).where(BuildClaim.listing_id == listing.id, BuildClaim.state.in_(OPEN))
        ).all()
        if len(open_ones) >= MOST_OPEN:
            broken.append(RuleBroken("claim_too_many", limit=MOST_OPEN))
        if _is_there(listing.id, number, facts["year"], programme):
            broken.append(RuleBroken("claim_twice", "company_number"))
        if stream is None:
            broken.append(RuleBroken("claim_paper_needed", "file"))
        if broken:
            raise RulesBroken(broken)
        stored = files.store(stream, filename, kinds=PAPER_KINDS, max_bytes=PAPER_BYTES, field="file")
        row = BuildClaim(
            listing_id=listing.id,
            listing=listing,
            state=ClaimState.FILED,
            year=facts["year"],
            programme=programme,
            facts={name: value for name, value in facts.items() if name not in ("year", "programme")},
            company_name=clean(company_name),
            company_number=number,
            company_email=address,
            blob_id=stored.blob_id,
            filename=stored.filename,
            filed_by_id=actor.id,
            letters=0,
        )
        session.add(row)
        session.flush()
        _ask(row)
        audit.record(
            actor, "build_claim.file", "build_claim", row.id, {"listing": listing.id, "company": audit.digest(number)}
        )
        once.keep(actor, once_key, PURPOSE, row.key)
        return row


def _company(actor: Actor, listing: Listing, number: str, email: str, broken: list[RuleBroken]) -> tuple[str, str]:
    try:
        number = check_registration_number(number)
    except RuleBroken:
        broken.append(RuleBroken("claim_number", "company_number"))
    if number == listing.organisation.registration_number:
        broken.append(RuleBroken("claim_own_company", "company_number"))
    try:
        email = normal_email(email)
    except RuleBroken:
        broken.append(RuleBroken("claim_email", "company_email"))
    own = [listing.contact_email, *(one.email for one in accounts.members(listing.organisation_id))]
    if any(one and is_same_domain(email, one) for one in own):
        broken.append(RuleBroken("claim_same_address", "company_email"))
    return number, email


def _is_there(listing_id: int, number: str, year: int, programme: str) -> bool:
    return bool(
        session.scalar(
            sa.select(BuildClaim.id).where(
                BuildClaim.listing_id == listing_id,
                BuildClaim.company_number == number,
                BuildClaim.year == year,
                BuildClaim.programme == programme,
                BuildClaim.state.in_((*OPEN, ClaimState.ACCEPTED)),
            )
        )
    )


def _ask(row: BuildClaim) -> None:
    """The letter to the company: into its account when it has one, whatever address the supplier typed."""
    row.letters += 1
    row.letter_at = clock.now()
    company = accounts.organisation_by_number(row.company_number, OrganisationKind.COMPANY)
    owners = [one for one in accounts.members(company.id) if Role.SME_OWNER in one.role_names] if company else []
    shown = {"supplier": row.listing.name, "company": row.company_name, "year": row.year, "programme": row.programme}
    if owners:
        row.token_sha256 = None
        for person in owners:
            key = f"build_asked:{row.key}:{row.letters}:{person.id}"
            mail.queue(person.email, "build_asked", person.language, key, path=f"/builds/{row.key}", days=0, **shown)
        return
    token = secrets.token_urlsafe(32)
    row.token_sha256 = _digest(token)
    key = f"build_asked:{row.key}:{row.letters}"
    mail.queue(row.company_email, "build_asked", "ko", key, path=f"/build-answers/{token}", days=30, **shown)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _own_claim(actor: Actor, key: str) -> BuildClaim:
    row = by_key(actor, key)
    if not actor.has(*SUPPLIER) or row.listing.organisation_id != actor.organisation_id:
        raise Forbidden("listing_not_yours")
    return row


def ask_again(actor: Actor, key: str) -> BuildClaim:
    """Send the company its letter again; an older link stops working.

    Raises: NotVisible, RuleBroken claim_not_open, claim_letters.
    """
    with transaction():
        row = _own_claim(actor, key)
        ensure(may_step(row.state, ClaimState.FILED))
        if row.letters >= MOST_LETTERS:
            raise RuleBroken("claim_letters", limit=MOST_LETTERS)
        _ask(row)
        audit.record(actor, "build_claim.ask", "build_claim", row.id, {"letter": row.letters})
        return row


def withdraw(actor: Actor, key: str) -> BuildClaim:
    """The supplier takes an open claim back. Raises: NotVisible, RuleBroken claim_not_open."""
    with transaction():
        row = _own_claim(actor, key)
        ensure(may_step(row.state, *OPEN))
        row.state, row.token_sha256, row.company_email = ClaimState.WITHDRAWN, None, ""
        audit.record(actor, "build_claim.withdraw", "build_claim", row.id)
        return row


# --- the company -------------------------------------------------------------------------------------------


def answer(actor: Actor, key: str, *, is_true: bool, note: str = "") -> BuildClaim:
    """The company's own people say whether a build took place as claimed.

    note  : for the operator only
    Raises: NotVisible, Forbidden for anybody else, RuleBroken claim_not_open.
    """
    with transaction():
        row = by_key(actor, key)
        company = accounts.organisation_by_number(row.company_number, OrganisationKind.COMPANY)
        if not actor.has(*SME) or company is None or company.id != actor.organisation_id:
            raise Forbidden("no_right")
        ensure(may_step(row.state, ClaimState.FILED))
        _answer(actor, row, is_true, note)
        return row


def answer_by_link(token: str, *, is_true: bool, note: str = "") -> BuildClaim:
    """The answer of a company that has no account. Raises: NotVisible, RuleBroken claim_not_open."""
    with transaction():
        row = by_token(token)
        if not is_alive(row):
            raise RuleBroken("claim_not_open", status=row.state.label)
        _answer(ANONYMOUS, row, is_true, note)
        return row


def _answer(actor: Actor, row: BuildClaim, is_true: bool, note: str) -> None:
    row.state = ClaimState.CONFIRMED if is_true else ClaimState.DENIED
    row.answered_at, row.answered_by_id, row.company_note = clock.now(), actor.id, clean(note)
    audit.record(actor, "build_claim.answer", "build_claim", row.id, {"state": row.state.value})
    outbox.emit("build_claim.moved", claim_id=row.id)


# --- operators ---------------------------------------------------------------------------------------------


def _to_judge(actor: Actor, key: str, version: int | None) -> BuildClaim:
    row = by_key(actor, key)
    verdict = can_judge(actor, row.listing.organisation_id)
    if not verdict:
        raise Forbidden(verdict.code)
    if version is not None and row.version != version:
        raise StaleVersion()
    return row


def accept(actor: Actor, key: str, version: int | None = None) -> TrackRecord:
    """Take a claim that the company confirmed onto the record, once its audit paper was checked.

    Raises: NotVisible, Forbidden, StaleVersion, RuleBroken claim_not_open.
    """
    with transaction():
        row = _to_judge(actor, key, version)
        ensure(may_step(row.state, ClaimState.CONFIRMED))
        facts = dict(row.facts)
        facts["size"] = SizeClass(facts["size"]) if facts.get("size") else None
        company = accounts.organisation_by_number(row.company_number, OrganisationKind.COMPANY)
        record = service.add_track_record(
            actor,
            row.listing.organisation_id,
            year=row.year,
            programme=row.programme,
            source=f"claim:{row.id}",
            company_id=company.id if company else None,
            **facts,
        )
        row.record_id = record.id
        _judge(actor, row, ClaimState.ACCEPTED)
        return record


def refuse(actor: Actor, key: str, reason: str, version: int | None = None) -> BuildClaim:
    """Say why a claim does not go onto the record. Raises: RuleBroken claim_not_open, claim_reason_needed (reason)."""
    with transaction():
        row = _to_judge(actor, key, version)
        ensure(may_step(row.state, *OPEN))
        if not clean(reason):
            raise RuleBroken("claim_reason_needed", "reason")
        row.reason = clean(reason)
        _judge(actor, row, ClaimState.REFUSED)
        return row


def _judge(actor: Actor, row: BuildClaim, state: ClaimState) -> None:
    row.state, row.judged_at, row.judged_by_id = state, clock.now(), actor.id
    row.token_sha256, row.company_email = None, ""
    audit.record(actor, f"build_claim.{'accept' if row.record_id else 'refuse'}", "build_claim", row.id)
    outbox.emit("build_claim.moved", claim_id=row.id)


def write_moved(claim_id: int) -> None:
    """Tell the supplier how its claim stands; what the company wrote stays with the operators."""
    row = session.get(BuildClaim, claim_id)
    person = queries.person_in_charge(row.listing.organisation_id)
    if person is not None:
        mail.queue(
            person.email,
            "build_moved",
            person.language,
            f"build_moved:{row.key}:{row.state.value}",
            supplier=row.listing.name,
            company=row.company_name,
            year=row.year,
            programme=row.programme,
            state=getattr(row.state.label, person.language),
            reason=row.reason,
        )
