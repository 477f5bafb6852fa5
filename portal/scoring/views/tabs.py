"""The tabs over the scorer's pages for operators and auditors: each sees those that its permissions open."""

from __future__ import annotations

from flask import current_app, request, url_for
from flask_babel import gettext as _

from portal.scoring import bp, queries
from portal.web.guard import current_actor, may

_TABS = (
    ("scoring.models", "scoring:model:read"),
    ("scoring.what_if", "scoring:model:read"),
    ("scoring.monitoring", "scoring:monitor:read"),
    ("scoring.explanations", "scoring:explanation:answer"),
)


@bp.app_template_global("scorer_tabs")
def scorer_tabs() -> list[dict[str, object]]:
    """For `components/tabs.html`; empty for who would see a single one."""
    actor = current_actor()
    labels = {
        "scoring.models": _("모형"),
        "scoring.what_if": _("가정 계산"),
        "scoring.monitoring": _("모니터링"),
        "scoring.explanations": _("설명 요청"),
    }
    found = []
    for endpoint, permission in _TABS:
        if endpoint in current_app.view_functions and may(actor, permission):
            url = url_for(endpoint)
            found.append({"label": labels[endpoint], "url": url, "active": f"{request.path}/".startswith(f"{url}/")})
            if endpoint == "scoring.explanations":
                found[-1]["count"] = queries.explanations_waiting(actor) or None
    return found if len(found) > 1 else []
