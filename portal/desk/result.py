"""The result page: levels, the suggested tier, why, what moves the firm up, programmes and suppliers that fit."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import render_template, request
from markupsafe import Markup

from portal.base.access import Actor
from portal.base.words import current_language
from portal.desk import bp
from portal.desk.tasks import link
from portal.matching import queries as matching
from portal.profiles import queries as profiles
from portal.programmes import queries as programmes
from portal.programmes.rules import SystemLevel
from portal.reference import queries as reference
from portal.reference.rules import SizeClass
from portal.scoring import queries as scoring
from portal.scoring.explanation import AreaLine, Explanation, explain
from portal.scoring.forms import ObjectForm
from portal.scoring.peers import Group
from portal.scoring.rules import RequestKind
from portal.web.charts import radar
from portal.web.guard import current_actor, requires

PROGRAMMES_SHOWN = 3
SUPPLIERS_SHOWN = 3
LARGEST_COST = 10_000_000  # 만원


@bp.get("/result")
@requires("desk:result:read")
def result():
    actor = current_actor()
    suggestion = scoring.latest_for(actor, actor.organisation_id) if actor.organisation_id else None
    if suggestion is None:
        return render_template("desk/result_empty.html", diagnosis_url=link("profiles.diagnosis"))
    told = explain(suggestion.answer)
    company = profiles.facts(suggestion.profile_version_id)
    cost = _cost()
    peers = scoring.peers(actor)
    return render_template(
        "desk/result.html",
        told=told,
        suggestion=suggestion,
        company=company,
        chart=_chart(told.areas, peers),
        peers=peers,
        industry=reference.ksic(peers.division) if peers and peers.division else None,
        size=SizeClass(peers.size) if peers and peers.size else None,
        objecting=scoring.open_explanation(actor.organisation_id, RequestKind.OBJECT),
        objection=ObjectForm(),
        refusal=scoring.refusal_in_force(actor.organisation_id),
        technologies=reference.technology_names(),
        system_levels=list(SystemLevel),
        fits=_fits(told, company, cost) if told.tier else [],
        cost=cost,
        finder_url=_finder_url(told),
        cost_text=request.args.get("cost", ""),
        diagnosis_url=link("profiles.diagnosis"),
        suppliers=_suppliers(actor),
        link=link,
    )


def _chart(areas: Sequence[AreaLine], peers: Group | None) -> Markup:
    """The firm as weighed and as it says itself, on the national line, with the peers' median; axes carry the first
    word of the area."""
    language = current_language()
    return radar(
        [re.split(r" & |, |·", area.title.in_(language))[0] for area in areas],
        [
            ("national", [area.benchmark for area in areas]),
            ("claimed", [area.claimed for area in areas]),
            ("weighed", [area.value for area in areas]),
            *([("peers", [peers.median(area.code) for area in areas])] if peers else []),
        ],
    )


def _cost() -> int | None:
    """The cost that the firm tries out, 만원 in the address; anything else is no cost."""
    text = request.args.get("cost", "").replace(",", "").strip()
    return int(text) * 10_000 if text.isascii() and text.isdigit() and 0 < int(text) <= LARGEST_COST else None


def _finder_url(told: Explanation) -> str | None:
    """The finder with what is known of the firm filled in."""
    known = {"tier": told.tier.value if told.tier else None, "level": told.system_level}
    return link("programmes.index", **known, cost=request.args.get("cost") or None)


def _fits(told: Explanation, company: dict, cost: int | None) -> list[programmes.Fit]:
    need = programmes.Need(
        tier=told.tier,
        level=told.system_level,
        region=company.get("region"),
        size=SizeClass(company["size"]) if company.get("size") else None,
        cost_krw=cost,
    )
    return programmes.find_programmes(need)[:PROGRAMMES_SHOWN]


def _suppliers(actor: Actor) -> matching.Matches | None:
    """The first suppliers of the newest shortlist, each with its reasons."""
    return matching.matches_for(actor, limit=SUPPLIERS_SHOWN)
