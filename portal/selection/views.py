"""Screens of the operator: how far the calls are, a call's ranking, bonus points, the budget."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base import clock
from portal.base.access import RuleBroken
from portal.base.paging import sliced
from portal.base.words import sentence
from portal.evaluation import calibration, plans
from portal.programmes.models import Call
from portal.selection import bp, queries, rules, service, workbook
from portal.selection.forms import BudgetForm, ProposeForm, TakeBackForm, bonus_form
from portal.selection.models import Ranking
from portal.selection.rules import RankingState
from portal.web.forms import check_version, refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import attachment, page_number

MANWON = 10_000
MOST_MANWON = 100_000_000


@bp.get("/operator/selection")
@requires("selection:progress:read")
def calls():
    return render_template("selection/calls.html", rows=queries.progress_of(current_actor()))


@bp.get("/operator/selection/<key>")
@requires("selection:progress:read")
def call(key: str):
    """How far the call is; and, where it is ranked, the ranking as it would be or as it is."""
    actor = current_actor()
    row = queries.call_by_key(actor, key)
    ranking = queries.running(row.id)
    if ranking is not None:
        return _ranking_page(row, ranking, BudgetForm(data=_budget_of(ranking)))
    form = ProposeForm()
    return _preview_page(row, form)


@bp.post("/operator/selection/<key>/propose")
@requires("selection:ranking:make")
def propose(key: str):
    actor = current_actor()
    row = queries.call_by_key(actor, key)
    form = ProposeForm()
    form.offer(queries.approvers(row))
    if form.validate_on_submit():
        try:
            service.propose(
                actor,
                row,
                form.approver.data,
                budget=_krw(form.budget.data),
                reserves=_count(form.reserves.data),
                expected=form.plan.data or "",
                once_key=form.once.data,
            )
            flash(_("순위안을 위원장에게 보냈습니다."), "success")
            return redirect(url_for("selection.call", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
    return _preview_page(row, form), 422


@bp.post("/operator/selection/<key>/take-back")
@requires("selection:ranking:make")
def take_back(key: str):
    actor = current_actor()
    row = queries.call_by_key(actor, key)
    ranking = queries.running(row.id)
    if TakeBackForm().validate_on_submit() and ranking is not None:
        try:
            service.take_back(actor, ranking)
            flash(_("순위안을 거두었습니다."), "success")
        except RuleBroken as broken:
            flash(str(sentence(broken.code, **broken.values)), "error")
    return redirect(url_for("selection.call", key=key))


@bp.post("/operator/selection/<key>/budget")
@requires("selection:ranking:make")
def budget(key: str):
    actor = current_actor()
    row = queries.call_by_key(actor, key)
    ranking = queries.running(row.id)
    if ranking is None:
        return redirect(url_for("selection.call", key=key))
    form = BudgetForm()
    if form.validate_on_submit():
        try:
            made = service.add_budget(
                actor,
                ranking,
                form.budget.krw,
                form.reason.data or "",
                version=form.version.data,
                once_key=form.once.data,
            )
            flash(
                _("예산을 바꾸었습니다. 후보 %(n)s건이 선정되었습니다.", n=len(made))
                if made
                else _("예산을 바꾸었습니다."),
                "success",
            )
            return redirect(url_for("selection.call", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
    return _ranking_page(row, ranking, form), 422


@bp.route("/operator/selection/bonus/<key>", methods=["GET", "POST"])
@requires("selection:ranking:make")
def bonus(key: str):
    """The bonus of one application."""
    actor = current_actor()
    application = queries.application_in(actor, key)
    kept = queries.bonus_of(application.id)
    form = bonus_form(kept.points if kept else {})(data={"note": kept.note, "version": kept.version} if kept else None)
    back = url_for("selection.call", key=application.call.key)
    if form.validate_on_submit():
        if kept is not None:
            check_version(form, kept)
        try:
            service.grant_bonus(actor, key, form.points, form.note.data or "", form.version.data)
            flash(_("가점을 저장했습니다."), "success")
            return redirect(back)
        except RuleBroken as broken:
            refuse(form, broken)
    page = render_template(
        "selection/bonus.html",
        application=application,
        form=form,
        kept=kept,
        cap=plans.plan_of(application.call).bonus_cap,
        closed=queries.running(application.call_id) is not None,
    )
    return page, 422 if form.errors else 200


@bp.post("/operator/selection/<key>/ranking.xlsx")
@requires("selection:progress:read")
def export(key: str):
    """The ranking of a call as a spreadsheet."""
    actor = current_actor()
    row = queries.call_by_key(actor, key)
    ranking = queries.running(row.id)
    if ranking is None:
        return redirect(url_for("selection.call", key=key))
    rows = queries.lines(ranking)
    book = workbook.workbook(rows)
    service.note_export(actor, ranking, len(rows))
    return attachment(book, workbook.MEDIA_TYPE, f"ranking-{clock.today():%Y%m%d}.xlsx")


# --- parts --------------------------------------------------------------------------------------------------------


def _krw(typed: str | None) -> int | None:
    """Manwon out of the address; what is no amount counts as none."""
    count = _count(typed)
    return count * MANWON if count and count <= MOST_MANWON else None


def _count(typed: str | None) -> int | None:
    typed = (typed or "").replace(",", "").strip()
    return int(typed) if typed and typed.isascii() and typed.isdigit() and len(typed) < 10 else None


def _budget_of(ranking: Ranking) -> dict[str, object]:
    return {"budget": ranking.budget_krw // MANWON, "version": ranking.version}


def _preview_page(row: Call, form: ProposeForm) -> str:
    """What the ranking would be, and other budgets beside it. The budget comes from the address, or from a refused form."""
    typed = form.budget.data if form.is_submitted() else request.args.get("budget")
    length = form.reserves.data if form.is_submitted() else request.args.get("reserves")
    plan = plans.plan_of(row)
    found = queries.candidates(row) if plan.ranked else []
    terms = queries.terms_of(plan, _krw(typed), _count(length))
    result = rules.rank(found, terms)
    chairs = queries.approvers(row) if plan.ranked else []
    form.offer(chairs)
    form.plan.data = rules.digest(found, terms)
    form.budget.data, form.reserves.data = typed or "", length or ""
    tried = [round(plan.budget_krw * share / MANWON) * MANWON for share in rules.WHAT_IFS]
    page = sliced(result.places, page_number(), rules.PAGE_SIZE)
    return render_template(
        "selection/preview.html",
        page=page,
        call=row,
        progress=queries.progress(row),
        plan=plan,
        terms=terms,
        result=result,
        adjusted=calibration.adjusted_of_call(row.id),
        names=queries.named(row, [place.candidate.id for place in page.items]),
        tried=rules.what_if(found, terms, tried),
        past=queries.past(row),
        form=form,
        chairs=chairs,
        total_rule=rules.TOTAL_RULE,
        order_rule=rules.ORDER_RULE,
    )


def _ranking_page(row: Call, ranking: Ranking, form: BudgetForm) -> str:
    rows = queries.lines(ranking)
    return render_template(
        "selection/ranking.html",
        call=row,
        progress=queries.progress(row),
        ranking=ranking,
        terms=ranking.terms,
        page=sliced(rows, page_number(), rules.PAGE_SIZE),
        balance=queries.balance(ranking, rows),
        history=queries.moves(ranking),
        past=queries.past(row),
        form=form,
        take_back=TakeBackForm(),
        is_approved=ranking.state is RankingState.APPROVED,
        total_rule=rules.TOTAL_RULE,
        order_rule=rules.ORDER_RULE,
    )
