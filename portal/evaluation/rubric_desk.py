"""Screens of the score sheets: every version, one to read, a draft to write and publish."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base.access import NotVisible, RuleBroken
from portal.evaluation import bp, drafting, rubric
from portal.evaluation.forms import RubricForm, StartRubricForm, rubric_form
from portal.evaluation.models import RubricVersion
from portal.evaluation.rules import RubricState
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires


@bp.get("/operator/rubrics")
@requires("evaluation:rubric:read")
def rubrics():
    return _list_page(_start_form())


@bp.post("/operator/rubrics")
@requires("evaluation:rubric:write")
def start_rubric():
    form = _start_form()
    if form.validate_on_submit():
        try:
            row = drafting.start(current_actor(), form.base.data, form.name.data or "")
            flash(_("초안을 만들었습니다. 확정하기 전까지는 아무 공고에도 쓰이지 않습니다."), "success")
            return redirect(url_for("evaluation.edit_rubric", key=row.key))
        except RuleBroken as broken:
            refuse(form, broken)
    return _list_page(form), 422


@bp.get("/operator/rubrics/<reference>")
@requires("evaluation:rubric:read")
def rubric_version(reference: str):
    try:
        sheet = rubric.load(reference)
    except LookupError:
        raise NotVisible from None
    return render_template(
        "evaluation/rubric.html",
        sheet=sheet,
        row=drafting.version_of(reference),
        uses=drafting.uses().get(reference, (0, 0)),
    )


@bp.route("/operator/rubrics/drafts/<key>", methods=["GET", "POST"])
@requires("evaluation:rubric:write")
def edit_rubric(key: str):
    """One draft: save, add or drop a criterion, publish, throw away."""
    actor = current_actor()
    row = drafting.draft_by_key(key)
    if row.state is RubricState.PUBLISHED:
        return redirect(url_for("evaluation.rubric_version", reference=row.reference))
    action = request.form.get("action", "save")
    if request.method == "POST" and action == "discard":
        drafting.discard(actor, row)
        flash(_("초안을 버렸습니다."), "success")
        return redirect(url_for("evaluation.rubrics"))
    count = _typed_count() if request.method == "POST" else len(row.criteria)
    form = rubric_form(count)(data=_as_data(row))
    if form.validate_on_submit():
        try:
            source = _given(form)
            if action == "add":
                source["criteria"].append(drafting.empty_criterion())
            drafting.save(actor, row, form.version.data, source)
            if action == "publish":
                form.version.raw_data, form.version.data = None, row.version
                drafting.publish(actor, row)
                flash(_("배점표를 확정했습니다. 공고의 평가 설정에서 고를 수 있습니다."), "success")
                return redirect(url_for("evaluation.rubric_version", reference=row.reference))
            flash(_("저장했습니다."), "success")
            anchor = f"c{len(row.criteria) - 1}" if action == "add" else None
            return redirect(url_for("evaluation.edit_rubric", key=key, _anchor=anchor))
        except RuleBroken as broken:
            refuse(form, broken)
    page = render_template("evaluation/rubric_edit.html", row=row, form=form)
    return page, 422 if form.errors else 200


def _typed_count() -> int:
    """How many criteria the form carried; more than can be published are cut off."""
    numbers = [name[1:-5] for name in request.form if name.startswith("c") and name.endswith("_code")]
    return min(sum(one.isdecimal() for one in numbers), drafting.MOST_CRITERIA + 1)


def _as_data(row: RubricVersion) -> dict[str, Any]:
    data: dict[str, Any] = {
        "title_ko": row.title_ko,
        "title_en": row.title_en,
        "pass_points": row.pass_points,
        "floor": round(100 * row.critical_floor_ratio),
        "version": row.version,
    }
    for n, one in enumerate(row.criteria):
        for name in ("code", "ko", "en", "question_ko", "question_en", "points", "critical"):
            data[f"c{n}_{name}"] = one[name]
        data[f"c{n}_na"] = one["not_applicable_allowed"]
        data[f"c{n}_anchors"] = drafting.anchors_as_text(one["anchors"])
    return data


def _given(form: RubricForm) -> dict[str, Any]:
    """The draft as it was typed. Raises: RuleBroken rubric_anchor_line at its field"""
    criteria = []
    for n in range(form.count):
        if form[f"c{n}_remove"].data:
            continue
        texts = ("code", "ko", "en", "question_ko", "question_en")
        criteria.append(
            {
                **{name: (form[f"c{n}_{name}"].data or "").strip() for name in texts},
                "points": form[f"c{n}_points"].data,
                "critical": form[f"c{n}_critical"].data,
                "not_applicable_allowed": form[f"c{n}_na"].data,
                "anchors": drafting.anchors_from(form[f"c{n}_anchors"].data or "", f"c{n}_anchors"),
            }
        )
    return {
        "ko": (form.title_ko.data or "").strip(),
        "en": (form.title_en.data or "").strip(),
        "pass_points": form.pass_points.data,
        "critical_floor_ratio": form.floor.data / 100,
        "criteria": criteria,
    }


def _start_form() -> StartRubricForm:
    form = StartRubricForm()
    form.base.choices = [(one.reference, f"{one.title} · {one.reference}") for one in rubric.published()]
    return form


def _list_page(form: StartRubricForm) -> str:
    return render_template(
        "evaluation/rubrics.html",
        sheets=rubric.published(),
        drafts=drafting.drafts(),
        uses=drafting.uses(),
        form=form,
    )
