"""Screens of verification: the supplier's claims, the operators' queue, and the paper behind each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base.access import NotVisible, RuleBroken
from portal.directory import bp, queries, verification
from portal.directory.models import Verification
from portal.directory.oversight import Mark
from portal.directory.oversight_forms import ClaimForm, MarkJudgeForm
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import download, page_number


def _own_page(form: ClaimForm) -> str:
    actor = current_actor()
    row = queries.own(actor)
    return render_template(
        "directory/own_marks.html",
        row=row,
        rows=verification.of_listing(actor, row.id) if row else [],
        form=form,
    )


@bp.get("/supplier/marks")
@requires("directory:marks:read")
def own_marks():
    return _own_page(ClaimForm(formdata=None))


@bp.post("/supplier/marks")
@requires("directory:marks:claim")
def claim_mark():
    form = ClaimForm()
    if form.validate():
        upload = form.file.data
        try:
            verification.claim(
                current_actor(),
                Mark(form.kind.data),
                form.certificate(),
                upload.stream if upload else None,
                upload.filename if upload else "",
                form.note.data or "",
            )
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("확인을 요청했습니다. 결과는 이메일로도 알려 드립니다."), "success")
            return redirect(url_for(".own_marks"))
    return _own_page(form), 422


@bp.post("/supplier/marks/<key>/withdrawal")
@requires("directory:marks:claim")
def withdraw_mark(key: str):
    verification.withdraw(current_actor(), key)
    flash(_("요청을 거두었습니다."), "success")
    return redirect(url_for(".own_marks"))


@bp.get("/marks/<key>/paper")
@requires("directory:marks:paper")
def mark_paper(key: str):
    row = verification.by_key(current_actor(), key)
    if row.blob is None:
        raise NotVisible
    answer = download(row.blob.sha256, row.filename, row.blob.media_type)
    verification.note_read(current_actor(), key)
    return answer


# --- operators ---------------------------------------------------------------------------------------------


@bp.get("/operator/marks")
@requires("directory:marks:queue")
def marks_queue():
    actor, which = current_actor(), request.args.get("which", "claimed")
    if which not in verification.QUEUES:
        which = "claimed"
    return render_template(
        "directory/marks_queue.html",
        which=which,
        page=verification.queue(actor, which, page_number()),
        counts=verification.counts(actor),
    )


def _mark_page(row: Verification, form: MarkJudgeForm) -> str:
    return render_template(
        "directory/mark.html", row=row, form=form, rows=verification.of_listing(current_actor(), row.listing_id)
    )


@bp.get("/operator/marks/<key>")
@requires("directory:marks:queue")
def mark(key: str):
    row = verification.by_key(current_actor(), key)
    return _mark_page(row, MarkJudgeForm(formdata=None, obj=row))


def _judged(key: str, act: Callable[[MarkJudgeForm], Any], said: str) -> Any:
    row, form = verification.by_key(current_actor(), key), MarkJudgeForm()
    if form.validate():
        try:
            act(form)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(said, "success")
            return redirect(url_for(".marks_queue"))
    return _mark_page(verification.by_key(current_actor(), row.key), form), 422


@bp.post("/operator/marks/<key>/verify")
@requires("directory:marks:judge")
def verify_mark(key: str):
    return _judged(
        key,
        lambda form: verification.verify(current_actor(), key, form.certificate(), form.version.data),
        _("확인했습니다. 지금부터 등록정보에 보입니다."),
    )


@bp.post("/operator/marks/<key>/refuse")
@requires("directory:marks:judge")
def refuse_mark(key: str):
    return _judged(
        key,
        lambda form: verification.refuse(current_actor(), key, form.reason.data or "", form.version.data),
        _("확인하지 않았다고 알렸습니다."),
    )


@bp.post("/operator/marks/<key>/end")
@requires("directory:marks:judge")
def end_mark(key: str):
    return _judged(
        key,
        lambda form: verification.end(current_actor(), key, form.reason.data or ""),
        _("표시를 끝냈습니다."),
    )
