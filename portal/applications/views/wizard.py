"""The firm's form: choose a call, one topic a page, check everything, hand in."""

from __future__ import annotations

import contextlib
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.applications import advice, bp, filling, forms, queries, questions, service, tracks
from portal.applications.completeness import Problem, problems_of
from portal.applications.models import Application
from portal.applications.parts import PLAN_TEXTS, PaperState, Part, parts_of
from portal.applications.rules import NotReady
from portal.base import clock, words
from portal.base.access import NotVisible, RuleBroken, RulesBroken, StaleVersion
from portal.directory import queries as directory
from portal.programmes import queries as programmes
from portal.programmes import rules as programme_rules
from portal.reference import queries as reference
from portal.web.forms import Form
from portal.web.guard import current_actor, may, requires

SUPPLIERS_SHOWN = 12


# --- begin -------------------------------------------------------------------------------------------------


@bp.get("/applications/new")
@requires("applications:own:edit")
def choose_call():
    actor = current_actor()
    running = {application.call_id: application for application in queries.mine(actor) if application.is_live}
    return render_template(
        "applications/choose_call.html", calls=programmes.open_calls(region=actor.region), running=running
    )


@bp.route("/applications/new/<key>", methods=["GET", "POST"])
@requires("applications:own:edit")
def start(key: str):
    """What one call asks for, and the button that begins (or goes on with) the firm's application to it."""
    arrived_at, actor = clock.now(), current_actor()
    call = programmes.call(actor, key)
    if call is None:
        raise NotVisible
    form = forms.StartForm()
    if form.validate_on_submit():
        try:
            application = service.start(actor, key, arrived_at=arrived_at)
        except RuleBroken as broken:
            form.form_errors.append(str(words.sentence(broken.code, **broken.values)))
        else:
            if application.is_draft:
                return redirect(url_for("applications.edit", key=application.key, part=Part.CHOICE.value))
            return redirect(url_for("applications.case", key=application.key))
    return render_template(
        "applications/start.html",
        form=form,
        call=call,
        window=programme_rules.can_apply(call.status, call.opens_at, call.closes_at, arrived_at),
        running=queries.live_of(actor.organisation_id, call.id),
        documents=programmes.documents_for(call.programme),
        on_file=queries.kept_papers(actor.organisation_id),
        last=queries.last_of(actor.organisation_id),
        has_profile=queries.profile_version(actor.organisation_id) is not None,
    )


# --- the pages ---------------------------------------------------------------------------------------------


def _page(key: str, name: str) -> tuple[Application, Part]:
    """The own application and the page, or not found."""
    application = queries.own(current_actor(), key)
    try:
        part = Part(name)
    except ValueError:
        raise NotVisible from None
    if part not in parts_of(application.programme.consortium):
        raise NotVisible
    return application, part


def _form(application: Application, part: Part) -> Any:
    """The page's form, bound to what was sent."""
    if part is Part.PAPERS:
        return forms.papers_form(queries.papers(application), ask_dates=application.is_draft)
    form = forms.FORMS[part]()
    form.fit(application)
    return form


@bp.route("/applications/<key>/edit/<part>", methods=["GET", "POST"])
@requires("applications:own:edit")
def edit(key: str, part: str):
    application, page = _page(key, part)
    verdict = queries.may_edit(application, page)
    if not verdict:
        flash(str(words.sentence(verdict.code, **verdict.values)), "warning")
        return redirect(url_for("applications.case", key=key))
    form, conflict = _form(application, page), None
    if form.is_submitted():
        try:
            if form.validate() and _save(application, page, form):
                return redirect(_next(application, page))
        except StaleVersion as stale:
            conflict = stale
            # the next press of the button saves over what this person has now seen
            application = queries.own(current_actor(), key)
            form.version.raw_data, form.version.data = None, filling.version_of(application, page)
    else:
        form.show(filling.read(application, page))
        form.version.data = filling.version_of(application, page)
        if "check" in request.args:
            _pin(form, problems_of(page, queries.filled(application)))
    body = render_template("applications/edit.html", **_edit_context(application, page, form, conflict))
    return (body, 409) if conflict else body


def _save(application: Application, part: Part, form: Any) -> bool:
    """Save the page; False when a refusal was pinned to a field and the page must be shown again."""
    actor, key = current_actor(), application.key
    try:
        if part is Part.PAPERS:
            return _attach(key, form)
        service.save_part(actor, key, part, form.content(), seen=form.version.data)
        if request.form.get("do") == "ask":
            service.ask_supplier(actor, key)
            flash(_("공급기업에 확인을 요청했습니다. 답이 오면 메일로 알려 드립니다."), "success")
    except RuleBroken as broken:
        pin_refusals(form, broken)
        return False
    return True


