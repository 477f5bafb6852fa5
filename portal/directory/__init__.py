"""공급기업: supplier listings, capabilities, verified track record, search.

Persons: everybody searches; a supplier's people write their listing; operators review it.
Words  : Listing 등록정보 (what a supplier says), TrackRecord 구축실적 (what was verified; suppliers never write it).
Status : DRAFT → PENDING → APPROVED; a returned listing is a DRAFT with a reason. An edit of an approved listing is
public at once and waits in the operators' queue as a difference from the approved text. A Suspension 정지 stands beside
the status: what is public now is approved and not suspended.
Extra rooms: `searching` makes a page of the directory of `facets`, `thesaurus` (names of technologies, pure) and
`shelf` (the index in each process, what changed since laid over it, noted by `changes`); `index` is the text index
itself, with `tokens` (reading Korean), `scan` (going through it) and `compiled` (the same for very many listings).
The supplier's side: `kinds` (processes, standards, grades, pure), `completeness` (what is missing and why it matters,
pure), `capacity` (month by month), `versions` (every saved public text), `staleness` (letters before a listing goes
grey), `sheets` (rows of a workbook against a listing, pure), `importing` (the workbook out and in), `esteem` (what
stars come to, pure), `ratings` (who may rate, rating and reply). Screens of these: `own_desk`, `ratings_desk`.
The operator's side: `oversight` (rules of marks and suspensions, pure), `standing` (the one condition for “public
now”), `suspension` (the act, its appeal and its end), `marks` (what is verified and valid on a day), `verification`
(claiming and judging it), `earlier` (rules of claimed builds, pure), `claims` (filing, confirming and judging them),
`edits` (what no operator has seen yet), `budget` (how much one person opens in an hour), `impressions` (how often
suppliers are shown), `concentration` (how evenly, pure). Screens of these: `suspension_desk`, `marks_desk`,
`claims_desk`.
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
    NavItem(
        say("우리 등록정보", "Our listing"),
        "directory.edit",
        "directory:own:read",
        order=31,
        covers=(
            "/supplier/marks",
            "/supplier/builds",
            "/supplier/suspension",
            "/supplier/capacity",
            "/supplier/import",
            "/supplier/ratings",
            "/supplier/exposure",
        ),
    ),
    NavItem(
        say("공급기업 심사", "Review listings"),
        "directory.review_queue",
        "directory:review:read",
        order=60,
        covers=("/operator/marks", "/operator/builds", "/operator/concentration", "/operator/participation", "/operator/recommendations"),
    ),
]


def init_app(app: Flask) -> None:
    impressions.configure(app.extensions["settings"].data_dir / "impressions")


from portal.directory import changes, claims_desk, marks_desk, own_desk, ratings_desk, suspension_desk, views  # noqa: E402, F401  (routes attach themselves to `bp`)
