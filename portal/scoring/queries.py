"""Reading suggestions: each reader sees only what `visible_to` lets through."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from portal.accounts.models import Organisation
from portal.accounts.rules import OPERATOR, SME, Role
from portal.applications import queries as applications
from portal.applications import questions
from portal.applications.models import Application
from portal.applications.parts import Answer, PaperState
from portal.base import grants
from portal.base.access import Actor
from portal.base.db import session
from portal.base.paging import Page, paginate
from portal.profiles.models import Profile, ProfileVersion
from portal.reference import queries as regions
from portal.scoring.gates import Facts
from portal.scoring.models import (
    ClaimVerdict,
    ExplanationRequest,
    ModelEvent,
    ModelVersion,
    MonthlyReport,
    Opinion,
    PeerGroup,
    ScoringJob,
    SecondReaderCall,
    Suggestion,
    SuggestionRefusal,
)
from portal.scoring.peers import Entry, Group, read
from portal.scoring.rules import (
    OWN_SHARE_PROOF,
    PERMISSIONS,
    READ,
    WHO_ASKS,
    JobKind,
    JobState,
    ModelAct,
    ModelKind,
    ModelState,
    RequestKind,
    facts_from,
)


def visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """The WHERE of every reading of suggestions.

    The firm sees its own. Operators and auditors see what the firm handed in with an application or asked about,
    regional operators in their region. Evaluators only where `evaluation` granted it, after their own score.
    """
    if actor.is_system:
        return sa.true()
    if not actor.is_signed_in:
        return sa.false()
    ways: list[sa.ColumnElement[bool]] = [Suggestion.id.in_(grants.granted_ids(actor, "suggestion", READ))]
    if actor.has(*SME) and actor.organisation_id is not None:
        ways.append(Suggestion.organisation_id == actor.organisation_id)
    if actor.has(Role.OPERATOR_NATIONAL, Role.AUDITOR):
        ways.append(brought_forward())
    elif actor.has(Role.OPERATOR_REGION) and actor.region:
        here = sa.select(ProfileVersion.id).where(ProfileVersion.region.in_(regions.within(actor.region)))
        ways.append(sa.and_(brought_forward(), Suggestion.profile_version_id.in_(here)))
    return sa.or_(*ways)


def brought_forward() -> sa.ColumnElement[bool]:
    """The firm itself showed it: with an application, or by asking for an explanation."""
    handed_in = sa.select(ProfileVersion.id).where(ProfileVersion.submitted_at.is_not(None))
    return sa.or_(
        Suggestion.application_id.is_not(None),
        Suggestion.profile_version_id.in_(handed_in),
        Suggestion.id.in_(sa.select(ExplanationRequest.suggestion_id)),
    )


def by_key(actor: Actor, key: str) -> Suggestion | None:
    return session.scalar(sa.select(Suggestion).where(Suggestion.key == key, visible_to(actor)))


def latest_for(actor: Actor, organisation_id: int) -> Suggestion | None:
    """The newest suggestion about a firm's own profile, applications apart."""
    return _newest(actor, Suggestion.organisation_id == organisation_id, Suggestion.application_id.is_(None))


def latest_for_version(actor: Actor, profile_version_id: int) -> Suggestion | None:
    return _newest(actor, Suggestion.profile_version_id == profile_version_id, Suggestion.application_id.is_(None))


def latest_for_application(actor: Actor, application_id: int) -> Suggestion | None:
    """The newest suggestion about an application's frozen snapshot."""
    return _newest(actor, Suggestion.application_id == application_id)


def _newest(actor: Actor, *conditions: sa.ColumnElement[bool]) -> Suggestion | None:
    return session.scalar(
        sa.select(Suggestion).where(*conditions, visible_to(actor)).order_by(Suggestion.id.desc()).limit(1)
    )


def newest(profile_version_id: int, application_id: int | None) -> Suggestion | None:
    """The newest suggestion on exactly this version and application; for services, whoever asks."""
    return session.scalar(
        sa.select(Suggestion)
        .where(
            Suggestion.profile_version_id == profile_version_id,
            Suggestion.application_id == application_id
            if application_id is not None
            else Suggestion.application_id.is_(None),
        )
        .order_by(Suggestion.id.desc())
        .limit(1)
    )


