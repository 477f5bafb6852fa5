"""Screens of win-win offers: one list for each side, the offer with what each side may do, the firm's form."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.accounts.rules import SME, Role
from portal.base import clock, words
from portal.base.access import RuleBroken, StaleVersion
from portal.programmes import queries as programmes
from portal.reference import queries as reference
from portal.web.forms import refuse
from portal.web.guard import current_actor, may, requires
from portal.web.pages import page_number
from portal.winwin import bp, queries, service
from portal.winwin.forms import JoinForm, OfferForm, ReasonForm, filled_from
from portal.winwin.models import Offer
from portal.winwin.rules import EDITABLE, OfferState, can_run


@bp.get("/winwin")
@requires("winwin:offer:read")
def index():
    actor = current_actor()
    if actor.has(*SME):
        found = queries.matches(actor)
        return render_template(
            "winwin/for_company.html",
            matches=[one for one in found if one.ranked.gate is None],
            others=[one for one in found if one.ranked.gate is not None],
            sentence=words.sentence,
        )
    which = request.args.get("which", "waiting" if may(actor, "winwin:offer:judge") else "all")
    if which not in queries.TABS:
        which = "all"
    page = queries.offers(actor, which, page_number())
    return render_template(
        "winwin/index.html",
        which=which,
        page=page,
        counts=queries.counts(actor),
        taken=queries.taken([row.id for row in page.items]),
        regions=reference.region_names(row.region for row in page.items),
    )


def _form(row: Offer | None = None, **more: Any) -> OfferForm:
    return OfferForm(programmes=list(queries.win_programmes()), data=filled_from(row) if row else None, **more)


def _save(form: OfferForm, key: str | None = None) -> Any:
    """The answer after a save, None when something was refused."""
    send = request.form.get("action") == "send"
    try:
        row = service.save_offer(
            current_actor(),
            form.facts(service.read_mentors(form.mentors.data or "")),
            key=key,
            version=form.version.data,
            send=send,
            once_key=form.once.data,
        )
    except StaleVersion:
        raise
    except RuleBroken as broken:
        refuse(form, broken)
        return None
    flash(_("운영기관에 보냈습니다.") if send else _("저장했습니다."), "success")
    return redirect(url_for(".show", key=row.key))


@bp.route("/winwin/new", methods=["GET", "POST"])
@requires("winwin:offer:edit")
def new():
    form = _form()
    if form.validate_on_submit() and (answer := _save(form)):
        return answer
    return render_template("winwin/edit.html", form=form, row=None)


@bp.route("/winwin/<key>/edit", methods=["GET", "POST"])
@requires("winwin:offer:edit")
def edit(key: str):
    row = queries.by_key(current_actor(), key)
    form = _form(row)
    if form.validate_on_submit() and (answer := _save(form, key)):
        return answer
    return render_template("winwin/edit.html", form=form, row=row)


@bp.get("/winwin/<key>")
@requires("winwin:offer:read")
def show(key: str):
    return _page(key)


def _page(key: str, answered: str = "", **forms: Any) -> str:
    """The offer as the actor's side sees it; `forms` replace the empty ones by what was typed.

    answered: key of the joining whose answer was refused
    """
    actor = current_actor()
    row = queries.by_key(actor, key)
    is_company = actor.has(*SME)
    match = queries.match_of(actor, row) if is_company else None
    join = forms.setdefault("join", JoinForm(formdata=None))
    if match:
        join.mentor.choices = [
            ("", _("정하지 않음"), {}),
            *((mentor.key, mentor.field, {"data-hint": str(one.parts[0].reason)}) for mentor, one in match.mentors),
        ]
    asked = queries.joinings(actor, row)
    return render_template(
        "winwin/show.html",
        row=row,
        match=match,
        is_company=is_company,
        is_own=actor.has(Role.PARTNER),
        may_edit=actor.has(Role.PARTNER) and row.state in EDITABLE,
        may_judge=row.state is OfferState.WAITING and bool(can_run(actor, row.region, programmes.own_region(actor))),
        is_over=row.closes_on < clock.today(),
        joinings=asked,
        answered=answered,
        contacts={one.id: queries.contact_of(one) for one in asked} if actor.has(Role.PARTNER) else {},
        left=row.places - queries.taken([row.id]).get(row.id, 0),
        names=reference.technology_names(),
        sectors=dict(reference.ksic_options()),
        regions=reference.region_names([*row.regions, row.region]),
        sentence=words.sentence,
        forms={"reason": ReasonForm(formdata=None), "answer": ReasonForm(formdata=None), **forms},
    )


def _done(key: str, said: str) -> Any:
    flash(said, "success")
    return redirect(url_for(".show", key=key))


@bp.post("/winwin/<key>/judge")
@requires("winwin:offer:judge")
def judge(key: str):
    form = ReasonForm()
    approve = request.form.get("action") == "approve"
    try:
        service.judge_offer(current_actor(), key, approve=approve, reason=form.reason.data or "")
    except RuleBroken as broken:
        refuse(form, broken)
        return _page(key, reason=form), 422
    return _done(key, _("기업에 공개했습니다.") if approve else _("고쳐 달라고 돌려보냈습니다."))


@bp.post("/winwin/<key>/close")
@requires("winwin:offer:edit")
def close(key: str):
    service.close_offer(current_actor(), key)
    return _done(key, _("모집을 마감했습니다."))


@bp.post("/winwin/<key>/join")
@requires("winwin:offer:join")
def join(key: str):
    queries.by_key(current_actor(), key)
    form = JoinForm()
    form.mentor.choices = []
    if form.validate_on_submit():
        try:
            service.join(current_actor(), key, form.text.data or "", form.mentor.data or "", once_key=form.once.data)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            return _done(key, _("참여를 신청했습니다. 답이 오면 이메일로 알려 드립니다."))
    return _page(key, join=form), 422


@bp.post("/winwin/joinings/<key>/withdraw")
@requires("winwin:offer:join")
def withdraw(key: str):
    row = service.withdraw_joining(current_actor(), key)
    return _done(row.offer.key, _("신청을 거둬들였습니다."))


@bp.post("/winwin/joinings/<key>/answer")
@requires("winwin:joining:answer")
def answer(key: str):
    form = ReasonForm()
    offer = queries.joining(current_actor(), key).offer.key
    accept = request.form.get("action") == "accept"
    try:
        service.answer_joining(current_actor(), key, accept=accept, reason=form.reason.data or "")
    except RuleBroken as broken:
        refuse(form, broken)
        return _page(offer, answered=key, answer=form), 422
    return _done(offer, _("기업에 답을 보냈습니다."))
