"""Screens of the company's facts and of its papers on file."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base import clock
from portal.base.access import RuleBroken, StaleVersion
from portal.profiles import bp, queries, service
from portal.profiles.forms import CompanyForm, FinishForm, PaperForm
from portal.profiles.rules import FACT_LABELS, missing_facts
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import download


@bp.get("/profile")
@requires("profiles:own:read")
def profile():
    actor = current_actor()
    own = queries.current_profile(actor)
    facts = own.facts if own and own.facts_saved_at else None
    return render_template(
        "profiles/profile.html",
        profile=own,
        shown=queries.facts_in_words(facts) if facts else None,
        labels=FACT_LABELS,
        missing=[FACT_LABELS[name] for name in missing_facts(facts)],
        progress=queries.draft_progress(actor),
        versions=queries.versions(actor),
        papers=queries.papers(actor),
        kinds=queries.paper_kinds(),
        today=clock.today(),
    )


@bp.route("/profile/edit", methods=["GET", "POST"])
@requires("profiles:own:edit")
def edit():
    actor = current_actor()
    own = queries.current_profile(actor)
    form = CompanyForm(own, actor.region)
    if form.validate_on_submit():
        try:
            service.save_company(actor, form.facts(), seen=form.version.data or 0)
        except StaleVersion as stale:
            return conflict(stale, queries.current_profile(actor).version, url_for("profiles.edit"))
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("저장했습니다."), "success")
            return redirect(url_for("profiles.profile"))
    return render_template("profiles/edit.html", form=form, profile=own)


def conflict(stale: StaleVersion, version: int, latest_url: str):
    """Both texts side by side; what was typed can be sent again over the newer one."""
    again = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in ("csrf_token", "version", "remove")
    ]
    page = render_template(
        "profiles/conflict.html",
        rows=[(name, mine, stale.current.get(name, "")) for name, mine in stale.mine.items()],
        again=[*again, ("version", version)],
        latest_url=latest_url,
        form=FinishForm(formdata=None),
    )
    return page, 409


# --- papers on file ---------------------------------------------------------------------------------------


@bp.get("/papers")
@requires("profiles:own:read")
def papers():
    return render_template(
        "profiles/papers.html",
        kinds=queries.paper_kinds(),
        papers=queries.papers(current_actor()),
        today=clock.today(),
        form=FinishForm(formdata=None),
    )


@bp.route("/papers/<kind>", methods=["GET", "POST"])
@requires("profiles:own:edit")
def paper(kind: str):
    """Upload a paper of one kind, or put a newer one in its place."""
    known = queries.paper_kinds().get(kind) or abort(404)
    actor = current_actor()
    form = PaperForm()
    if form.validate_on_submit():
        try:
            if not form.file.data or not form.file.data.filename:
                raise RuleBroken("paper_file_needed", "file")
            service.add_paper(
                actor,
                kind,
                form.file.data.stream,
                form.file.data.filename,
                issued_on=form.issued_on.data,
                expires_on=form.expires_on.data,
            )
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("서류를 보관했습니다. 다음 신청에서 다시 묻지 않습니다."), "success")
            return redirect(url_for("profiles.papers"))
    return render_template("profiles/paper.html", kind=known, form=form, paper=queries.papers(actor).get(kind))


@bp.get("/papers/files/<key>")
@requires("profiles:own:read")
def paper_file(key: str):
    row = queries.paper_by_key(current_actor(), key) or abort(404)
    return download(row.blob.sha256, row.filename, row.blob.media_type)


@bp.post("/papers/files/<key>/remove")
@requires("profiles:own:edit")
def remove_paper(key: str):
    service.remove_paper(current_actor(), key)
    flash(_("서류를 보관함에서 뺐습니다."), "success")
    return redirect(url_for("profiles.papers"))