def facts_of(application: Application) -> Facts:
    """What an application declares to the gates, draft or handed in."""
    proof = next((row for row in applications.papers(application) if row.kind.code == OWN_SHARE_PROOF), None)
    return facts_from(
        pledges={code: Answer(answer) for code, answer in application.pledges.items()},
        barring={one.code for one in questions.exclusions() if one.bars},
        cost_krw=application.cost_krw,
        own_share_krw=application.own_share_krw,
        own_share_proven=proof is not None and proof.state in (PaperState.ATTACHED, PaperState.ON_FILE),
        target_level=application.target_level,
    )


def by_id(suggestion_id: int) -> Suggestion | None:
    """For the command line and for services that have checked the right themselves."""
    return session.get(Suggestion, suggestion_id)


def ids() -> list[int]:
    """Every suggestion, oldest first (replay of all)."""
    return list(session.scalars(sa.select(Suggestion.id).order_by(Suggestion.id)))


def opinion_of(suggestion_id: int, person_id: int | None) -> Opinion | None:
    return session.scalar(
        sa.select(Opinion).where(Opinion.suggestion_id == suggestion_id, Opinion.person_id == person_id)
    )


def has_claim_verdicts(suggestion_id: int, person_id: int | None) -> bool:
    """Whether this evaluator's words on the answers are kept already; for services."""
    of_both = (ClaimVerdict.suggestion_id == suggestion_id, ClaimVerdict.person_id == person_id)
    return session.scalar(sa.select(ClaimVerdict.id).where(*of_both).limit(1)) is not None


# --- explanations by a person ---------------------------------------------------------------------------------------


def _explanations(actor: Actor) -> sa.Select[tuple[ExplanationRequest]]:
    return (
        sa.select(ExplanationRequest)
        .join(Suggestion, Suggestion.id == ExplanationRequest.suggestion_id)
        .where(visible_to(actor), sa.true() if actor.has(*SME, *OPERATOR, Role.AUDITOR) else sa.false())
    )


def explanations(actor: Actor, number: int = 1) -> Page[ExplanationRequest]:
    """Open requests first, the oldest first; then the answered ones, the newest first."""
    answered = ExplanationRequest.answered_at
    return paginate(
        _explanations(actor).order_by(
            answered.is_not(None), answered.desc(), ExplanationRequest.asked_at, ExplanationRequest.id
        ),
        number,
    )


def explanations_waiting(actor: Actor) -> int:
    """How many requests that the actor may read wait for an answer."""
    waiting = _explanations(actor).where(ExplanationRequest.answered_at.is_(None)).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(waiting)) or 0


def explanation(actor: Actor, key: str) -> ExplanationRequest | None:
    return session.scalar(_explanations(actor).where(ExplanationRequest.key == key))


def own_explanations(actor: Actor) -> Sequence[ExplanationRequest]:
    """What the actor's firm asked, the newest first."""
    return session.scalars(
        _explanations(actor)
        .where(Suggestion.organisation_id == actor.organisation_id)
        .order_by(ExplanationRequest.id.desc())
    ).all()


def open_explanation(organisation_id: int, kind: RequestKind) -> ExplanationRequest | None:
    """The request of this kind that waits for its answer; for services and the firm itself."""
    return session.scalar(
        sa.select(ExplanationRequest)
        .join(Suggestion, Suggestion.id == ExplanationRequest.suggestion_id)
        .where(
            Suggestion.organisation_id == organisation_id,
            ExplanationRequest.kind == kind,
            ExplanationRequest.answered_at.is_(None),
        )
        .limit(1)
    )


# --- models and long work -------------------------------------------------------------------------------------------


def _models_visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if actor.is_system or actor.has(*PERMISSIONS["scoring:model:read"]) else sa.false()


def models(actor: Actor) -> Sequence[ModelVersion]:
    """Every model, the newest first."""
    return session.scalars(
        sa.select(ModelVersion).where(_models_visible_to(actor)).order_by(ModelVersion.id.desc())
    ).all()


def model_by_key(actor: Actor, key: str) -> ModelVersion | None:
    return session.scalar(sa.select(ModelVersion).where(ModelVersion.key == key, _models_visible_to(actor)))


def model_by_name(actor: Actor, name: str) -> ModelVersion | None:
    return session.scalar(sa.select(ModelVersion).where(ModelVersion.name == name, _models_visible_to(actor)))


