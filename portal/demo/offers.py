"""What the demo country's suppliers say beyond the basics, and what finished companies say of them. All 합성(예시)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from portal.base import clock
from portal.base.access import SYSTEM
from portal.base.db import session, transaction
from portal.demo.country import SEED, Country
from portal.directory import capacity, queries, ratings
from portal.directory.models import Listing
from portal.directory.rules import GRADES, PROCESSES, STANDARDS
from portal.programmes import queries as programmes

# technologies that come with an open standard
SPEAKS = {"AAS": "aas", "OPCUA": "opcua", "MES": "isa95", "MTC": "mtconnect"}
SAID = (
    (5, "작업자가 쓰기 쉬운 화면으로 끝까지 맞춰 주었습니다. (합성)", "현장 의견 덕분에 더 나아졌습니다. (합성)"),
    (4, "약속한 날보다 한 주 늦었지만 미리 알려 주었습니다. (합성)", ""),
    (5, "고장 전화에 그날 바로 와 주었습니다. (합성)", ""),
    (3, "기능은 좋은데 교육이 짧았습니다. (합성)", "교육을 두 번 더 열기로 했습니다. (합성)"),
    (4, "견적과 실제 비용이 같았습니다. (합성)", ""),
    (2, "담당자가 자주 바뀌었습니다. (합성)", ""),
)


def facts(number: int, technologies: tuple[str, ...], engineers: int) -> dict[str, Any]:
    """The further fields of one supplier's listing; the same for the same number, whatever else the country draws."""
    random = Random(f"{SEED}:offer:{number}")
    catalogue = [row.code for row in programmes.programmes(running=False)]
    weights = dict(zip(GRADES, (0.1, 0.25, 0.35, 0.3), strict=True))
    standards = {SPEAKS[code] for code in technologies if code in SPEAKS}
    return {
        "processes": sorted(random.sample(list(PROCESSES), 4), key=list(PROCESSES).index),
        "programmes": sorted(random.sample(catalogue, min(3, len(catalogue)))),
        "sizes": ["micro", "small"] if number % 3 == 0 else ["small", "medium"] if number % 3 == 1 else ["medium", "midsize"],
        "standards": [code for code in STANDARDS if code in standards],
        "engineer_grades": {code: int(engineers * weight) for code, weight in weights.items() if int(engineers * weight)},
    }


@contextmanager
def _day(country: Country, random: Random, days_ago: float) -> Iterator[None]:
    with clock.freeze(country.day(days_ago, random)), transaction():
        yield


def offers(country: Country) -> None:
    """Months of capacity, ratings with replies, and one supplier that the firm of the tour has yet to rate."""
    random = Random(f"{SEED}:offers")
    for number, (supplier, organisation_id, _key) in enumerate(country.suppliers):
        listing = queries.of_organisation(organisation_id)
        with _day(country, random, 6):
            _look_ahead(listing, random)
        for place in range(len(SAID) if number == 0 else random.choice((0, 0, 0, 1, 2, 3))):
            company, _firm = country.firms[(number * 5 + place) % len(country.firms)]
            stars, text, answer = SAID[(number + place) % len(SAID)]
            with _day(country, random, 40 - place * 5):
                if ratings.opened_by(listing.id, company.organisation_id) is None:
                    ratings.open_for(SYSTEM, listing.id, company.organisation_id, "project:synthetic")
                if not ratings.may_rate(company, listing.id):
                    continue
                row = ratings.rate(company, listing.id, stars, text)
            if answer:
                with _day(country, random, 39 - place * 5):
                    ratings.reply(supplier, row.key, answer)
    firm, _ = country.tour_firm
    with _day(country, random, 3):
        waiting = queries.of_organisation(country.suppliers[2][1])
        ratings.open_for(SYSTEM, waiting.id, firm.organisation_id, "project:synthetic")


def _look_ahead(listing: Listing, random: Random) -> None:
    listing = session.get(Listing, listing.id)
    _running, second, third, *_later = capacity.months()
    capacity.state(listing, {second: max(0, listing.open_slots - random.choice((0, 1, 2))), third: random.choice((0, 1, 3))})
