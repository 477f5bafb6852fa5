"""What companies of the demo country were shown, and the recommendations of its last night."""

from __future__ import annotations

from portal.base.access import SYSTEM
from portal.demo.country import Country
from portal.directory import impressions
from portal.directory.rules import ImpressionKind
from portal.matching import night, night_work, queries

DAYS = (1, 4, 9, 16)


def looks(country: Country) -> None:
    """Each company has looked at its list and searched on some days of the last weeks."""
    for number, (company, _firm) in enumerate(country.firms):
        matches = queries.matches_for(company, limit=10)
        if matches is None:
            continue
        weights = matches.shortlist.need_facts["technologies"]
        needed = max(weights, key=weights.get, default="")
        shown = [match.listing.id for match in matches.items]
        for days_ago in DAYS[number % 3 :]:
            with country.on(days_ago):
                impressions.note(company, ImpressionKind.SHORTLIST, shown, technology=needed)
                impressions.note(company, ImpressionKind.SEARCH, sorted(shown)[number % 4 :], technology=needed)
    for _round in range(2):  # the first takes the notes aside
        impressions.fold()


def recommendations(_country: Country) -> None:
    night.ask(SYSTEM)
    night_work.run_waiting()
