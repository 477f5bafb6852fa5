"""Screens of the directory: the public list, a supplier's page, the supplier's own form, the operators' queue."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base import clock
from portal.base.access import NotVisible, RuleBroken, StaleVersion
from portal.base.words import say
from portal.directory import (
    bp,
    budget,
    capacity,
    edits,
    facets,
    impressions,
    marks,
    queries,
    ratings,
    responses,
    searching,
    service,
    suspension,
    verification,
    versions,
)
from portal.directory.completeness import completeness
from portal.directory.forms import JudgeForm, ListingForm, RecordForm
from portal.directory.models import Listing
from portal.directory.rules import (
    FIELD_LABELS,
    GRADES,
    LEVEL_LABELS,
    PROCESSES,
    PRODUCT_FACTS,
    SIZES,
    STANDARDS,
    ImpressionKind,
    ListingStatus,
    PriceModel,
    product_facts,
)
from portal.directory.thesaurus import MAX_QUERY
from portal.programmes.rules import SystemLevel
from portal.web.forms import refuse
from portal.web.guard import current_actor, public, requires
from portal.web.pages import address, page_number

MOST_COMPARED = 4
SORT_LABELS = {
    "best": say("관련 높은 순", "Best match"),
    "record": say("확인된 실적 많은 순", "Most verified builds"),
    "lead": say("빨리 시작할 수 있는 순", "Soonest start"),
    "name": say("이름 순", "By name"),
}


def _asked() -> searching.Asked:
    return searching.Asked(
        text=request.args.get("q", ""),
        chosen={facet: tuple(request.args.getlist(facet)) for facet in facets.LABELS},
        sort=request.args.get("sort", ""),
    )


@bp.get("/suppliers")
@public
def index():
    if len(request.args.get("q", "")) > MAX_QUERY + 1:  # one more than is read, so that the page still says it was cut
        return redirect(address(q=request.args["q"][: MAX_QUERY + 1]))
    budget.spend_search(current_actor(), request.query_string.decode(errors="replace"), page_number())
    found = searching.search(current_actor(), _asked(), page_number())
    impressions.note(
        current_actor(),
        ImpressionKind.SEARCH,
        [row.id for row in found.page.items],
        first_place=(found.page.number - 1) * found.page.size + 1,
        technology=next(iter(found.technologies), ""),
    )
    to_compare = [key for key in request.args.getlist("with") if key][:MOST_COMPARED]
    return render_template(
        "directory/index.html",
        found=found,
        toggled=_toggled,
        sorts=SORT_LABELS,
        facet_labels=facets.LABELS,
        compared=queries.public_by_keys(current_actor(), to_compare) if to_compare else [],
        most_compared=MOST_COMPARED,
    )


@bp.get("/suppliers/compare")
@public
def compare():
    """Up to four suppliers side by side; the address holds who."""
    actor = current_actor()
    asked = list(dict.fromkeys(key for key in request.args.getlist("with") if key))
    rows = queries.public_by_keys(actor, asked[:MOST_COMPARED])
    budget.spend(actor, "listing", [row.key for row in rows if row.organisation_id != actor.organisation_id])
    ids = [row.id for row in rows]
    return render_template(
        "directory/compare.html",
        rows=rows,
        most=MOST_COMPARED,
        left_out=len(asked) - len(rows),
        names=queries.Names(),
        levels=LEVEL_LABELS,
        marked=marks.standing(ids, clock.today()),
        rated=ratings.of(ids),
        answers=responses.of(ids),
        without=lambda row: url_for(".compare", **{"with": [one.key for one in rows if one is not row]}),
    )


def _toggled(name: str, value: str) -> str:
    """This page's address with one facet value put in or taken out; back to its first page."""
    now = request.args.getlist(name)
    chosen = [one for one in now if one != value] if value in now else [*now, value]
    return address(**{name: chosen, "page": None})


@bp.get("/suppliers/<key>")
@public
def show(key: str):
    actor = current_actor()
    try:
        row = queries.by_key(actor, key)
    except NotVisible:
        row, now = suspension.published(key)
        return render_template("directory/not_now.html", row=row, now=now)
    if actor.organisation_id != row.organisation_id:
        budget.spend(actor, "listing", [row.key])
    return render_template(
        "directory/show.html",
        row=row,
        names=queries.Names(),
        levels=LEVEL_LABELS,
        system_levels=list(SystemLevel),
        product_facts=product_facts,
        labels={"processes": PROCESSES, "sizes": SIZES, "standards": STANDARDS, "grades": GRADES},
        outlook=capacity.outlook(row.id)[1:4],
        rated=ratings.of([row.id]).get(row.id),
        ratings=ratings.shown(actor, row, page_number()),
        may_rate=ratings.may_rate(actor, row.id),
        may_see_versions=versions.may_read(actor, row),
        verified=verification.shown(row.id),
        answers=responses.of([row.id]).get(row.id),
        contact=row if queries.may_read_contact(actor, row) else None,
    )


# --- the supplier's own listing ----------------------------------------------------------------------------