def _attach(key: str, form: Any) -> bool:
    """Attach what was uploaded; a refused file does not hold up the others."""
    actor, refused = current_actor(), False
    for name, field in form._fields.items():
        if not name.startswith("file_") or not field.data:
            continue
        code = name.removeprefix("file_").replace("_", "-")
        issued = form._fields.get(forms.issued_field(code))
        try:
            service.attach_paper(
                actor, key, code, field.data.stream, field.data.filename, issued_on=issued.data if issued else None
            )
        except RuleBroken as broken:
            refused = True
            at = issued if issued is not None and broken.field in ("issued_on", "expires_on") else field
            at.errors = [*at.errors, str(words.sentence(broken.code, **broken.values))]
    return not refused


def _next(application: Application, part: Part) -> str:
    """Where a saved page leads: on, or back to itself for a draft save, one more row, an upload."""
    wanted, key = request.form.get("do", "next"), application.key
    if wanted in ("save", "add", "ask", "upload"):
        if wanted == "save":
            flash(_("임시저장했습니다. 언제든 이어서 쓸 수 있습니다."), "success")
        anchor = "last-row" if wanted == "add" else None
        return url_for("applications.edit", key=key, part=part.value, _anchor=anchor)
    if not application.is_draft:
        return url_for("applications.supplement", key=key)
    parts = parts_of(application.programme.consortium)
    following = parts[parts.index(part) + 1 :]
    if following:
        return url_for("applications.edit", key=key, part=following[0].value)
    return url_for("applications.check", key=key)


def pin_refusals(form: Form, broken: RuleBroken) -> None:
    """Like `web.forms.refuse`, and also into the rows of a list (`lines-0-item`)."""
    for one in broken.broken if isinstance(broken, RulesBroken) else [broken]:
        _pin_one(form, one.field or "", str(words.sentence(one.code, **one.values)))


def _pin(form: Form, problems: list[Problem]) -> None:
    for problem in problems:
        name = problem.field
        if problem.part is Part.PAPERS:
            name = forms.paper_field(problem.field)
        elif problem.part is Part.PLEDGES and name not in form._fields:
            name = forms.exclusion_field(problem.field)
        _pin_one(form, name, sentence_of(problem))


def _pin_one(form: Form, name: str, message: str) -> None:
    head, _dash, rest = name.partition("-")
    field = form._fields.get(name) or form._fields.get(head)
    if field is None:
        form.form_errors.append(message)
        return
    if rest and hasattr(field, "entries"):
        index, _dash, inner = rest.partition("-")
        if index.isdigit() and int(index) < len(field.entries):
            cell = field.entries[int(index)].form._fields[inner]
            cell.errors = [*cell.errors, message]
            field.errors = [*field.errors, {inner: [message]}]
            return
    field.errors = [*field.errors, message]


def sentence_of(problem: Problem) -> str:
    """What a problem says; a paper's code is put in by name."""
    values = dict(problem.values)
    if problem.part is Part.PAPERS:
        values["paper"] = next((kind.label for kind in programmes.document_kinds([problem.field])), problem.field)
    if problem.code == "excluded":
        listed = questions.exclusion(problem.field)
        return f"{words.sentence(problem.code)} {listed.cure}"
    return str(words.sentence(problem.code, **values))


def named_sentence(problem: Problem) -> str:
    """The sentence with the field's name before it, for a page on which the field itself is not near."""
    asked = questions.exclusion(problem.field)
    name = asked.question if asked else filling.FIELD_LABELS.get(problem.field)
    return f"{name}: {sentence_of(problem)}" if name else sentence_of(problem)


def _edit_context(application: Application, part: Part, form: Any, conflict: StaleVersion | None) -> dict[str, Any]:
    parts = parts_of(application.programme.consortium)
    filled = queries.filled(application)
    context: dict[str, Any] = {
        "application": application,
        "part": part,
        "form": form,
        "steps": steps_of(application, filled),
        "step": parts.index(part) + 1,
        "previous": parts[parts.index(part) - 1] if parts.index(part) else None,
        "conflict": _rows_of(conflict) if conflict else None,
        "asked": queries.open_supplement(application),
        "texts": [text for text in PLAN_TEXTS if text.part is part],
        "prefilled": application.prefilled_from_id is not None
        and part not in (Part.PAPERS, Part.PLEDGES)
        and filling.version_of(application, part) == 0,
    }
    if part is Part.CHOICE:
        context["groups"] = reference.technology_options()
        context["needed"] = [row.label for row in reference.technologies(application.programme.scope)]
    if part is Part.COSTS:
        context["expected"] = programmes.expected_for(
            application.call, application.cost_krw, same_level=application.same_level
        )
    if part is Part.KPI:
        context["seeds"] = questions.kpi_seeds()
    if part is Part.PARTNER:
        context.update(_suppliers(application, form))
    if part is Part.PAPERS:
        context["rows"] = queries.papers(application)
        context["names"] = forms
        context["PaperState"] = PaperState
    if part is Part.PLEDGES:
        context["exclusions"] = [(one, form[forms.exclusion_field(one.code)]) for one in questions.exclusions()]
    return context


def steps_of(application: Application, filled: Any) -> list[dict[str, Any]]:
    """The step indicator; a page is ticked when nothing on it stands in the way."""
    return [
        {
            "label": part.label,
            "url": url_for("applications.edit", key=application.key, part=part.value),
            "done": not problems_of(part, filled),
        }
        for part in parts_of(application.programme.consortium)
    ]


