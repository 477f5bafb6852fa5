"""Screens of earlier builds: the supplier files, the company answers (in its account or by its link), operators judge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base.access import RuleBroken
from portal.base.words import sentence
from portal.directory import bp, claims, queries
from portal.directory.earlier import MOST_LETTERS, ClaimState
from portal.directory.models import BuildClaim
from portal.directory.oversight_forms import BuildAnswerForm, BuildClaimForm, BuildJudgeForm
from portal.web.forms import refuse
from portal.web.guard import current_actor, public, requires
from portal.web.limits import limiter
from portal.web.pages import download, page_number

# --- the supplier ------------------------------------------------------------------------------------------


@bp.get("/supplier/builds")
@requires("directory:claims:read")
def own_builds():
    actor = current_actor()
    return render_template(
        "directory/own_builds.html", row=queries.own(actor), claims=claims.own(actor), most=MOST_LETTERS
    )


@bp.route("/supplier/builds/new", methods=["GET", "POST"])
@requires("directory:claims:file")
def file_build():
    form = BuildClaimForm()
    if request.method == "POST" and form.validate():
        upload = form.file.data
        try:
            claims.file_claim(
                current_actor(),
                form.facts(),
                company_name=form.company_name.data,
                company_number=form.company_number.data,
                company_email=form.company_email.data,
                stream=upload.stream if upload else None,
                filename=upload.filename if upload else "",
                once_key=form.once.data,
            )
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("도입기업에 확인 편지를 보냈습니다."), "success")
            return redirect(url_for(".own_builds"))
    return render_template("directory/file_build.html", form=form), 422 if form.errors else 200


def _acted(act: Callable[[], Any], said: str) -> Any:
    try:
        act()
    except RuleBroken as broken:
        flash(str(sentence(broken.code, **broken.values)), "error")
    else:
        flash(said, "success")
    return redirect(url_for(".own_builds"))


@bp.post("/supplier/builds/<key>/letter")
@requires("directory:claims:file")
def ask_build_again(key: str):
    return _acted(lambda: claims.ask_again(current_actor(), key), _("확인 편지를 다시 보냈습니다."))


@bp.post("/supplier/builds/<key>/withdrawal")
@requires("directory:claims:file")
def withdraw_build(key: str):
    return _acted(lambda: claims.withdraw(current_actor(), key), _("거두었습니다."))


@bp.get("/build-papers/<key>")
@requires("directory:claims:paper")
def build_paper(key: str):
    row = claims.by_key(current_actor(), key)
    answer = download(row.blob.sha256, row.filename, row.blob.media_type)
    claims.note_read(current_actor(), key)
    return answer


# --- the company -------------------------------------------------------------------------------------------


@bp.get("/builds")
@requires("directory:claims:confirm")
def company_builds():
    return render_template("directory/company_builds.html", claims=claims.own(current_actor()))


@bp.route("/builds/<key>", methods=["GET", "POST"])
@requires("directory:claims:confirm")
def confirm_build(key: str):
    row = claims.by_key(current_actor(), key)
    return _answer(
        row,
        row.state is ClaimState.FILED,
        lambda is_true, note: claims.answer(current_actor(), key, is_true=is_true, note=note),
        by_link=False,
    )


@bp.route("/build-answers/<token>", methods=["GET", "POST"])
@public
@limiter.limit("60/hour")
def answer_build(token: str):
    row = claims.by_token(token)
    return _answer(
        row,
        claims.is_alive(row),
        lambda is_true, note: claims.answer_by_link(token, is_true=is_true, note=note),
        by_link=True,
    )


def _answer(row: BuildClaim, is_open: bool, act: Callable[[bool, str], Any], *, by_link: bool) -> Any:
    form = BuildAnswerForm()
    if is_open and request.method == "POST" and form.validate():
        try:
            act(form.answer.data == "yes", form.note.data or "")
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("답해 주셔서 고맙습니다. 운영기관이 감리 서류와 함께 확인합니다."), "success")
            return redirect(request.path)
    page = render_template(
        "directory/confirm_build.html",
        row=row,
        told=claims.told(row, queries.Names()),
        form=form,
        is_open=is_open,
        by_link=by_link,
    )
    return page, 422 if form.errors else 200


# --- operators ---------------------------------------------------------------------------------------------


@bp.get("/operator/builds")
@requires("directory:claims:queue")
def builds_queue():
    actor, which = current_actor(), request.args.get("which", "confirmed")
    if which not in claims.QUEUES:
        which = "confirmed"
    return render_template(
        "directory/builds_queue.html",
        which=which,
        page=claims.queue(actor, which, page_number()),
        counts=claims.counts(actor),
    )


def _page(row: BuildClaim, form: BuildJudgeForm) -> str:
    return render_template("directory/build.html", row=row, form=form, told=claims.told(row, queries.Names()))


@bp.get("/operator/builds/<key>")
@requires("directory:claims:queue")
def build(key: str):
    row = claims.by_key(current_actor(), key)
    return _page(row, BuildJudgeForm(formdata=None, obj=row))


def _judged(key: str, act: Callable[[BuildJudgeForm], Any], said: str) -> Any:
    form = BuildJudgeForm()
    if form.validate():
        try:
            act(form)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(said, "success")
            return redirect(url_for(".builds_queue"))
    return _page(claims.by_key(current_actor(), key), form), 422


@bp.post("/operator/builds/<key>/accept")
@requires("directory:claims:judge")
def accept_build(key: str):
    return _judged(
        key,
        lambda form: claims.accept(current_actor(), key, form.version.data),
        _("구축실적에 올렸습니다."),
    )


@bp.post("/operator/builds/<key>/refuse")
@requires("directory:claims:judge")
def refuse_build(key: str):
    return _judged(
        key,
        lambda form: claims.refuse(current_actor(), key, form.reason.data or "", form.version.data),
        _("인정하지 않았다고 알렸습니다."),
    )
