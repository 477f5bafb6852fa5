"""The doors of the portal: every route × method × person of the cast, measured and compared with tests/web/doors/*.csv.

A feature's factory (`tests/factories/<feature>.py`) makes what stands behind its doors: `door_values(world)` returns
the URL parameters, either for all routes (`{"key": application.key}`) or for one (`{"evaluation.review": {"key": …}}`).

`python -m tests.doors` prints the measured table; with `--write` it writes the files, to be read before they are
committed: each cell is a decision about who may enter.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module, util
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from tests.cast import EVERYONE, Member

FOLDER = Path(__file__).parent / "web" / "doors"
COLUMNS = ("endpoint", "method", *EVERYONE)


@dataclass
class World:
    """What the factories build and hand on to each other.

    values: URL parameters by name, or by endpoint and name
    """

    app: Flask
    cast: dict[str, Member]
    values: dict[str, Any] = field(default_factory=dict)

    def actor(self, name: str) -> Any:
        """The Actor that a member of the cast is now."""
        from portal.accounts import queries
        from portal.accounts.models import Person
        from portal.base.db import session

        return queries.actor_of(session.get(Person, self.cast[name].id))

    @classmethod
    def build(cls, app: Flask, cast: dict[str, Member]) -> World:
        """Run the factories in journey order. Needs an application context."""
        from portal import FEATURES

        world = cls(app, cast, {"static": {"filename": "css/base.css"}})
        for feature in FEATURES:
            if util.find_spec(f"tests.factories.{feature}"):
                make = getattr(import_module(f"tests.factories.{feature}"), "door_values", None)
                if make is not None:
                    world.values.update(make(world) or {})
        return world


def feature_of(endpoint: str) -> str:
    """In which file the rows of an endpoint stand."""
    blueprint = endpoint.rpartition(".")[0]
    return {"": "web", "health": "web", "security": "accounts"}.get(blueprint, blueprint)


def routes(app: Flask) -> list[tuple[str, str]]:
    """(endpoint, method) of every route, without the methods that Flask adds by itself."""
    found = {
        (rule.endpoint, method) for rule in app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    return sorted(found)


def rule_of(app: Flask, endpoint: str) -> Rule:
    """The rule of an endpoint with the most parameters."""
    return max(app.url_map.iter_rules(endpoint), key=lambda rule: len(rule.arguments))


def path_of(world: World, endpoint: str) -> str:
    """The address of a route with the world's values; what no factory knows is given a value that nothing has."""
    own = world.values.get(endpoint, {})
    rule = rule_of(world.app, endpoint)
    arguments = {}
    for name in rule.arguments - set(rule.defaults or {}):
        unknown: Any = 987654 if type(rule._converters[name]).__name__ == "IntegerConverter" else "nothing-here"
        if (choices := getattr(rule._converters[name], "items", None)) is not None:  # <any(a, b):name>
            unknown = sorted(choices)[0]
        value = own.get(name) if isinstance(own, dict) else None
        arguments[name] = value or world.values.get(name) or unknown
    with world.app.test_request_context():
        from flask import url_for

        return url_for(endpoint, **arguments)


def visits(
    database: Any, world: World, endpoint: str, method: str, names: Iterable[str] = EVERYONE
) -> Iterator[tuple[str, str]]:
    """(name, what they meet at this door), one after the other; the world is put back after each one who changed it."""
    path = path_of(world, endpoint)
    for name in names:
        database.restore("world")
        browser = world.app.test_client()
        if name in world.cast:
            browser.sign_in(world.cast[name])
        yield name, _class(browser.open(path, method=method, check=method == "GET"))


def whose_rows_count(row: Mapping[str, str]) -> list[str]:
    """Those at a door whose answer depends on what is read from the database. Who lacks the right, or is not signed in,
    is turned away before: of each of these refusals one stands for all."""
    first = {status: name for name, status in reversed(row.items())}
    return [name for name, status in row.items() if status not in ("403", "signin") or first[status] == name]


def _class(answer: Any) -> str:
    location = answer.headers.get("Location", "")
    if answer.status_code in (302, 303):
        return "signin" if location.split("?")[0] == "/sign-in" else "302"
    return str(answer.status_code)


def expected() -> dict[tuple[str, str], dict[str, str]]:
    """(endpoint, method) → person → what they should meet, from the checked-in files."""
    table: dict[tuple[str, str], dict[str, str]] = {}
    for file in sorted(FOLDER.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                key = (row["endpoint"], row["method"])
                if key in table:
                    raise ValueError(f"{file.name}: {key} has two rows")
                table[key] = {name: row[name] for name in EVERYONE}
    return table


def write(feature: str, rows: dict[tuple[str, str], dict[str, str]]) -> None:
    with (FOLDER / f"{feature}.csv").open("w", encoding="utf-8", newline="") as file:
        _print_rows(rows, file)


def _print_rows(rows: dict[tuple[str, str], dict[str, str]], file: Any) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((*key, *(met[name] for name in EVERYONE)) for key, met in sorted(rows.items()))


def main(arguments: list[str]) -> None:
    """Measure on a fresh SQLite database. Arguments: [--write] [feature …]."""
    import tempfile

    from portal import create_app
    from tests import cast
    from tests.client import Client
    from tests.conftest import _prepare
    from tests.database import Database

    only = {name for name in arguments if not name.startswith("-")}
    with tempfile.TemporaryDirectory() as folder:
        app = create_app({"testing": True, "worker": False, "secret_key": "doors" * 9, "data_dir": Path(folder)})
        app.test_client_class = Client
        database = Database(app, "sqlite")
        database.template("empty", None, _prepare)
        members = database.template("cast", "empty", cast.build)
        world = database.template("world", "cast", lambda: World.build(app, members))
        by_feature: dict[str, dict[tuple[str, str], dict[str, str]]] = {}
        for endpoint, method in routes(app):
            feature = feature_of(endpoint)
            if not only or feature in only:
                by_feature.setdefault(feature, {})[endpoint, method] = dict(visits(database, world, endpoint, method))
        known = expected()
        for feature, rows in sorted(by_feature.items()):
            if "--write" in arguments:
                FOLDER.mkdir(exist_ok=True)
                write(feature, rows)
            else:
                _print_rows(rows, sys.stdout)
            for key, met in rows.items():
                if known.get(key) != met:
                    print(f"# differs from the checked-in row: {feature} {key}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
