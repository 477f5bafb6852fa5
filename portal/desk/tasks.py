"""What waits for a person: the one thing to do next, the figures that matter, what is running; by role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _

from portal.accounts.rules import OPERATOR, SME, SUPPLIER, Role
from portal.appeals import queries as appeals
from portal.appeals.rules import AppealState
from portal.applications import queries as applications
from portal.applications.models import Application
from portal.applications.queries import Filters
from portal.applications.rules import Status
from portal.base import clock
from portal.base.access import Actor
from portal.consultations import queries as consultations
from portal.directory import claims, ratings, suspension, verification
from portal.directory import queries as directory
from portal.directory.rules import ListingStatus, is_stale_soon
from portal.evaluation import draws, lateness, objecting, pressure, queues, seating, sidebyside
from portal.evaluation.queues import QueueFilters
from portal.evaluation.seating import AssignmentFilters
from portal.evaluators import queries as pool
from portal.evaluators.rules import PoolStatus
from portal.profiles import queries as profiles
from portal.profiles.rules import missing_facts
from portal.programmes import queries as programmes
from portal.programmes.rules import Phase, SystemLevel
from portal.scoring import queries as scoring
from portal.scoring.explanation import explain
from portal.selection import queries as selection
from portal.web.pages import when

SHOWN_ROWS = 5


def link(endpoint: str, **values: object) -> str | None:
    """The address of a page, or None where no feature offers it."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None


@dataclass(frozen=True)
class Todo:
    """The one thing to do next."""

    title: str
    text: str
    action: str
    url: str
    icon: str = "arrow"


@dataclass(frozen=True)
class Figure:
    label: str
    value: str | int
    unit: str = ""
    note: str = ""
    url: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Listed:
    """What is running, newest or most urgent first. rows: dictionaries of name, url, cells (text or badge)."""

    title: str
    head: list[str]
    rows: list[dict[str, Any]]
    empty: str
    empty_text: str = ""
    action: str = ""
    action_url: str = ""
    url: str = ""


@dataclass
class Home:
    todo: Todo | None = None
    way: list[dict[str, Any]] = field(default_factory=list)
    way_now: int = 1
    figures: list[Figure] = field(default_factory=list)
    lists: list[Listed] = field(default_factory=list)


def _sme(actor: Actor, page: Home) -> None:
    """A firm's way: tell about itself, answer, see the result, apply, follow."""
    own = profiles.current_profile(actor)
    facts_done = own is not None and not missing_facts(own.facts)
    progress = profiles.draft_progress(actor)
    answered, total = sum(area.answered for area in progress), sum(area.total for area in progress)
    versions = profiles.versions(actor)
    suggestion = scoring.latest_for(actor, actor.organisation_id) if actor.organisation_id else None
    page.way = [
        {"label": _("기업정보"), "url": url_for("profiles.profile"), "done": facts_done},
        {"label": _("수준 진단"), "url": url_for("profiles.diagnosis"), "done": bool(versions)},
        {"label": _("결과 보기"), "url": link("desk.result") if versions else None, "done": suggestion is not None},
        {"label": _("신청"), "url": link("applications.mine"), "done": False},
    ]
    if not facts_done:
        page.way_now = 1
        page.todo = Todo(
            _("먼저 회사를 알려 주세요"),
            _("업종, 지역, 규모처럼 꼭 필요한 것만 묻습니다. 5분이면 됩니다."),
            _("기업정보 적기"),
            url_for("profiles.edit"),
            "factory",
        )
    elif not versions:
        page.way_now = 2
        page.todo = Todo(
            _("수준 진단을 이어 하세요") if answered else _("이제 수준을 진단해 보세요"),
            _(
                "%(total)s문항 중 %(answered)s문항에 답했습니다. 언제든 멈췄다가 이어 할 수 있습니다.",
                total=total,
                answered=answered,
            ),
            _("이어 하기") if answered else _("시작하기"),
            url_for("profiles.diagnosis"),
            "list",
        )
    else:
        page.way_now = 4
        page.todo = Todo(
            _("열린 공고에 신청해 보세요"),
            _("진단한 내용을 그대로 가져와 계획과 비용만 더합니다."),
            _("신청 시작"),
            url_for("applications.choose_call"),
            "file",
        )
    asked = claims.to_answer(actor)
    if asked:
        page.figures.append(
            Figure(
                _("구축 확인"),
                asked,
                _("건"),
                _("공급기업이 우리 회사에 구축했다고 올렸습니다"),
                url_for("directory.company_builds"),
                "warn",
            )
        )
    to_rate = sum(one.rating is None for one in ratings.chances(actor))
    if to_rate:
        page.figures.append(
            Figure(
                _("공급기업 평가"),
                to_rate,
                _("곳"),
                _("과제를 마친 공급기업을 평가할 수 있습니다"),
                url_for("directory.company_ratings"),
            )
        )
    own_applications = applications.mine(actor)
    _applications(own_applications, page)
    _remedies(actor, page)
    _open_calls({row.call_id for row in own_applications if row.is_live}, actor.region, page)
    if suggestion is not None:
        told = explain(suggestion.answer)
        page.figures += [
            Figure(_("추천 유형"), str(told.tier.label) if told.tier else "-", url=url_for("desk.result")),
            Figure(_("역량 점수"), round(told.total), _("점"), _("1,000점 만점")),
            Figure(_("시스템 수준"), str(SystemLevel(told.system_level).label)),
            Figure(
                _("진행 중 상담"),
                consultations.counts(actor)["open"],
                _("건"),
                url=url_for("consultations.index"),
            ),
        ]


