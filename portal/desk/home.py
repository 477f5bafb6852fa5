"""The front page for everyone and each person's own home."""

from __future__ import annotations

from flask import render_template

from portal.desk import bp
from portal.web.guard import public, requires


@bp.get("/")
@public
def front():
    return render_template("desk/front.html")


@bp.get("/home")
@requires("desk:home:read")
def home():
    return render_template("desk/home.html")
