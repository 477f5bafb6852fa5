"""The front page for everyone and each person's own home."""

from __future__ import annotations

from flask import render_template, url_for

from portal.desk import bp
from portal.desk.tasks import link, tasks_of
from portal.programmes import queries as programmes
from portal.web.guard import current_actor, public, requires

SHOWN_CALLS = 6


@bp.get("/")
@public
def front():
    links = {
        "precheck": link("scoring.precheck"),
        "calls": link("programmes.calls"),
        "directory": link("directory.index"),
        "sign_in": url_for("security.login"),
        "sign_up": link("accounts.sign_up"),
    }
    return render_template(
        "desk/front.html",
        links=links,
        calls=programmes.open_calls()[:SHOWN_CALLS],
        target=programmes.target_progress(),
    )


@bp.get("/home")
@requires("desk:home:read")
def home():
    return render_template("desk/home.html", **vars(tasks_of(current_actor())))