@bp.route("/supplier/listing", methods=["GET", "POST"])
@requires("directory:own:read")
def edit():
    actor = current_actor()
    row = queries.own(actor)
    form = ListingForm(obj=row)
    if form.validate_on_submit():
        try:
            service.save_listing(actor, form.facts(), version=form.version.data)
        except RuleBroken as broken:
            refuse(form, broken)
        except StaleVersion as stale:
            raise _both_texts(form, queries.own(actor)) from stale
        else:
            flash(_("저장했습니다."), "success")
            return redirect(url_for(".edit"))
    return _listing_page(form)


def _both_texts(form: ListingForm, row: Listing) -> StaleVersion:
    """What was typed and what stands, in words instead of codes."""
    typed, names = form.facts(), queries.Names()
    mine, current = queries.printed(typed, names), queries.printed(row.text(), names)
    labels = {field: str(label) for field, label in FIELD_LABELS.items()}
    for field in service.EMPTY:
        if field not in labels:
            labels[field] = str(form[field].label.text)
            mine[field], current[field] = (
                "" if value is None else str(value) for value in (typed[field], getattr(row, field))
            )
    return StaleVersion(
        mine={labels[field]: mine[field] for field in labels},
        current={labels[field]: current[field] for field in labels},
    )


@bp.post("/supplier/approval")
@requires("directory:own:submit")
def submit():
    actor = current_actor()
    try:
        service.submit_listing(actor)
    except RuleBroken as broken:
        form = ListingForm(obj=queries.own(actor), formdata=None)
        refuse(form, broken)
        return _listing_page(form), 422
    flash(_("승인을 요청했습니다. 결과는 이메일로도 알려 드립니다."), "success")
    return redirect(url_for(".edit"))


@bp.post("/supplier/confirmation")
@requires("directory:own:edit")
def confirm():
    service.confirm_listing(current_actor())
    flash(_("지금도 맞는 내용으로 확인했습니다."), "success")
    return redirect(url_for(".edit"))


def _listing_page(form: ListingForm) -> str:
    row = queries.own(current_actor())
    return render_template(
        "directory/edit.html",
        form=form,
        row=row,
        levels=LEVEL_LABELS,
        prices=list(PriceModel),
        product_facts=PRODUCT_FACTS,
        completeness=completeness(
            {name: getattr(row, name) for name in service.EMPTY} if row else {},
            records=row.records if row else (),
            marks=marks.standing([row.id], clock.today()) if row else (),
        ),
    )


# --- operators ---------------------------------------------------------------------------------------------


@bp.get("/operator/listings")
@requires("directory:review:read")
def review_queue():
    actor, which = current_actor(), request.args.get("which", "pending")
    if which not in queries.QUEUES:
        which = "pending"
    page = edits.queue if which == "edited" else partial(queries.review_queue, which=which)
    return render_template(
        "directory/queue.html",
        which=which,
        page=page(actor, number=page_number()),
        counts=queries.review_counts(actor),
    )


@bp.get("/operator/listings/<key>")
@requires("directory:review:read")
def review(key: str):
    row = _submitted(key)
    return _review_page(row, JudgeForm(formdata=None, obj=row), RecordForm(formdata=None))


def _submitted(key: str) -> Listing:
    row = queries.by_key(current_actor(), key)
    return row if row.submitted_at is not None else abort(404)


def _review_page(row: Listing, form: JudgeForm, record_form: RecordForm) -> str:
    return render_template(
        "directory/review.html",
        row=row,
        form=form,
        record_form=record_form,
        printed=queries.printed(row.text(), queries.Names()),
        labels=FIELD_LABELS,
        marks=verification.of_listing(current_actor(), row.id),
        edit=edits.edits([row])[0] if row.approved_text else edits.Edit(row, (), ()),
    )


def _judged(key: str, act: Any, said: str) -> Any:
    """One answer of an operator: act, say so, back to the queue; a refusal shows the page with what was typed."""
    row, form = _submitted(key), JudgeForm()
    was_public = row.status is ListingStatus.APPROVED
    if not form.validate_on_submit():
        return _review_page(row, form, RecordForm(formdata=None)), 422
    try:
        act(row, form)
    except RuleBroken as broken:
        refuse(form, broken)
        return _review_page(_submitted(key), form, RecordForm(formdata=None)), 422
    flash(said, "success")
    return redirect(url_for(".review_queue", which="edited" if was_public else None))


@bp.post("/operator/listings/<key>/approve")
@requires("directory:review:decide")
def approve(key: str):
    return _judged(
        key,
        lambda row, form: service.approve_listing(current_actor(), row.id, form.version.data),
        _("승인했습니다."),
    )


@bp.post("/operator/listings/<key>/return")
@requires("directory:review:decide")
def send_back(key: str):
    return _judged(
        key,
        lambda row, form: service.return_listing(current_actor(), row.id, form.reason.data or "", form.version.data),
        _("보완을 요청했습니다."),
    )


@bp.post("/operator/listings/<key>/records")
@requires("directory:review:decide")
def add_record(key: str):
    row, form = _submitted(key), RecordForm()
    if form.validate_on_submit():
        try:
            service.add_track_record(current_actor(), row.organisation_id, **form.facts())
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("구축실적을 더했습니다."), "success")
            return redirect(url_for(".review", key=key))
    return _review_page(row, JudgeForm(formdata=None, obj=row), form), 422
