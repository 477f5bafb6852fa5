"""Two worlds that differ only in what is hidden give everybody outside a panel the same bytes.

Hidden: who sits on a panel, who stepped down and was replaced, whose sheet is whose, in which order they came in, how
far a review is. Visible and therefore equal: that the case is in evaluation, and after the decision every score and
comment. The firm, another firm, the supplier, an evaluator of no panel and a passer-by walk every page that they can
reach by links, and knock at every door of the panel.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urldefrag, urlsplit

import pytest
from bs4 import BeautifulSoup

from portal.base.access import Actor
from portal.base.db import session
from portal.evaluation.models import Panel
from portal.evaluation.rules import RecusalReason
from portal.programmes.rules import Tier
from tests.factories import evaluation as made
from tests.factories.applications import a_call

OUTSIDERS = ("hana", "duri", "gong", "nam", "anon")
SHEETS = (("앞", 0.78), ("뒤", 0.86))
"""Mark and share of points of the two reviews; in the worlds another evaluator writes each."""
LONGEST_WALK = 250
ELSEWHERE = ("/sign-out", "/tf-", "/static", "/suppliers?", "/programmes/")
"""Where a walk does not go: out of the session, and into the catalogue and the facets of the directory, which are long
and know no case."""


@dataclass(frozen=True)
class Hidden:
    """What differs: the two who review (the first one after somebody stepped down, or not), who hands in first, how far
    the running case is, and who chairs."""

    readers: tuple[str, str]
    recused: str | None
    first: int
    running: str
    chair: str


WORLDS = (
    Hidden(("pyeong", "이위원"), None, 0, "assigned", "jang"),
    Hidden(("박위원", "최위원"), "pyeong", 1, "half", "다른위원장"),
)


@pytest.fixture
def base(database: Any, frozen: Any) -> Any:
    """hana's two cases and duri's one in evaluation; nobody is assigned yet."""

    def build() -> dict[str, Any]:
        from tests.doors import World

        world = World(database.app, database._facts["cast"])
        gong = world.actor("gong")
        running = made.in_evaluation(world.actor("hana"), gong)
        done = made.accepted(world.actor("hana"), gong, call=a_call(title_ko="지난 공고 (합성)"))
        other = made.in_evaluation(world.actor("duri"), gong, call=running.call)
        for name in ("이위원", "박위원", "최위원"):
            made.an_evaluator(name)
        made.an_evaluator("다른위원장", made.Role.LEAD_EVALUATOR)
        return {"running": running.key, "done": done.key, "other": other.key}

    return database.template("two worlds", "cast", build)


def live(database: Any, base: dict[str, str], hidden: Hidden) -> dict[str, str]:
    """One world, from the first assignment to the decision of one case; gives the panel's own keys."""
    from portal.applications.models import Application
    from tests.doors import World

    database.restore("two worlds")
    world = World(database.app, database._facts["cast"])
    with database.app.app_context():
        un = world.actor("un")
        seated = [_evaluator(world, name) for name in hidden.readers]
        chair = world.actor("jang") if hidden.chair == "jang" else made.an_evaluator(hidden.chair, made.Role.LEAD_EVALUATOR)
        cases = {name: session.query(Application).filter_by(key=key).one() for name, key in base.items()}
        for name, case in cases.items():
            # who steps down is tied to the supplier from then on, and can't be seated on its other cases
            leaves = [world.actor(hidden.recused)] if hidden.recused and name == "running" else []
            made.assigned(un, case, [*leaves, *seated][:2], chair)
            for one in leaves:
                made.service.recuse(one, made.assignment_of(one, case), RecusalReason.OTHER)
                made.assigned(un, case, seated[1:], chair)
        if hidden.running == "half":
            made.locked(seated[0], cases["running"], tier=Tier.ADVANCED, mark="숨은 초안")
        tier = made.suggested(cases["done"])
        order = [0, 1] if hidden.first == 0 else [1, 0]
        for place in order:
            mark, share = SHEETS[place]
            reader = seated[place if hidden.first == 0 else 1 - place]
            made.reviewed(reader, cases["done"], tier=tier, share=share, mark=mark)
        made.decided(chair, cases["done"], tier)
        panels = session.query(Panel).order_by(Panel.id).all()
        return {
            "panel": panels[0].key,
            **{f"assignment {number}": one.key for number, one in enumerate(panels[0].assignments)},
        }


def _evaluator(world: Any, name: str) -> Actor:
    return world.actor(name) if name in ("pyeong", "nam") else made.an_evaluator(name)


# --- walking ------------------------------------------------------------------------------------------------------


