"""The demo's mailbox: the letters that a demo shows instead of sending."""

from __future__ import annotations

from flask import render_template, request

from portal.demo import bp, queries
from portal.web.guard import public
from portal.web.pages import page_number


@bp.get("/mail")
@public
def mailbox():
    to = request.args.get("to", "")
    return render_template("demo/mailbox.html", page=queries.letters(to, page_number()), to=to)


@bp.get("/mail/<int:mail_id>")
@public
def letter(mail_id: int):
    return render_template("demo/letter.html", letter=queries.letter(mail_id))
