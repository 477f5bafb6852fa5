"""Reading the audit log: the auditor's list of everything, and the trail of one case for its operators."""

from __future__ import annotations

from flask import render_template, request

from portal.applications import queries as applications
from portal.base.paging import Page
from portal.desk import bp, queries, rules
from portal.desk.forms import AuditFilter
from portal.web import pages
from portal.web.guard import current_actor, requires


@bp.get("/audit")
@requires("audit:log:read")
def audit_log():
    form = AuditFilter(request.args)
    form.offer(queries.audit_actions(current_actor()))
    page = Page([], 0, 1, 50)  # a filter that can't be read shows nothing rather than everything
    if form.validate():
        page = queries.audit_page(current_actor(), form.criteria(), pages.page_number())
    return render_template(
        "desk/audit.html",
        form=form,
        page=page,
        names=queries.names_of(page.items),
        action_words=rules.action_words,
    )


@bp.get("/operator/cases/<key>/trail")
@requires("audit:trail:read")
def trail(key: str):
    actor = current_actor()
    application = applications.by_key(actor, key)
    page = queries.trail_of(actor, application, pages.page_number())
    return render_template(
        "desk/trail.html",
        application=application,
        page=page,
        names=queries.names_of(page.items),
        action_words=rules.action_words,
    )