def _applications(rows: Sequence[Application], page: Home) -> None:
    """The firm's applications; what asks for an answer comes before everything else."""
    asked = next((row for row in rows if row.status is Status.SUPPLEMENT), None)
    draft = next((row for row in rows if row.is_draft), None)
    if asked is not None:
        page.todo = Todo(
            _("보완 요청에 답해 주세요"),
            _("%(call)s 신청에 고칠 부분이 있습니다. 기한 안에 보내 주세요.", call=asked.call.title),
            _("고치고 보내기"),
            url_for("applications.supplement", key=asked.key),
            "file",
        )
    elif draft is not None and page.way_now == len(page.way):
        page.todo = Todo(
            _("쓰던 신청서를 이어 쓰세요"),
            _("%(call)s · 마감 %(when)s", call=draft.call.title, when=when(draft.call.closes_at)),
            _("이어서 쓰기"),
            url_for("applications.case", key=draft.key),
            "file",
        )
    elif any(row.is_live for row in rows):
        page.todo, page.way = None, []
    if rows:
        page.lists.append(
            Listed(
                _("내 신청"),
                [_("공고"), _("상태"), _("접수번호"), _("마지막 변경")],
                [
                    {
                        "name": row.call.title,
                        "url": url_for("applications.case", key=row.key),
                        "cells": [
                            {"text": row.status.label, "tone": row.status.tone},
                            row.number or "-",
                            when(row.updated_at),
                        ],
                    }
                    for row in rows[:SHOWN_ROWS]
                ],
                _("아직 신청이 없습니다"),
                url=url_for("applications.mine"),
            )
        )


def _remedies(actor: Actor, page: Home) -> None:
    """Until when a decision can be appealed against; a supplement that is asked for comes before everything else."""
    for one in appeals.remedies(actor):
        appeal = one.appeal if one.appeal and one.appeal.decision_id == one.decision.id else None
        if appeal is not None and appeal.state is AppealState.SUPPLEMENT and not appeals.due_of(appeal).is_over:
            page.todo = Todo(
                _("이의신청을 보완해 주세요"),
                _("%(day)s까지 보내 주세요.", day=appeal.supplement.due_on),
                _("보완하기"),
                url_for("appeals.show", key=appeal.key),
                "file",
            )
        if one.is_open and not one.clock.is_over:
            page.figures.append(
                Figure(
                    _("이의신청 기한"),
                    one.clock.days,
                    _("일 남음"),
                    note=one.application.number,
                    url=url_for("appeals.write", key=one.application.key),
                    tone="warn" if one.clock.tone != "neutral" else "",
                )
            )


