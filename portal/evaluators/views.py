"""Screens of the pool: what it asks for, a person's own entry and absences, the operator's queue."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base import clock, words
from portal.base.access import RuleBroken, StaleVersion
from portal.evaluators import bp, queries, rules, service
from portal.evaluators.forms import (
    AbsenceForm,
    ApplyForm,
    EntryForm,
    JoinForm,
    PaperForm,
    ReasonForm,
    RemovalForm,
)
from portal.evaluators.models import Membership
from portal.evaluators.queries import Entry, PoolFilters
from portal.evaluators.rules import PaperKind, PoolStatus, RemovalGround
from portal.reference import queries as reference
from portal.web.forms import refuse as refuse_form
from portal.web.guard import current_actor, public, requires
from portal.web.limits import limiter
from portal.web.pages import download, page_number


@bp.get("/evaluators")
@public
def guide():
    """Who may judge, on what grounds somebody leaves the pool, and how to apply."""
    actor = current_actor()
    return render_template(
        "evaluators/guide.html",
        grounds=rules.GROUNDS,
        removals=[one for one in RemovalGround if one is not RemovalGround.OWN_WISH],
        may_write=actor.has(*rules.PERMISSIONS["evaluators:own:edit"]),
        other_side=actor.is_signed_in and not actor.has(*rules.PERMISSIONS["evaluators:own:edit"]),
    )


@bp.route("/evaluators/join", methods=["GET", "POST"])
@public
@limiter.limit("20/hour", methods=["POST"])
def join():
    form = JoinForm()
    if form.validate_on_submit():
        try:
            service.join(form.email.data, form.name.data.strip())
        except RuleBroken as broken:
            refuse_form(form, broken)
        else:
            return render_template("evaluators/joined.html", email=form.email.data.strip())
    return render_template("evaluators/join.html", form=form), 422 if form.errors else 200


# --- the own entry --------------------------------------------------------------------------------------------


@bp.route("/evaluators/apply", methods=["GET", "POST"])
@requires("evaluators:own:edit")
def apply():
    """The own entry: a form while it may be changed, else what stands and what comes next."""
    actor = current_actor()
    row = queries.own(actor)
    form = EntryForm(obj=row)
    if form.validate_on_submit():
        try:
            service.save_entry(actor, _given(form, row), form.version.data)
        except RuleBroken as broken:
            refuse_form(form, broken)
        except StaleVersion as stale:
            raise _both_texts(form, queries.own(actor)) from stale
        else:
            flash(_("저장했습니다."), "success")
            return redirect(url_for(".apply"))
    return _entry_page(form)


def _given(form: EntryForm, row: Membership | None) -> dict[str, Any]:
    """What was typed; a checked qualification is no longer on the form."""
    facts = dict(form.facts())
    if row is not None and row.status is PoolStatus.ACTIVE and row.checked_at is not None:
        facts |= {"ground": row.ground, "years": row.years}
    return facts


def _both_texts(form: EntryForm, row: Membership | None) -> StaleVersion:
    mine, current = form.facts(), queries.facts_of(row) if row else {}
    shown = ("text", "capacity", "min_load")
    return StaleVersion(
        mine={str(form[name].label.text): mine[name] for name in shown},
        current={str(form[name].label.text): current.get(name) for name in shown},
    )


def _entry_page(form: EntryForm, *, paper_form: PaperForm | None = None, apply_form: ApplyForm | None = None) -> Any:
    row = queries.own(current_actor())
    form.version.raw_data, form.version.data = None, row.version if row else None
    forms = [one for one in (form, paper_form, apply_form) if one is not None]
    page = render_template(
        "evaluators/apply.html",
        row=row,
        form=form,
        paper_form=paper_form or PaperForm(formdata=None),
        apply_form=apply_form or ApplyForm(formdata=None),
        wrong=next((one for one in forms if one.errors), form),
        kinds=list(rules.CareerKind),
        ground=rules.GROUND_BY_CODE.get(row.ground or "") if row else None,
        checks=_checks(row),
        is_open=row is None or row.status in rules.EDITABLE,
        is_fixed=row is not None and row.status is PoolStatus.ACTIVE and row.checked_at is not None,
        may_take_off=row is None or row.status in (PoolStatus.DRAFT, PoolStatus.REFUSED),
        names=_names(),
        families=reference.technology_options(),
    )
    return page, 422 if any(one.errors for one in forms) else 200


def _checks(row: Membership | None) -> list[rules.Check]:
    if row is None:
        return []
    return rules.check_qualification(row.ground, row.years, {paper.kind for paper in row.papers})


def _names() -> dict[str, Any]:
    """Codes in words: technologies, industries, regions."""
    return {
        "technologies": reference.technology_names(),
        "industries": dict(reference.ksic_options()),
        "regions": dict(reference.sido_options()),
    }


@bp.post("/evaluators/papers")
@requires("evaluators:own:edit")
def add_paper():
    actor = current_actor()
    form = PaperForm()
    if form.validate_on_submit():
        try:
            if not form.file.data:
                raise RuleBroken("file_empty", "file")
            service.add_paper(actor, PaperKind(form.kind.data), form.file.data.stream, form.file.data.filename or "")
        except RuleBroken as broken:
            refuse_form(form, broken)
        else:
            flash(_("서류를 올렸습니다."), "success")
            return redirect(url_for(".apply", _anchor="papers"))
    return _entry_page(EntryForm(obj=queries.own(actor), formdata=None), paper_form=form)


@bp.get("/evaluators/papers/<key>")
@requires("evaluators:own:edit")
def own_paper(key: str):
    paper = queries.own_paper(current_actor(), key)
    return download(paper.blob.sha256, paper.filename, paper.blob.media_type)


@bp.post("/evaluators/papers/<key>/remove")
@requires("evaluators:own:edit")
def remove_paper(key: str):
    try:
        service.remove_paper(current_actor(), key)
        flash(_("서류를 뺐습니다."), "success")
    except RuleBroken as broken:
        flash(_sentence(broken), "error")
    return redirect(url_for(".apply", _anchor="papers"))


@bp.post("/evaluators/submission")
@requires("evaluators:own:edit")
def submit():
    actor = current_actor()
    form = ApplyForm()
    if form.validate_on_submit():
        try:
            service.apply(actor, pledge=bool(form.pledge.data))
        except RuleBroken as broken:
            refuse_form(form, broken)
        else:
            flash(_("지원서를 냈습니다. 결과는 이메일로 알려 드립니다."), "success")
            return redirect(url_for(".apply"))
    return _entry_page(EntryForm(obj=queries.own(actor), formdata=None), apply_form=form)


@bp.post("/evaluators/submission/withdraw")
@requires("evaluators:own:edit")
def take_back():
    try:
        service.take_back(current_actor())
        flash(_("지원서를 거두었습니다. 고쳐서 다시 낼 수 있습니다."), "success")
    except RuleBroken as broken:
        flash(_sentence(broken), "error")
    return redirect(url_for(".apply"))


@bp.route("/evaluators/absences", methods=["GET", "POST"])
@requires("evaluators:own:edit")
def absences():
    actor = current_actor()
    form = AbsenceForm()
    if form.validate_on_submit():
        try:
            service.add_absence(actor, form.from_on.data, form.to_on.data)
        except RuleBroken as broken:
            refuse_form(form, broken)
        else:
            flash(_("저장했습니다. 이 기간에는 새로 배정하지 않습니다."), "success")
            return redirect(url_for(".absences"))
    rows, today = queries.own_absences(actor), clock.today()
    page = render_template(
        "evaluators/absences.html",
        form=form,
        rows=rows,
        today=today,
        weekdays=rules.WEEKDAYS,
        months=rules.calendar_of(today, [(one.from_on, one.to_on) for one in rows]),
    )
    return page, 422 if form.errors else 200


@bp.post("/evaluators/absences/<key>/remove")
@requires("evaluators:own:edit")
def remove_absence(key: str):
    service.remove_absence(current_actor(), key)
    flash(_("부재 기간을 지웠습니다."), "success")
    return redirect(url_for(".absences"))


# --- operators --------------------------------------------------------------------------------------------------


@bp.get("/operator/evaluators")
@requires("evaluators:pool:read")
def pool():
    actor = current_actor()
    which = request.args.get("which", "applied")
    filters = PoolFilters(
        which=which if which in queries.WHICH else "applied",
        text=request.args.get("q", "").strip(),
        technology=request.args.get("technology", ""),
        industry=request.args.get("industry", ""),
        region=request.args.get("region", ""),
    )
    return render_template(
        "evaluators/pool.html",
        page=queries.pool(actor, filters, page_number()),
        counts=queries.counts(actor, filters),
        filters=filters,
        names=_names(),
        grounds=rules.GROUND_BY_CODE,
        default_capacity=rules.DEFAULT_CAPACITY,
    )


@bp.get("/operator/evaluators/<key>")
@requires("evaluators:pool:read")
def member(key: str):
    return _member_page(queries.entry(current_actor(), key))


def _member_page(entry: Entry, *, reason: ReasonForm | None = None, removal: RemovalForm | None = None) -> Any:
    row = entry.row
    version = {"version": row.version if row else None}
    reason = reason or ReasonForm(formdata=None, data=version)
    removal = removal or RemovalForm(formdata=None, data=version)
    page = render_template(
        "evaluators/member.html",
        entry=entry,
        row=row,
        checks=_checks(row),
        ground=rules.GROUND_BY_CODE.get(row.ground or "") if row else None,
        absences=queries.absences_of(current_actor(), entry.person),
        form=reason,
        removal=removal,
        wrong=removal if removal.errors else reason,
        names=_names(),
        default_capacity=rules.DEFAULT_CAPACITY,
    )
    return page, 422 if reason.errors or removal.errors else 200


@bp.get("/operator/evaluators/<key>/papers/<paper_key>")
@requires("evaluators:pool:read")
def paper(key: str, paper_key: str):
    actor = current_actor()
    found = queries.paper(actor, key, paper_key)
    blob, filename = found.blob, found.filename
    service.note_paper_read(actor, found)
    return download(blob.sha256, filename, blob.media_type)


@bp.post("/operator/evaluators/<key>/approve")
@requires("evaluators:pool:decide")
def approve(key: str):
    actor = current_actor()
    entry = queries.entry(actor, key)
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            service.approve(actor, key, form.version.data)
        except RuleBroken as broken:
            refuse_form(form, broken)
        else:
            flash(_("자격을 확인하고 평가위원 풀에 등록했습니다."), "success")
            return redirect(url_for(".member", key=key))
    return _member_page(entry, reason=form)


@bp.post("/operator/evaluators/<key>/refuse")
@requires("evaluators:pool:decide")
def refuse(key: str):
    actor = current_actor()
    entry = queries.entry(actor, key)
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            service.refuse(actor, key, form.reason.data or "", form.version.data)
        except RuleBroken as broken:
            refuse_form(form, broken)
        else:
            flash(_("등록하지 않기로 하고 이유를 알렸습니다."), "success")
            return redirect(url_for(".pool"))
    return _member_page(entry, reason=form)


@bp.post("/operator/evaluators/<key>/remove")
@requires("evaluators:pool:decide")
def remove(key: str):
    actor = current_actor()
    entry = queries.entry(actor, key)
    form = RemovalForm()
    if form.validate_on_submit():
        try:
            service.remove(actor, key, form.chosen, form.reason.data or "", form.version.data)
        except RuleBroken as broken:
            refuse_form(form, broken)
        else:
            flash(_("해촉했습니다. 권한과 접속, 맡은 자리가 바로 끝났습니다."), "success")
            return redirect(url_for(".member", key=key))
    return _member_page(entry, removal=form)


@bp.post("/operator/evaluators/<key>/restore")
@requires("evaluators:pool:decide")
def restore(key: str):
    actor = current_actor()
    entry = queries.entry(actor, key)
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            service.restore(actor, key, form.reason.data or "", form.version.data)
        except RuleBroken as broken:
            refuse_form(form, broken)
        else:
            flash(_("다시 등록했습니다. 본인에게 알립니다."), "success")
            return redirect(url_for(".member", key=key))
    return _member_page(entry, reason=form)


def _sentence(broken: RuleBroken) -> str:
    return str(words.sentence(broken.code, **broken.values))
