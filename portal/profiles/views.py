"""Screens of the diagnosis: an overview, ten short pages, evidence, the finish."""

from __future__ import annotations

from flask import Response, abort, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base import clock
from portal.base.access import RuleBroken, StaleVersion
from portal.profiles import bp, queries, questionnaire, service
from portal.profiles.company import conflict
from portal.profiles.forms import AnswersForm, FinishForm, answers_form
from portal.profiles.rules import FACT_LABELS, MAX_FILES_PER_ITEM, missing_facts
from portal.profiles.service import Upload
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import download, when


@bp.get("/diagnosis")
@requires("profiles:own:read")
def diagnosis():
    return _overview(FinishForm())


def _overview(form: FinishForm):
    actor = current_actor()
    own = queries.current_profile(actor)
    progress = queries.draft_progress(actor)
    versions = queries.versions(actor)
    facts = own.facts if own else None
    return render_template(
        "profiles/diagnosis.html",
        form=form,
        progress=progress,
        answered=sum(area.answered for area in progress),
        total=sum(area.total for area in progress),
        following=next((area.code for area in progress if not area.is_done), None),
        items=questionnaire.load().items,
        missing=[FACT_LABELS[name] for name in missing_facts(facts)],
        latest=versions[0] if versions else None,
        unchanged=queries.is_unchanged(own, versions[0] if versions else None),
        evidence_from=questionnaire.load().evidence_from,
    )


@bp.route("/diagnosis/<area>", methods=["GET", "POST"])
@requires("profiles:own:edit")
def area(area: str):
    asked = questionnaire.load()
    here = next((one for one in asked.areas if one.code == area), None) or abort(404)
    actor = current_actor()
    own = queries.current_profile(actor)
    sheet = queries.sheets(own.id if own else None).get(area)
    form = answers_form(asked, area, sheet.answers if sheet else {}, sheet.version if sheet else 0)
    if form.validate_on_submit():
        try:
            saved = service.save_answers(
                actor,
                area,
                form.given(),
                seen=form.version.data or 0,
                uploads=_uploads(form),
                remove=request.form.get("remove"),
            )
        except StaleVersion as stale:
            current = queries.sheets(queries.current_profile(actor).id)[area]
            return conflict(stale, current.version, url_for("profiles.area", area=area))
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            if not saved.refused:
                return _onward(area, saved)
            for broken in saved.refused:
                refuse(form, broken)
            form.version.data = saved.sheet.version
            form.version.raw_data = None
    numbers = [one.code for one in asked.areas]
    progress = queries.draft_progress(actor)
    return render_template(
        "profiles/area.html",
        form=form,
        area=here,
        items=asked.items_of(area),
        number=numbers.index(area) + 1,
        previous=numbers[numbers.index(area) - 1] if area != numbers[0] else None,
        following=numbers[numbers.index(area) + 1] if area != numbers[-1] else None,
        progress=progress,
        evidence=queries.draft_evidence(actor.organisation_id, here.items),
        evidence_from=asked.evidence_from,
        max_files=MAX_FILES_PER_ITEM,
        saved_at=when(sheet.updated_at)[-5:] if sheet else "",
    )


def _uploads(form: AnswersForm) -> list[Upload]:
    return [
        Upload(code, form[f"tag_{code}"].data or "", part.stream, part.filename, f"file_{code}")
        for code in form.items
        if (part := form[f"file_{code}"].data) and part.filename
    ]


def _onward(area: str, saved: service.Saved):
    """Where a save leads: the next area, the same page, or the overview after the last."""
    if request.form.get("remove"):
        flash(_("파일을 뺐습니다."), "success")
        return redirect(url_for("profiles.area", area=area))
    if request.form.get("action") in ("draft", "keep"):
        flash(_("저장했습니다. 언제든 이어서 할 수 있습니다."), "success")
        return redirect(url_for("profiles.area", area=area))
    codes = [one.code for one in questionnaire.load().areas]
    if area == codes[-1]:
        return redirect(url_for("profiles.diagnosis"))
    return redirect(url_for("profiles.area", area=codes[codes.index(area) + 1]))


@bp.post("/diagnosis/<area>/autosave")
@requires("profiles:own:edit")
def autosave(area: str) -> tuple[Response, int] | Response:
    """The same save without a page: answers only, told in JSON."""
    asked = questionnaire.load()
    if area not in {one.code for one in asked.areas}:
        return jsonify(error="not_found"), 404
    form = answers_form(asked, area, {}, 0, files=False)
    if not form.validate():
        return jsonify(error="invalid", fields=form.errors), 422
    try:
        saved = service.save_answers(current_actor(), area, form.given(), seen=form.version.data or 0)
    except StaleVersion as stale:
        return jsonify(error="stale", mine=stale.mine, current=stale.current), 409
    return jsonify(version=saved.sheet.version, saved_at=when(clock.now())[-5:])


@bp.get("/evidence/<key>")
@requires("profiles:evidence:read")
def evidence(key: str):
    actor = current_actor()
    row = queries.evidence_by_key(actor, key) or abort(404)
    sha256, filename, media_type = row.blob.sha256, row.filename, row.blob.media_type
    service.note_evidence_read(actor, row)
    return download(sha256, filename, media_type)


@bp.post("/diagnosis/finish")
@requires("profiles:own:edit")
def finish():
    form = FinishForm()
    if form.validate_on_submit():
        try:
            service.finish(current_actor())
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("진단을 마쳤습니다."), "success")
            return redirect(url_for("desk.result"))
    return _overview(form)
