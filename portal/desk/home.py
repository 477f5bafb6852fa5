"""The front page for everyone and each person's own home."""

from __future__ import annotations

from flask import current_app, render_template, url_for

from portal.desk import bp
from portal.programmes import queries as programmes
from portal.web.guard import public, requires

SHOWN_CALLS = 6


def link(endpoint: str, **values: object) -> str | None:
    """The address of a page, or None where no feature offers it."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None


@bp.get("/")
@public
def front():
    links = {
        "precheck": link("scoring.precheck"),
        "calls": link("programmes.calls"),
        "directory": link("directory.search"),
        "sign_in": url_for("security.login"),
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
    return render_template("desk/home.html")