def _open_calls(joined: set[int], region: str | None, page: Home) -> None:
    """Calls that the firm could still join, the first to end first."""
    calls = [call for call in programmes.open_calls(region=region) if call.id not in joined][:SHOWN_ROWS]
    page.lists.append(
        Listed(
            _("지금 열린 공고"),
            [_("공고"), _("유형"), _("마감")],
            [
                {
                    "name": call.title,
                    "url": url_for("programmes.call", key=call.key),
                    "cells": [", ".join(str(tier.label) for tier in call.tiers), when(call.closes_at)],
                }
                for call in calls
            ],
            _("지금 열린 공고가 없습니다"),
            _("공고가 열리면 여기에 나옵니다."),
            url=url_for("programmes.calls"),
        )
    )


def _supplier(actor: Actor, page: Home) -> None:
    """A supplier's way: a listing that is seen, then the requests."""
    listing = directory.own(actor)
    status = listing.status if listing else ListingStatus.DRAFT
    if status is ListingStatus.DRAFT:
        page.todo = Todo(
            _("공급기업으로 등록하세요"),
            _("기술과 구축실적을 적으면 운영기관이 확인한 뒤 공개합니다."),
            _("이어 쓰기") if listing else _("등록 시작"),
            url_for("directory.edit"),
            "factory",
        )
    elif status is ListingStatus.PENDING:
        page.todo = Todo(
            _("등록을 확인하고 있습니다"),
            _("운영기관이 확인하면 메일로 알려 드립니다."),
            _("적은 내용 보기"),
            url_for("directory.edit"),
            "clock",
        )
    talks = consultations.counts(actor)
    if talks["new"]:
        page.todo = Todo(
            _("상담 요청에 답해 주세요"),
            _("기다리는 요청이 %(n)s건입니다.", n=talks["new"]),
            _("요청 보기"),
            url_for("consultations.index", which="new"),
            "people",
        )
    page.figures += [
        Figure(
            _("새 상담 요청"),
            talks["new"],
            _("건"),
            url=url_for("consultations.index", which="new"),
            tone="warn" if talks["new"] else "",
        ),
        Figure(_("진행 중 상담"), talks["running"], _("건"), url=url_for("consultations.index", which="running")),
    ]
    requests = [one for one in applications.consortium_requests(actor) if one.is_open]
    if requests:
        page.todo = Todo(
            _("함께하자는 요청이 왔습니다"),
            _("%(firm)s이(가) 컨소시엄 참여를 물었습니다.", firm=requests[0].firm),
            _("요청 보기"),
            url_for("applications.consortium"),
            "people",
        )
        page.figures.append(
            Figure(_("참여 요청"), len(requests), _("건"), url=url_for("applications.consortium"), tone="warn")
        )
    if listing is not None:
        state = _("정지 중") if listing.suspension else str(status.label)
        page.figures.append(Figure(_("등록 상태"), state, url=url_for("directory.edit")))
        unanswered = ratings.unanswered(actor)
        if unanswered:
            page.figures.append(
                Figure(_("답하지 않은 평가"), unanswered, _("건"), url=url_for("directory.own_ratings"))
            )
    is_quiet = page.todo is None and listing is not None and status is ListingStatus.APPROVED
    if is_quiet and is_stale_soon(listing.last_confirmed_at, clock.now()):
        page.todo = Todo(
            _("등록정보가 지금도 맞나요?"),
            _("오랫동안 확인하지 않았습니다. 180일이 지나면 회색으로 보이고 추천에서 빠집니다."),
            _("확인하기"),
            url_for("directory.edit"),
            "clock",
        )
    if listing is not None and listing.suspension is not None:
        page.todo = Todo(
            _("등록이 정지되었습니다"),
            _("목록, 검색, 매칭에서 빠져 있습니다. 이유를 보고 14일 안에 이의를 낼 수 있습니다."),
            _("이유 보기"),
            url_for("directory.own_suspension"),
            "warn",
        )