def champion() -> ModelVersion | None:
    """The learned model that speaks; None when the instrument does. For services, whoever asks."""
    return session.scalar(sa.select(ModelVersion).where(ModelVersion.state == ModelState.CHAMPION))


def model_by_card(card_sha256: str) -> ModelVersion | None:
    """The model whose card has this hash, retired or not (replay)."""
    return session.scalar(
        sa.select(ModelVersion).where(ModelVersion.card_sha256 == card_sha256).order_by(ModelVersion.id.desc()).limit(1)
    )


def next_model_name(kind: ModelKind) -> str:
    """The kind and how many there have been: "ordinal-logit-3"."""
    made = session.scalar(sa.select(sa.func.count()).where(ModelVersion.kind == kind))
    return f"{kind.value}-{made + 1}"


def model_events(actor: Actor, model_id: int | None = None, *, limit: int = 50) -> Sequence[ModelEvent]:
    """What happened, the newest first: to one model, or to all and the instrument."""
    rows = sa.select(ModelEvent).where(_models_visible_to(actor)).order_by(ModelEvent.id.desc()).limit(limit)
    return session.scalars(rows.where(ModelEvent.model_id == model_id) if model_id is not None else rows).all()


def champion_before() -> ModelVersion | None:
    """What a roll-back leads to: the model that spoke before this one; None when it was the instrument.

    Notes: the acts are followed like a pile, so that going back twice does not lead forward again. A model that was
           refused is passed over
    """
    pile: list[ModelVersion] = []
    acts = (ModelAct.PROMOTED, ModelAct.ROLLED_BACK)
    for event in session.scalars(sa.select(ModelEvent).where(ModelEvent.act.in_(acts)).order_by(ModelEvent.id)):
        if event.act is ModelAct.PROMOTED:
            pile.append(event.model)
        else:
            while pile and pile[-1] is not event.model:
                pile.pop()
    whole = [model for model in pile if model.state in (ModelState.CHAMPION, ModelState.RETIRED)]
    if whole and whole[-1].state is ModelState.CHAMPION:
        whole.pop()
    return whole[-1] if whole else None


def lock_models() -> None:
    """Let nobody else change which model speaks, until this transaction ends."""
    session.scalars(sa.select(ModelVersion.id).order_by(ModelVersion.id).with_for_update()).all()
    session.expire_all()


def lock_model(model_id: int) -> ModelVersion:
    return session.scalars(
        sa.select(ModelVersion).where(ModelVersion.id == model_id).with_for_update(of=ModelVersion)
    ).one()


def _jobs_visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """Who may ask for a kind of work sees that kind; auditors see all."""
    if actor.is_system or actor.has(*PERMISSIONS["scoring:model:read"]):
        return sa.true()
    return ScoringJob.kind.in_([kind for kind, roles in WHO_ASKS.items() if actor.has(*roles)])


def job_by_key(actor: Actor, key: str) -> ScoringJob | None:
    return session.scalar(sa.select(ScoringJob).where(ScoringJob.key == key, _jobs_visible_to(actor)))


def jobs(actor: Actor, kind: JobKind | None = None, *, limit: int = 10) -> Sequence[ScoringJob]:
    """The newest long work, of one kind or of all."""
    rows = sa.select(ScoringJob).where(_jobs_visible_to(actor)).order_by(ScoringJob.id.desc()).limit(limit)
    return session.scalars(rows.where(ScoringJob.kind == kind) if kind else rows).all()


def open_job_id() -> int | None:
    """The work to do next, the oldest first; one that RUNNING was left by a crash. For the worker, which runs alone."""
    return session.scalar(
        sa.select(ScoringJob.id)
        .where(ScoringJob.state.in_((JobState.WAITING, JobState.RUNNING)))
        .order_by(ScoringJob.id)
        .limit(1)
    )


def unfinished_job(kind: JobKind) -> ScoringJob | None:
    """The newest job of a kind unless it came to its end; for the command line, which goes on with it."""
    newest = session.scalar(
        sa.select(ScoringJob).where(ScoringJob.kind == kind).order_by(ScoringJob.id.desc()).limit(1)
    )
    return newest if newest and newest.state is not JobState.DONE else None


def job(job_id: int) -> ScoringJob:
    """A job as it stands now; for the command line."""
    return session.get_one(ScoringJob, job_id, populate_existing=True)


def lock_firm(organisation_id: int) -> None:
    """One writer at a time on what a firm asks and refuses."""
    session.execute(sa.select(Organisation.id).where(Organisation.id == organisation_id).with_for_update())


