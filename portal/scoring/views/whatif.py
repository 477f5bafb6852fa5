"""Trying out another cut or weight: the form, what came of it, and the tries before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, url_for
from flask_babel import gettext as _

from portal.base.access import NotVisible, RuleBroken
from portal.base.words import Words, say
from portal.programmes.rules import Tier
from portal.scoring import bp, queries, service, whatif
from portal.scoring.forms import what_if_form
from portal.scoring.gates import points
from portal.scoring.models import ScoringJob
from portal.scoring.population import MISFITS
from portal.scoring.rules import JobKind, JobState
from portal.scoring.views.models import UNKNOWN as UNKNOWN_KEY
from portal.scoring.views.models import group_names, group_places
from portal.web.forms import Form, refuse
from portal.web.guard import current_actor, may, requires

AXES = {
    "region": ("region", say("지역", "Region")),
    "size": ("size", say("규모", "Size")),
    "division": ("industry", say("업종", "Industry")),
}
INELIGIBLE = say("신청 불가", "Not eligible")
ALL, UNKNOWN = say("모두", "All"), say("모름", "Unknown")


@dataclass(frozen=True)
class Try:
    """One try-out in a list: what was changed and how many firms change tier."""

    job: ScoringJob
    changes: str
    up: int | None
    down: int | None
    before: str
    after: str


@bp.get("/operator/what-if")
@requires("scoring:model:read")
def what_if():
    return _page(what_if_form()())


@bp.post("/operator/what-if")
@requires("scoring:whatif:run")
def run_what_if():
    form = what_if_form()()
    if form.validate_on_submit():
        try:
            changes = whatif.check({one.name: form[one.name].data for one in whatif.settings()})
            job = service.ask_job(current_actor(), JobKind.WHAT_IF, {"changes": changes}, once_key=form.once.data)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            return redirect(url_for(".job", key=job.key))
    return _page(form)


def _page(form: Form):
    actor, settings = current_actor(), whatif.settings()
    groups = {"cut": _("유형의 문턱"), "weight": _("영역의 가중치"), "instrument": _("수준의 기준")}
    return render_template(
        "scoring/what_if.html",
        form=form,
        groups=[(name, title, [one for one in settings if one.group == name]) for name, title in groups.items()],
        may_run=may(actor, "scoring:whatif:run"),
        tries=_tries(queries.jobs(actor, JobKind.WHAT_IF)),
    )


@bp.get("/operator/what-if/<key>")
@requires("scoring:model:read")
def what_if_result(key: str):
    actor = current_actor()
    row = queries.job_by_key(actor, key)
    if row is None or row.kind is not JobKind.WHAT_IF:
        raise NotVisible
    if row.state is not JobState.DONE:
        return redirect(url_for(".job", key=key))
    answer, name_of, place_of = row.answer, group_names(), group_places()
    return render_template(
        "scoring/what_if_result.html",
        job=row,
        answer=answer,
        changes=list(_changes(answer["changes"])),
        tiers=[_tier_name(name) for name in whatif.FROM_TO],
        matrix=answer["matrix"],
        moved=answer["changed"]["up"] + answer["changed"]["down"],
        groups=[
            (label, _ordered(axis, answer["groups"][name], name_of, place_of)) for name, (axis, label) in AXES.items()
        ],
        border=[
            {**found, "firm": one.organisation.name, "from": _tier(found["from"]), "to": _tier(found["to"])}
            for found, one in whatif.border_firms(actor, answer)
        ],
        skipped=[(MISFITS.get(reason, reason), count) for reason, count in answer["skipped"].items()],
        tries=_tries(one for one in queries.jobs(actor, JobKind.WHAT_IF) if one.id != row.id),
    )


def _tries(jobs: Iterable[ScoringJob]) -> list[Try]:
    found = []
    for job in jobs:
        answer = job.answer
        changed, total = answer.get("changed", {}), answer.get("total", {})
        asked = answer.get("changes") or {name: {"to": value} for name, value in job.asked.get("changes", {}).items()}
        found.append(
            Try(
                job,
                ", ".join(
                    f"{label} {now} → {then}" if now else f"{label} → {then}" for label, now, then in _changes(asked)
                ),
                changed.get("up"),
                changed.get("down"),
                points(total["before"]) if total else "",
                points(total["after"]) if total else "",
            )
        )
    return found


def _changes(changes: Mapping[str, Mapping[str, Any]]) -> Iterable[tuple[Words | str, str, str]]:
    """(what, the value now, the value tried) of each change."""
    labels = {one.name: one.label for one in whatif.settings()}
    for name, change in changes.items():
        now = change.get("from")
        yield labels.get(name, name), "" if now is None else f"{now:g}", f"{change['to']:g}"


def _ordered(
    axis: str,
    groups: Sequence[Mapping[str, Any]],
    name_of: Callable[[str, str], Words | str],
    place_of: Callable[[str, str], tuple],
) -> list[tuple[Words | str, Mapping[str, Any]]]:
    """Groups with their names; who is unknown and the sum come last."""
    return [
        (_group_name(axis, one["key"], name_of), one)
        for one in sorted(groups, key=lambda one: (one["key"] == "ALL", *place_of(axis, one["key"] or UNKNOWN_KEY)))
    ]


def _group_name(axis: str, key: str | None, name_of: Callable[[str, str], Words | str]) -> Words | str:
    if key is None:
        return UNKNOWN
    return ALL if key == "ALL" else name_of(axis, key)


def _tier(name: str) -> Tier | None:
    return None if name == whatif.INELIGIBLE else Tier[name]


def _tier_name(name: str) -> Words:
    tier = _tier(name)
    return tier.label if tier else INELIGIBLE