def _operator(actor: Actor, page: Home) -> None:
    """What waits for an operator."""
    waiting_for = applications.queue_counts(actor, Filters())
    later = [status for status in (Status.SITE, Status.PRESENT) if waiting_for.get(status)]
    for status in (Status.SUBMITTED, Status.REQ_CHECK, Status.SUPPLEMENT, Status.WRITTEN, *later):
        page.figures.append(
            Figure(
                str(status.label),
                waiting_for.get(status, 0),
                _("건"),
                url=url_for("applications.queue", status=status.value),
                tone="warn" if status is Status.SUBMITTED and waiting_for.get(status) else "",
            )
        )
    waiting_rows = applications.queue(actor, Filters(status=Status.SUBMITTED, sort="submitted"), size=SHOWN_ROWS).items
    page.lists.append(
        Listed(
            _("요건 검토를 기다리는 신청"),
            [_("접수번호"), _("기업"), _("공고"), _("접수")],
            [
                {
                    "name": row.number,
                    "url": url_for("applications.case", key=row.key),
                    "cells": [row.organisation.name, row.call.title, when(row.submitted_at)],
                }
                for row in waiting_rows
            ],
            _("기다리는 신청이 없습니다"),
            _("새 신청이 들어오면 여기에 나옵니다."),
            url=url_for("applications.queue", status=Status.SUBMITTED.value),
        )
    )
    stages = seating.stage_counts(actor, AssignmentFilters())
    page.figures.append(
        Figure(
            _("평가위원 배정 전"),
            stages["waiting"],
            _("건"),
            url=url_for("evaluation.assignments"),
            tone="warn" if stages["waiting"] else "",
        )
    )
    if plans := draws.to_confirm(actor):
        page.figures.append(
            Figure(
                _("확인할 배정 계획"),
                len(plans),
                _("건"),
                url=url_for("evaluation.draw_page", key=plans[0].key)
                if len(plans) == 1
                else url_for("evaluation.draw_list"),
                tone="warn",
            )
        )
    if overdue := lateness.counts(actor)["late"]:
        page.figures.append(
            Figure(_("마감이 지난 평가"), overdue, _("건"), url=url_for("evaluation.watch"), tone="danger")
        )
    if objections := objecting.waiting(actor):
        page.figures.append(
            Figure(_("기피 신청"), objections, _("건"), url=url_for("evaluation.objection_queue"), tone="warn")
        )
    readers = seating.readers_missing(actor)
    page.figures.append(
        Figure(
            _("추가 평가위원 필요"),
            readers,
            _("건"),
            url=url_for("evaluation.assignments", extra=1),
            tone="danger" if readers else "",
        )
    )
    contested = appeals.stage_counts(actor, appeals.Filters())
    page.figures.append(
        Figure(
            _("확인할 이의신청"),
            contested["check"],
            _("건"),
            url=url_for("appeals.queue"),
            tone="warn" if contested["check"] else "",
        )
    )
    late = appeals.late_count(actor)
    if late:
        page.figures.append(
            Figure(
                _("기한이 지난 이의신청"),
                late,
                _("건"),
                url=url_for("appeals.queue", stage="all", due="late"),
                tone="danger",
            )
        )
    counts = directory.review_counts(actor)
    waiting = counts["pending"] + counts["edited"]
    page.figures.append(
        Figure(
            _("공급기업 심사"), waiting, _("건"), url=url_for("directory.review_queue"), tone="warn" if waiting else ""
        )
    )
    for label, waiting, url in (
        (_("인증 확인"), verification.counts(actor)["claimed"], url_for("directory.marks_queue")),
        (_("구축실적 확인"), claims.counts(actor)["confirmed"], url_for("directory.builds_queue")),
        (
            _("정지 이의신청"),
            suspension.appeals_waiting(actor),
            url_for("directory.review_queue", which="suspended"),
        ),
    ):
        if waiting:
            page.figures.append(Figure(label, waiting, _("건"), url=url, tone="warn"))
    unanswered = scoring.explanations_waiting(actor)
    page.figures.append(
        Figure(
            _("설명 요청"),
            unanswered,
            _("건"),
            url=url_for("scoring.explanations"),
            tone="warn" if unanswered else "",
        )
    )
    calls = programmes.calls_page(actor, phase=Phase.OPEN)
    page.figures.append(Figure(_("열린 공고"), calls.total, _("건"), url=url_for("programmes.operator_calls")))


