"""Screens of the letters: the firm's own, the agency's register, and the check that is open to anybody."""

from __future__ import annotations

import hashlib

from flask import Response, render_template, request, send_file

from portal.base import files
from portal.base.access import RuleBroken
from portal.base.pdf import clean
from portal.letters import bp, queries, rules
from portal.letters.forms import VerifyForm
from portal.letters.models import Letter
from portal.letters.rules import LetterKind
from portal.web.forms import refuse
from portal.web.guard import current_actor, public, requires
from portal.web.limits import limiter
from portal.web.pages import page_number


@bp.get("/letters")
@requires("letters:own:read")
def own():
    return render_template("letters/own.html", rows=queries.own(current_actor()))


@bp.get("/letters/<key>")
@requires("letters:own:read")
def letter(key: str):
    return _letter_page(queries.by_key(current_actor(), key))


@bp.get("/letters/<key>/letter.pdf")
@requires("letters:own:read")
def paper(key: str):
    return _file(queries.by_key(current_actor(), key))


@bp.get("/operator/letters/<key>")
@requires("letters:register:read")
def kept(key: str):
    """A letter as it was made, for the agency."""
    return _letter_page(queries.by_key(current_actor(), key))


@bp.get("/operator/letters/<key>/letter.pdf")
@requires("letters:register:read")
def kept_paper(key: str):
    return _file(queries.by_key(current_actor(), key))


@bp.get("/operator/letters")
@requires("letters:register:read")
def register():
    kind = request.args.get("kind", "")
    text = clean(request.args.get("q", "")).strip()[:100]
    return render_template(
        "letters/register.html",
        page=queries.register(
            current_actor(), text=text, kind=LetterKind(kind) if kind in list(LetterKind) else None, page=page_number()
        ),
        kinds=list(LetterKind),
        kind=kind,
        text=text,
    )


@bp.route("/letters/verify", methods=["GET", "POST"])
@public
@limiter.limit("60/hour", methods=["POST"])
def verify():
    """Genuine or not; who holds the letter learns its kind and day, who holds none learns nothing."""
    form = VerifyForm()
    row, asked = None, False
    if form.validate_on_submit():
        try:
            row, asked = queries.genuine(_digest(form)), True
        except RuleBroken as broken:
            refuse(form, broken)
    page = render_template("letters/verify.html", form=form, row=row, asked=asked)
    return page, 422 if form.errors else 200


def _digest(form: VerifyForm) -> str:
    """The hash that was typed, or of the file that was brought. The file is read and not kept."""
    if form.file.data:
        data = form.file.data.stream.read(rules.MOST_BYTES + 1)
        if len(data) > rules.MOST_BYTES:
            raise RuleBroken("file_too_large", "file", limit=f"{rules.MOST_BYTES // 1024 // 1024} MB")
        if not data:
            raise RuleBroken("file_empty", "file")
        return hashlib.sha256(data).hexdigest()
    digest = rules.read_hash(form.hash.data or "")
    if digest is None:
        raise RuleBroken("letter_hash", "hash")
    return digest


def _letter_page(row: Letter) -> str:
    return render_template("letters/letter.html", row=row, content=row.content)


def _file(row: Letter) -> Response:
    """The PDF opens in the browser: the portal made it itself, and it runs nothing."""
    answer = send_file(files.open_blob(row.sha256), mimetype="application/pdf", download_name=row.filename, max_age=0)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; object-src 'self'; frame-ancestors 'none'"
    return answer