def lock_suggestion(suggestion_id: int) -> None:
    """One writer at a time on what is called for because of a suggestion."""
    session.execute(sa.select(Suggestion.id).where(Suggestion.id == suggestion_id).with_for_update())


def refusal_in_force(organisation_id: int) -> SuggestionRefusal | None:
    """A firm's refusal to be judged with a machine's suggestion, as it stands now. For services and the firm itself."""
    return session.scalar(
        sa.select(SuggestionRefusal).where(
            SuggestionRefusal.organisation_id == organisation_id, SuggestionRefusal.withdrawn_at.is_(None)
        )
    )


def is_refused(application_id: int) -> bool:
    """Whether no suggestion may be used in judging an application: what the firm said when it handed it in."""
    row = SuggestionRefusal
    return session.scalar(
        sa.select(
            sa.exists().where(
                Application.id == application_id,
                row.organisation_id == Application.organisation_id,
                row.refused_at <= Application.submitted_at,
                sa.or_(row.withdrawn_at.is_(None), row.withdrawn_at > Application.submitted_at),
            )
        )
    )


# --- second readers -------------------------------------------------------------------------------------------------


def second_reader_calls(application_id: int) -> Sequence[SecondReaderCall]:
    """Why a further evaluator was called for an application; `evaluation` has checked who asks."""
    return session.scalars(
        sa.select(SecondReaderCall)
        .where(SecondReaderCall.application_id == application_id)
        .order_by(SecondReaderCall.id)
    ).all()


# --- peers ----------------------------------------------------------------------------------------------------------


def peers(actor: Actor) -> Group | None:
    """The figures of the closest group of firms around the actor's own: its industry and size, else its industry, else
    all firms; None when no group is large enough. One row by index, whatever the number of firms."""
    if not actor.has(*SME) or actor.organisation_id is None:
        return None
    division = sa.func.substr(Profile.ksic, 1, 2)
    row = session.execute(
        sa.select(PeerGroup.division, PeerGroup.size, PeerGroup.firms, PeerGroup.figures)
        .join(
            Profile,
            sa.or_(
                sa.and_(
                    PeerGroup.division == division,
                    PeerGroup.size.in_((sa.func.coalesce(sa.cast(Profile.size, sa.String), ""), "")),
                ),
                sa.and_(PeerGroup.division == "", PeerGroup.size == ""),
            ),
        )
        .where(Profile.organisation_id == actor.organisation_id)
        .order_by(PeerGroup.division.desc(), PeerGroup.size.desc())
        .limit(1)
    ).first()
    return read(*row) if row else None


def peer_entries() -> Iterator[Entry]:
    """Every firm's newest diagnosis as it goes into the peers' figures; for the nightly round alone."""
    newest_of_each = (
        sa.select(sa.func.max(Suggestion.id))
        .where(Suggestion.application_id.is_(None))
        .group_by(Suggestion.organisation_id)
    )
    # rows that are older than the column tell their areas in the result only
    old = sa.case((Suggestion.areas.is_(None), Suggestion.result))
    rows = session.execute(
        sa.select(Profile.ksic, Profile.size, Suggestion.total, Suggestion.areas, old)
        .join(Profile, Profile.organisation_id == Suggestion.organisation_id)
        .where(Suggestion.id.in_(newest_of_each), Profile.ksic.is_not(None))
        .execution_options(yield_per=2_000)
    )
    for ksic, size, total, areas, result in rows:
        means = json.loads(areas) if areas else json.loads(result)["areas"]
        yield Entry(ksic[:2], size.value if size else "", total, means)


# --- monthly reports ------------------------------------------------------------------------------------------------


def _reports(actor: Actor) -> sa.Select[tuple[MonthlyReport]]:
    allowed = actor.is_system or actor.has(*PERMISSIONS["scoring:monitor:read"])
    return sa.select(MonthlyReport).where(sa.true() if allowed else sa.false())


def report_of(actor: Actor, month: str) -> MonthlyReport | None:
    return session.scalar(_reports(actor).where(MonthlyReport.month == month))


def report_months(actor: Actor) -> Sequence[str]:
    """The months that have a report, the newest first."""
    return session.scalars(
        _reports(actor).with_only_columns(MonthlyReport.month).order_by(MonthlyReport.month.desc())
    ).all()