def _evaluator(actor: Actor, page: Home) -> None:
    """An evaluator's desk: what is due, in the own order of the cases."""
    counts = queues.queue_counts(actor)
    page.figures += [
        Figure(_("맡은 평가"), counts["open"], _("건"), url=url_for("evaluation.queue")),
        Figure(
            _("마감 지남"),
            counts["late"],
            _("건"),
            url=url_for("evaluation.queue", due="late"),
            tone="danger" if counts["late"] else "",
        ),
        Figure(
            _("마감 임박"),
            counts["soon"],
            _("건"),
            url=url_for("evaluation.queue", due="soon"),
            tone="warn" if counts["soon"] else "",
        ),
        Figure(_("제출한 평가"), counts["submitted"], _("건"), url=url_for("evaluation.queue", state="submitted")),
    ]
    cases = queues.queue(actor, QueueFilters(sort="due"), size=SHOWN_ROWS).items
    if cases:
        first = cases[0].assignment
        page.todo = Todo(
            _("먼저 볼 평가가 있습니다"),
            _("%(number)s · 마감 %(when)s", number=first.application.number, when=when(first.due_on)),
            _("평가하기"),
            url_for("evaluation.case", key=first.key),
            "list",
        )
    page.lists.append(
        Listed(
            _("마감이 가까운 평가"),
            [_("접수번호"), _("기업"), _("마감"), _("진행")],
            [
                {
                    "name": row.assignment.application.number,
                    "url": url_for("evaluation.case", key=row.assignment.key),
                    "cells": [
                        str(row.firm),
                        _due(row),
                        f"{row.done} / {row.whole}",
                    ],
                }
                for row in cases
            ],
            _("맡은 평가가 없습니다"),
            _("배정되면 메일로 알려 드립니다."),
            url=url_for("evaluation.queue"),
        )
    )


def _seats(actor: Actor, page: Home) -> None:
    """What the person was drawn for: an appeal runs on a short clock, so it is shown where there is one."""
    rows = appeals.seats(actor)
    if not rows:
        return
    page.figures.append(Figure(_("재심"), len(rows), _("건"), url=url_for("appeals.seats"), tone="warn"))
    first = rows[0]
    page.todo = Todo(
        _("추첨으로 맡은 재심이 있습니다"),
        _("%(number)s · 마감 %(when)s", number=first.appeal.application.number, when=when(first.due_on)),
        _("재심하기"),
        url_for("appeals.seat", key=first.key),
        "people",
    )


def _due(row: queues.QueueRow) -> Any:
    """The due date, with a badge where it is near or past."""
    day = when(row.assignment.due_on)
    if row.is_late:
        return {"text": _("%(day)s · 지남", day=day), "tone": "danger"}
    return {"text": _("%(day)s · 임박", day=day), "tone": "warn"} if row.is_soon else day


