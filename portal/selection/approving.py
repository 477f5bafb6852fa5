"""Screens of the call's chair: the rankings that wait, and one of them to approve or send back.

They show receipt numbers, totals and money, and no firm's name: an order is approved, not firms.
"""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from portal.base.access import RuleBroken
from portal.base.paging import sliced
from portal.selection import bp, queries, rules, service
from portal.selection.forms import ApproveForm
from portal.selection.rules import RankingState
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import page_number


@bp.get("/evaluation/rankings")
@requires("selection:ranking:approve")
def rankings():
    return render_template("selection/rankings.html", rows=queries.rankings(current_actor()))


@bp.route("/evaluation/rankings/<key>", methods=["GET", "POST"])
@requires("selection:ranking:approve")
def approve(key: str):
    actor = current_actor()
    ranking = queries.ranking_by_key(actor, key)
    form = ApproveForm(data={"version": ranking.version})
    if form.validate_on_submit():
        try:
            if form.action.data == "approve":
                service.approve(actor, ranking, version=form.version.data, once_key=form.once.data)
                flash(_("순위를 승인했습니다. 모든 신청기업에 결과를 알립니다."), "success")
            else:
                service.send_back(actor, ranking, form.reason.data or "")
                flash(_("순위안을 되돌렸습니다. 운영기관에 알립니다."), "success")
            return redirect(url_for("selection.approve", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
    lines = queries.lines(ranking)
    page = render_template(
        "selection/approve.html",
        ranking=ranking,
        page=sliced(lines, page_number(), rules.PAGE_SIZE),
        lines=lines,
        balance=queries.balance(ranking, lines),
        terms=ranking.terms,
        form=form,
        waits=ranking.state is RankingState.PROPOSED,
        total_rule=rules.TOTAL_RULE,
        order_rule=rules.ORDER_RULE,
    )
    return page, 422 if form.errors else 200