def plain(body: bytes, kind: str) -> bytes:
    """A page without what is drawn anew for each answer: tokens, nonces, random public keys."""
    if kind.endswith("spreadsheetml.sheet"):  # its sheets; the file around them says when it was made
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            names = [name for name in sorted(book.namelist()) if not name.startswith("docProps/")]
            return b"".join(name.encode() + book.read(name) for name in names)
    if not kind.startswith(("text/", "application/json")):
        return body
    text = body.decode()
    text = re.sub(r'(name="(?:csrf_token|once)"[^>]*value=")[^"]*', r"\1-", text)
    text = re.sub(r'nonce="[^"]*"', 'nonce="-"', text)
    return re.sub(r"(?<![\w-])[\w-]{22}(?![\w-])", "<key>", text).encode()


def walk(client: Any, begin: tuple[str, ...]) -> dict[str, tuple[int, str, bytes]]:
    """Every page that can be reached by links, with status, file name and bytes, under its address without keys."""
    found: dict[str, tuple[int, str, bytes]] = {}
    waiting, seen = list(begin), set(begin)
    while waiting:
        path = waiting.pop(0)
        answer = client.get(path, check=False)
        name = plain(path.encode(), "text/plain").decode()
        number = sum(1 for one in found if one.split("#")[0] == name)
        kind = answer.mimetype or ""
        said = answer.headers.get("Content-Disposition", "") + answer.headers.get("Location", "")
        found[f"{name}#{number}"] = (
            answer.status_code,
            plain(said.encode(), "text/plain").decode(),
            plain(answer.data, kind),
        )
        assert len(found) <= LONGEST_WALK, "the walk has no end"
        if kind == "text/html":
            for link in _links(answer.data, path):
                if link not in seen:
                    seen.add(link)
                    waiting.append(link)
    return found


def _links(body: bytes, path: str) -> Iterator[str]:
    for tag in BeautifulSoup(body, "html.parser").select("main a[href], nav a[href]"):
        target = urldefrag(tag["href"]).url
        if target.startswith("?"):
            target = urlsplit(path).path + target
        if target.startswith("/") and not target.startswith(ELSEWHERE):
            yield target


DOORS = (
    "/evaluation/queue",
    "/evaluation/decisions",
    "/evaluation/cases/{assignment 0}",
    "/evaluation/cases/{assignment 1}/score",
    "/evaluation/cases/{assignment 1}/final",
    "/evaluation/cases/nobody-has-this-key-222",
    "/evaluation/decisions/{running}",
    "/evaluation/outcomes/{running}",
    "/evaluation/outcomes/{done}",
    "/operator/assignments/{running}",
    "/applications/{running}",
    "/applications/{done}",
)


def everything(
    database: Any,
    base: dict[str, str],
    hidden: Hidden,
    client_as: Callable[[str], Any],
    drain: Any,
    who: tuple[str, ...] = OUTSIDERS,
) -> Any:
    """Who → address → what they got; and the letters that firms and suppliers were sent."""
    keys = {**base, **live(database, base, hidden)}
    letters = [
        (mail.to, mail.subject, plain(mail.body.encode(), "text/plain"))
        for mail in drain()
        if not mail.to.startswith(("pyeong", "nam", "jang", "evaluator", "lead_evaluator", "un@"))
    ]
    pages = {}
    for name in who:
        client = client_as(name)
        pages[name] = walk(client, ("/", "/home", "/notices"))
        for door in DOORS:
            answer = client.get(door.format(**keys), check=False)
            pages[name][door] = (answer.status_code, "", plain(answer.data, answer.mimetype or ""))
    return pages, sorted(letters)


def test_what_is_hidden_leaves_no_trace(database, base, client_as, drain):
    (first, first_letters), (second, second_letters) = (
        everything(database, base, hidden, client_as, drain) for hidden in WORLDS
    )
    for name in OUTSIDERS:
        assert sorted(first[name]) == sorted(second[name]), name
        for address, seen in first[name].items():
            assert seen == second[name][address], f"{name} can tell the worlds apart at {address}"
    assert first_letters == second_letters
    # the walk saw what it is about
    outcome = b"".join(body for address, (_, _, body) in first["hana"].items() if "/evaluation/outcomes/" in address)
    assert "합성 의견 NEED 앞".encode() in outcome and "합성 의견 NEED 뒤".encode() in outcome


@pytest.mark.one_database
def test_a_planted_leak_is_found(database, base, client_as, drain, monkeypatch):
    """The detector works: a page that tells how many are seated makes the worlds differ."""
    from portal.evaluation import models
    from portal.evaluation.outcome import OutcomeView

    def leak(view: OutcomeView) -> str:
        seats = session.query(models.Assignment).filter_by(state=models.AssignmentState.RECUSED).count()
        return f"합성 {seats}"

    monkeypatch.setattr(OutcomeView, "number", property(leak, lambda view, value: None), raising=False)
    (first, _), (second, _) = (everything(database, base, hidden, client_as, drain, ("hana",)) for hidden in WORLDS)
    assert first["hana"] != second["hana"]


