"""Screens of accounts: the way in and on."""

from __future__ import annotations

from flask import redirect, session, url_for

from portal.accounts import bp
from portal.web.guard import requires


@bp.get("/arrived")
@requires("accounts:own:read")
def arrived():
    """After sign-in: back to the page that asked for it (kept on our side), else home."""
    return redirect(session.pop("after_sign_in", None) or url_for("desk.home"))
