"""How much of the directory one person may open in an hour: enough for anybody who looks for a supplier, too little to
carry the whole of it away. Counts distinct suppliers and distinct pages of results; looking again is free.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from flask import abort, make_response, render_template
from flask_limiter.util import get_remote_address
from limits import RateLimitItem, parse

from portal.accounts.rules import OPERATOR, Role
from portal.base.access import Actor
from portal.web.limits import limiter

# what → an hour's budget of: an address that nobody is signed in from, a person, operators and auditors
BUDGETS = {
    "listing": ("60/hour", "150/hour", "1500/hour"),
    "search": ("300/hour", "600/hour", "3000/hour"),
    "further_page": ("60/hour", "120/hour", "1500/hour"),
}
_SEEN = parse("1/hour")


def spend(actor: Actor, what: str, things: Iterable[str]) -> None:
    """Count what an actor opens now. Answers 429 with its own page when the hour's budget is spent.

    what  : a name in `BUDGETS`
    things: keys of listings, or the query of a page; each counts once an hour
    """
    if not limiter.enabled:
        return
    who = f"person:{actor.id}" if actor.is_signed_in else f"address:{get_remote_address()}"
    budget = parse(BUDGETS[what][2 if actor.has(*OPERATOR, Role.AUDITOR) else int(actor.is_signed_in)])
    counter = limiter.limiter
    for thing in things:
        if not counter.test(_SEEN, "directory", what, who, thing):
            continue
        if not counter.hit(budget, "directory", what, who):
            _stop(counter.get_window_stats(budget, "directory", what, who).reset_time, budget)
        counter.hit(_SEEN, "directory", what, who, thing)


def spend_search(actor: Actor, query: str, page: int) -> None:
    """Count one page of results; query: the address's query, whatever page it asks for."""
    spend(actor, "further_page" if page > 1 else "search", [query])


def _stop(free_at: float, budget: RateLimitItem) -> None:
    seconds = max(60, int(free_at - time.time()))
    page = render_template("directory/budget.html", code=429, minutes=-(-seconds // 60), limit=budget.amount)
    abort(make_response(page, 429, {"Retry-After": str(seconds)}))