def _chair(actor: Actor, page: Home) -> None:
    counts = sidebyside.decision_counts(actor)
    page.figures += [
        Figure(
            _("결정할 신청"),
            counts["open"],
            _("건"),
            url=url_for("evaluation.decisions"),
            tone="warn" if counts["open"] else "",
        ),
        Figure(_("결정한 신청"), counts["decided"], _("건"), url=url_for("evaluation.decisions", state="decided")),
    ]
    if rankings := selection.waiting(actor):
        page.todo = Todo(
            _("순위안을 승인해 주세요"),
            _("%(call)s의 순위안이 기다립니다. 승인하면 모든 신청의 결과가 정해집니다.", call=rankings[0].call.title),
            _("순위안 보기"),
            url_for("selection.approve", key=rankings[0].key),
            "list",
        )
    ready = sidebyside.decisions(actor).items
    page.lists.append(
        Listed(
            _("결정을 기다리는 신청"),
            [_("접수번호"), _("기업"), _("들어온 평가"), _("마감")],
            [
                {
                    "name": row.panel.application.number,
                    "url": url_for("evaluation.decide", key=row.panel.application.key),
                    "cells": [
                        row.panel.application.organisation.name,
                        {"text": f"{row.submitted} / {row.sitting}", "tone": "success" if row.is_ready else "neutral"},
                        when(row.panel.due_on),
                    ],
                }
                for row in ready[:SHOWN_ROWS]
            ],
            _("결정할 신청이 없습니다"),
            _("평가가 모두 들어오면 여기에 나옵니다."),
            url=url_for("evaluation.decisions"),
        )
    )


def _auditor(_actor: Actor, page: Home) -> None:
    page.todo = Todo(
        _("감사 기록을 살펴보세요"),
        _("누가 언제 무엇을 했는지 기간과 사람, 대상으로 골라 볼 수 있습니다."),
        _("감사 기록 열기"),
        url_for("desk.audit_log"),
        "search",
    )


def _pool(actor: Actor, page: Home) -> None:
    """What waits around the evaluators: applications to the pool, reports of pressure that the actor may read."""
    waiting = pool.waiting_count(actor)
    reports = pressure.counts(actor)["open"]
    page.figures += [
        Figure(_("평가위원 지원"), waiting, _("건"), url=url_for("evaluators.pool"), tone="warn" if waiting else ""),
        Figure(
            _("부당 요구 신고"),
            reports,
            _("건"),
            url=url_for("evaluation.pressure_reports"),
            tone="danger" if reports else "",
        ),
    ]


def _candidate(actor: Actor, page: Home) -> None:
    row = pool.own(actor)
    status = row.status if row else PoolStatus.DRAFT
    words = {
        PoolStatus.DRAFT: (
            _("지원서를 써 주세요"),
            _("자격과 전문 분야를 적고 서류를 올린 뒤 냅니다."),
            _("이어 쓰기"),
        ),
        PoolStatus.APPLIED: (
            _("자격을 확인하고 있습니다"),
            _("결과는 이메일로 알려 드립니다."),
            _("낸 내용 보기"),
        ),
        PoolStatus.REFUSED: (
            _("지원 결과를 확인해 주세요"),
            _("이유를 읽고 고쳐서 다시 낼 수 있습니다."),
            _("이유 보기"),
        ),
    }
    title, text, action = words.get(
        status, (_("평가위원 등록이 끝났습니다"), _("사유를 볼 수 있습니다."), _("사유 보기"))
    )
    page.todo = Todo(title, text, action, url_for("evaluators.apply"), "file")


BUILDERS = (
    (SME, _sme),
    (SUPPLIER, _supplier),
    (OPERATOR, _operator),
    ((Role.EVALUATOR,), _evaluator),
    ((Role.LEAD_EVALUATOR,), _chair),
    ((Role.EVALUATOR, Role.LEAD_EVALUATOR), _seats),
    ((Role.AUDITOR,), _auditor),
    ((Role.OPERATOR_NATIONAL, Role.AUDITOR), _pool),
    ((Role.CANDIDATE,), _candidate),
)


def tasks_of(actor: Actor) -> Home:
    """A person's home; who holds several roles finds the tasks of all of them."""
    page = Home()
    for roles, build in BUILDERS:
        if actor.has(*roles):
            build(actor, page)
    return page
