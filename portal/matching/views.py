"""A company's suppliers that fit, with every reason; what it writes that it needs; what it keeps; the check of an order."""

from __future__ import annotations

import re
from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base import clock, words
from portal.base.access import RuleBroken, StaleVersion
from portal.directory import impressions
from portal.directory.rules import ImpressionKind
from portal.matching import bp, choices, night, paper, queries, service
from portal.matching.forms import NeedForm, OrderForm
from portal.matching.queries import Match
from portal.matching.rules import draw_of, seed_of
from portal.matching.score import PART_LABELS
from portal.web.forms import refuse
from portal.web.guard import current_actor, public, requires
from portal.web.pages import attachment

SHOWN = 10
MOST_CHECKED = 20
_KEY = re.compile(r"(?<![\w-])[\w-]{22}(?![\w-])", re.ASCII)


@bp.get("/matching")
@requires("matching:own:read")
def index():
    actor, is_all = current_actor(), request.args.get("all") == "1"
    matches = queries.matches_for(actor, limit=None if is_all else SHOWN)
    today = night.tonight(actor)
    if matches:
        _note(ImpressionKind.SHORTLIST, matches.items, matches.shortlist.need_facts)
    if today:
        _note(ImpressionKind.NIGHTLY, today.items, today.need)
    return render_template(
        "matching/index.html",
        matches=matches,
        today=today,
        written=queries.written_need(actor.organisation_id),
        names=queries.directory.Names(),
        kept=choices.newest(actor),
        has_more=not is_all,
    )


def _note(kind: ImpressionKind, items: list[Match], need: dict) -> None:
    weights = need["technologies"]
    needed = min(weights, key=lambda code: (-weights[code], code), default="")
    impressions.note(current_actor(), kind, [match.listing.id for match in items], technology=needed)


@bp.post("/matching")
@requires("matching:own:rank")
def again():
    try:
        service.rank_again(current_actor())
    except RuleBroken as broken:
        flash(str(words.sentence(broken.code)), "warning")
    else:
        flash(_("다시 찾았습니다."), "success")
    return redirect(url_for(".index"))


@bp.route("/matching/need", methods=["GET", "POST"])
@requires("matching:own:rank")
def need():
    actor = current_actor()
    row = queries.written_need(actor.organisation_id)
    form = NeedForm(obj=row)
    if form.validate_on_submit():
        try:
            kept = service.write_need(actor, form.text.data or "", version=form.version.data)
        except RuleBroken as broken:
            refuse(form, broken)
        except StaleVersion as stale:
            label = str(form.text.label.text)
            raise StaleVersion({label: stale.mine["text"]}, {label: stale.current["text"]}) from stale
        else:
            if kept is None:
                flash(_("적은 내용을 지웠습니다."), "success")
            elif kept.technologies:
                flash(_("적어 주신 필요로 다시 찾았습니다."), "success")
            else:
                flash(
                    _("남겼습니다. 아는 기술 이름을 찾지 못해 순서는 그대로입니다. 조금 더 자세히 적어 보세요."),
                    "warning",
                )
            return redirect(url_for(".index"))
    found = row.technologies if row and not form.is_submitted() else queries.named_technologies(form.text.data or "")
    page = render_template("matching/need.html", form=form, found=found, names=queries.directory.Names(), row=row)
    return (page, 422) if form.errors else page


@bp.post("/choices")
@requires("matching:own:rank")
def keep():
    try:
        row = choices.keep(current_actor())
    except RuleBroken as broken:
        flash(str(words.sentence(broken.code)), "warning")
        return redirect(url_for(".index"))
    return redirect(url_for(".choice", key=row.key))


@bp.get("/choices/<key>")
@requires("matching:choice:read")
def choice(key: str):
    row = choices.by_key(current_actor(), key)
    return render_template(
        "matching/choice.html",
        row=row,
        facts=row.facts,
        is_intact=choices.is_intact(row),
        labels=PART_LABELS,
        said=words.say,
        gates=words.sentence,
    )


@bp.get("/choices/<key>.pdf")
@requires("matching:choice:read")
def choice_paper(key: str):
    row = choices.by_key(current_actor(), key)
    content = paper.pdf(row, is_intact=choices.is_intact(row))
    return attachment(content, "application/pdf", f"choice-{row.made_at:%Y%m%d}.pdf")


@bp.get("/matching/order")
@public
def order():
    """How near-ties rotate, and the order of any day to be worked out by anybody."""
    form = OrderForm(formdata=request.args)
    day = form.day.data if form.validate() and form.day.data else clock.today()
    typed = request.args.get("suppliers", "")
    keys = list(dict.fromkeys(_KEY.findall(typed[:10_000])))
    return render_template(
        "matching/order.html",
        form=form,
        seed=seed_of(min(day, date.max)),
        drawn=sorted((draw_of(seed_of(day), key), key) for key in keys[:MOST_CHECKED]),
        is_cut=len(keys) > MOST_CHECKED,
        is_asked=bool(typed.strip()),
    )
