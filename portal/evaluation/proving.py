"""Screens of the auditor: every draw, what it was made from, and drawing again to the byte."""

from __future__ import annotations

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base.access import NotVisible, RuleBroken
from portal.base.words import sentence
from portal.evaluation import bp, draw, draws
from portal.evaluation.assigning import plan_parts, state_of
from portal.evaluation.lots import ReplayState
from portal.web.guard import current_actor, requires
from portal.web.pages import download, page_number

FILES = {"question": "input_sha256", "plan": "result_sha256"}


@bp.get("/audit/draws")
@requires("evaluation:draw:audit")
def audited_draws():
    actor = current_actor()
    call = request.args.get("call", "")
    panels_only = request.args.get("only") == "panels"
    return render_template(
        "evaluation/audited_draws.html",
        page=draws.listed(actor, call, page_number(), automatic=not panels_only),
        calls=draws.calls_with_draws(actor),
        call=call,
        panels_only=panels_only,
    )


@bp.get("/audit/draws/<key>")
@requires("evaluation:draw:audit")
def audited_draw(key: str):
    row = draws.by_key(current_actor(), key)
    replays = draws.replays_of(row)
    return render_template(
        "evaluation/audited_draw.html",
        replays=replays,
        replaying=any(one.state is ReplayState.WAITING for one in replays),
        **plan_parts(row),
    )


@bp.get("/audit/draws/<key>/state")
@requires("evaluation:draw:audit")
def audited_state(key: str) -> Response:
    """Whether a replay still runs, for the script that follows it."""
    row = draws.by_key(current_actor(), key)
    waiting = any(one.state is ReplayState.WAITING for one in draws.replays_of(row))
    return jsonify(state=f"{state_of(row)}:{waiting}", done=row.done, total=0, open=waiting)


@bp.post("/audit/draws/<key>/replay")
@requires("evaluation:draw:audit")
def replay_draw(key: str):
    actor = current_actor()
    row = draws.by_key(actor, key)
    try:
        draw.ask_replay(actor, row)
        flash(_("다시 추첨해 견주고 있습니다."), "info")
    except RuleBroken as broken:
        flash(str(sentence(broken.code, **broken.values)), "error")
    return redirect(url_for("evaluation.audited_draw", key=key, _anchor="replays"))


@bp.get("/audit/draws/<key>/<part>.json")
@requires("evaluation:draw:audit")
def draw_file(key: str, part: str) -> Response:
    """The frozen question or the plan, as it was hashed."""
    row = draws.by_key(current_actor(), key)
    sha256 = getattr(row, FILES[part]) if part in FILES else None
    if not sha256:
        raise NotVisible
    return download(sha256, f"draw-{row.id}-{part}.json", "application/json")
