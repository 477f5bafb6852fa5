"""공급기업: supplier listings, capabilities, verified track record, search.

Persons: everybody searches; a supplier's people write their listing; operators review it.
Words  : Listing 등록정보 (what a supplier says), TrackRecord 구축실적 (what was verified; suppliers never write it).
Status : DRAFT → PENDING → APPROVED; a returned listing is a DRAFT with a reason. An edit of an approved listing is
public at once and waits in the operators' queue as a difference from the approved text. A Suspension 정지 stands beside
the status: what is public now is approved and not suspended.
Extra rooms: `search` reads loosely typed queries and ranks listings (pure); `index` is the text index, with `tokens`
(reading Korean), `scan` (going through it) and `compiled` (the same for very many listings).
The operator's side: `oversight` (rules of marks and suspensions, pure), `standing` (the one condition for “public
now”), `suspension` (the act, its appeal and its end), `marks` (what is verified and valid on a day), `verification`
(claiming and judging it), `earlier` (rules of claimed builds, pure), `claims` (filing, confirming and judging them),
`budget` (how much one person opens in an hour), `impressions` (how often suppliers are shown). Screens of these: `suspension_desk`, `marks_desk`, `claims_desk`.
"""

from __future__ import annotations

from flask import Blueprint, Flask

from portal.base.words import say
from portal.directory import earlier, impressions, oversight, rules
from portal.web.pages import NavItem

bp = Blueprint("directory", __name__)
PERMISSIONS = {**rules.PERMISSIONS, **oversight.PERMISSIONS, **earlier.PERMISSIONS}
NAV = [
    NavItem(say("공급기업 찾기", "Find suppliers"), "directory.index", order=30),
    NavItem(say("우리 등록정보", "Our listing"), "directory.edit", "directory:own:read", order=31),
    NavItem(say("인증과 표시", "Marks"), "directory.own_marks", "directory:marks:read", order=32),
    NavItem(say("지난 구축실적", "Earlier builds"), "directory.own_builds", "directory:claims:read", order=33),
    NavItem(say("구축 확인", "Confirm builds"), "directory.company_builds", "directory:claims:confirm", order=36),
    NavItem(say("공급기업 심사", "Review listings"), "directory.review_queue", "directory:review:read", order=60),
    NavItem(say("인증 확인", "Verify marks"), "directory.marks_queue", "directory:marks:queue", order=61),
    NavItem(say("구축실적 확인", "Check builds"), "directory.builds_queue", "directory:claims:queue", order=62),
]


def init_app(app: Flask) -> None:
    impressions.configure(app.extensions["settings"].data_dir / "impressions")


from portal.directory import claims_desk, marks_desk, suspension_desk, views  # noqa: E402, F401  (routes attach themselves to `bp`)
