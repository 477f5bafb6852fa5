"""Screens of ratings: a company rates the suppliers it finished something with, a supplier reads and answers."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from portal.base.access import RuleBroken
from portal.directory import bp, queries, ratings
from portal.directory.own_forms import RatingForm, ReplyForm
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import page_number


@bp.get("/ratings")
@requires("directory:ratings:give")
def company_ratings():
    return render_template("directory/company_ratings.html", chances=ratings.chances(current_actor()))


@bp.route("/ratings/<key>", methods=["GET", "POST"])
@requires("directory:ratings:give")
def rate(key: str):
    actor, form = current_actor(), RatingForm()
    row = ratings.to_rate(actor, key)
    if form.validate_on_submit():
        try:
            ratings.rate(actor, row.id, form.stars.data, form.text.data or "")
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("평가를 남겼습니다. 고맙습니다."), "success")
            return redirect(url_for(".company_ratings"))
    given = not ratings.may_rate(actor, row.id)
    return render_template("directory/rate.html", form=form, row=row, given=given), 422 if form.errors else 200


@bp.get("/supplier/ratings")
@requires("directory:ratings:read")
def own_ratings():
    return _own_page(ReplyForm(formdata=None), "")


def _own_page(form: ReplyForm, answering: str) -> str:
    actor = current_actor()
    row = queries.own(actor)
    return render_template(
        "directory/own_ratings.html",
        row=row,
        page=ratings.own(actor, page_number()),
        rated=ratings.of([row.id]).get(row.id) if row else None,
        form=form,
        answering=answering,
    )


@bp.post("/supplier/ratings/<key>/reply")
@requires("directory:ratings:reply")
def reply_rating(key: str):
    actor, form = current_actor(), ReplyForm()
    ratings.by_key(actor, key)
    if form.validate():
        try:
            ratings.reply(actor, key, form.reply.data)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("답글을 실었습니다."), "success")
            return redirect(url_for(".own_ratings"))
    return _own_page(form, key), 422
