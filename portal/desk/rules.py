"""Who may open the composed pages; the rows on them are still chosen by each feature's `visible_to`."""

from __future__ import annotations

from portal.accounts.rules import EVERYBODY

PERMISSIONS: dict[str, frozenset[str]] = {
    "desk:home:read": EVERYBODY,
}