def _rows_of(stale: StaleVersion) -> list[tuple[str, Any, Any]]:
    names = list(dict.fromkeys([*stale.mine, *stale.current]))
    return [(name, stale.mine.get(name), stale.current.get(name)) for name in names]


def _suppliers(application: Application, form: Any) -> dict[str, Any]:
    """Suppliers to choose from: what the search found, and always the one that is named."""
    text = request.args.get("q", "").strip()
    asked = tracks.asked_mark(application.call)
    found = queries.suppliers(current_actor(), text, SUPPLIERS_SHOWN, asked)
    chosen = form.supplier.data
    if chosen and all(listing.key != chosen for listing in found):
        with contextlib.suppress(NotVisible):
            found = [directory.public_by_key(current_actor(), chosen), *found]
    member = application.member
    own = directory.of_organisation(member.organisation_id) if member else None
    if member and (own is None or all(listing.key != own.key for listing in found)):
        form.supplier.choices = [(own.key if own else member.organisation.key, member.organisation.name)]
    form.supplier.choices = [*form.supplier.choices, *((listing.key, listing.name) for listing in found)]
    if not form.is_submitted():
        form.supplier.data = (own.key if own else member.organisation.key) if member else None
    return {"q": text, "member": member, "asked": asked, "hints": {listing.key: listing.summary for listing in found}}


@bp.post("/applications/<key>/edit/<part>/autosave")
@requires("applications:own:edit")
def autosave(key: str, part: str):
    """Keep the draft while a person types (static/js/autosave.js); 409 when somebody else saved the page first."""
    application, page = _page(key, part)
    form = _form(application, page)
    if page is Part.PAPERS or not form.validate():
        return jsonify(errors=len(form.problems())), 422
    try:
        application = service.save_part(current_actor(), key, page, form.content(), seen=form.version.data)
    except StaleVersion:
        return jsonify(stale=True), 409
    except RuleBroken as broken:
        return jsonify(errors=1, reason=str(words.sentence(broken.code, **broken.values))), 422
    return jsonify(saved_at=f"{clock.kst(clock.now()):%H:%M}", version=filling.version_of(application, page))


@bp.post("/applications/<key>/papers/<paper_key>/remove")
@requires("applications:own:edit")
def remove_paper(key: str, paper_key: str):
    service.remove_paper(current_actor(), key, paper_key)
    flash(_("서류를 뺐습니다."), "success")
    return redirect(url_for("applications.edit", key=key, part=Part.PAPERS.value))


# --- check and hand in -------------------------------------------------------------------------------------


@bp.get("/applications/<key>/check")
@requires("applications:own:read")
def check(key: str):
    """Everything on one page, with links back, before it is handed in."""
    application = queries.own(current_actor(), key)
    if not application.is_draft:
        return redirect(url_for("applications.case", key=key))
    return _check_page(application, forms.SubmitForm())


@bp.post("/applications/<key>/submit")
@requires("applications:own:submit")
def submit(key: str):
    arrived_at, form = clock.now(), forms.SubmitForm()
    application = queries.own(current_actor(), key)
    if not form.validate():
        return _check_page(application, form)
    try:
        application = service.submit(current_actor(), key, once_key=form.once.data, arrived_at=arrived_at)
    except NotReady as refused:
        application = queries.own(current_actor(), key)
        first = refused.problems[0]
        reason = sentence_of(first) if first.part is None else str(words.sentence("unfinished"))
        form.form_errors.append(reason)
        return _check_page(application, form, arrived_at)
    return redirect(url_for("applications.receipt", key=application.key))


def _check_page(application: Application, form: Form, moment: Any = None) -> str:
    actor, rows = current_actor(), queries.papers(application)
    filled, call = queries.filled(application, rows), application.call
    parts = parts_of(application.programme.consortium)
    problems = {part: [named_sentence(one) for one in problems_of(part, filled)] for part in parts}
    return render_template(
        "applications/check.html",
        application=application,
        form=form,
        parts=parts,
        problems=problems,
        open_problems=sum(len(found) for found in problems.values()),
        has_profile=filled.has_profile,
        window=programme_rules.can_apply(call.status, call.opens_at, call.closes_at, moment or clock.now()),
        may_submit=may(actor, "applications:own:submit"),
        advice=advice.collect(actor, application),
        steps=[*steps_of(application, filled), {"label": _("확인과 제출"), "url": "", "done": False}],
        **answers_context(application, rows),
    )


def answers_context(application: Application, rows: Any = None) -> dict[str, Any]:
    """What `_answers.html` needs to print every answer."""
    return {
        "papers": queries.papers(application) if rows is None else rows,
        "texts": PLAN_TEXTS,
        "technology_names": reference.technology_names(),
        "exclusions": questions.exclusions(),
        "shown_answers": filling.ANSWERS,
        "plain": filling.plain,
        "levels": dict(queries.level_options()),
        "expected": programmes.expected_for(application.call, application.cost_krw, same_level=application.same_level),
    }
