"""Whatever a page shows was asked for by somebody: a view reads only through queries that know the actor.

A query that a view calls takes the actor and uses it, or takes a row that was fetched for the actor (or an id out of
one), or says in a comment or its docstring why everybody may see its rows: `# public: published calls`. Queries for services alone are free: services
check the verdict themselves.
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

PORTAL = Path(__file__).resolve().parents[3] / "portal"
DECLARED = re.compile(r"(#\s*|\"\"\"\s*)public:\s*\S")
FROM_THE_BROWSER = {"request", "form", "g", "session", "args"}
READS = {"session", "select", "sa", "paginate"}


@dataclass
class Query:
    """One function of a queries.py: whether it knows who asks, whether it reads, and which queries it calls."""

    is_guarded: bool
    reads: bool
    calls: set[tuple[str, str]]


def models_of(portal: Path) -> set[str]:
    """Names of all tables' classes: a parameter of such a type is a row that somebody was allowed to fetch."""
    return {
        node.name
        for path in (*portal.glob("*/models.py"), *portal.glob("base/*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef)
    }


def called(tree: ast.AST, module: ast.Module, own: str = "") -> set[tuple[str, str]]:
    """(package, function) of every query that is used in `tree`, through whatever name the module imported it by."""
    rooms, functions = {}, {}
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("portal."):
            parts = node.module.split(".")
            for name in node.names:
                if name.name == "queries":
                    rooms[name.asname or name.name] = parts[1]
                elif parts[-1] == "queries":
                    functions[name.asname or name.name] = (parts[1], name.name)
    if own:
        functions |= {node.name: (own, node.name) for node in module.body if isinstance(node, ast.FunctionDef)}
    found = set()
    narrowed = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call) and is_narrowed(node)}
    for node in ast.walk(tree):
        if id(node) in narrowed:
            continue
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in rooms:
            found.add((rooms[node.value.id], node.attr))
        elif isinstance(node, ast.Name) and node.id in functions:
            found.add(functions[node.id])
    return found


def is_narrowed(call: ast.Call) -> bool:
    """Whether a call names whose rows it wants by something of the actor or of a row that was fetched for the actor
    (`actor.organisation_id`, `own.id`), and not by something that the browser sent."""
    parts = [part for argument in (*call.args, *(word.value for word in call.keywords)) for part in ast.walk(argument)]
    return any(
        isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id not in FROM_THE_BROWSER
        for part in parts
    )


def queries_of(room: Path, models: set[str]) -> dict[tuple[str, str], Query]:
    """The functions of one queries.py. A comment above the first function speaks for the whole room."""
    source, package = room.read_text(encoding="utf-8"), room.parent.name
    lines, module = source.splitlines(), ast.parse(source)
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef)]
    is_public_room = bool(functions) and any(DECLARED.search(line) for line in lines[: functions[0].lineno - 1])
    table = {}
    for node in functions:
        arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        used = {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Load)}
        asks = any(argument.arg == "actor" for argument in arguments) and "actor" in used
        has_row = any(
            isinstance(part, ast.Name) and part.id in models
            for argument in arguments
            if argument.annotation is not None
            for part in ast.walk(argument.annotation)
        )
        says_why = any(DECLARED.search(line) for line in lines[max(0, node.lineno - 2) : node.end_lineno])
        table[package, node.name] = Query(
            is_guarded=is_public_room or asks or has_row or says_why,
            reads=bool(used & READS),
            calls=called(node, module, package) - {(package, node.name)},
        )
    return table


def blind(portal: Path) -> set[tuple[str, str]]:
    """Queries that reach rows without knowing who asks, directly or through another query."""
    models, table = models_of(portal), {}
    for room in portal.glob("*/queries.py"):
        table |= queries_of(room, models)
    found: set[tuple[str, str]] = set()
    while True:
        more = {
            key
            for key, query in table.items()
            if not query.is_guarded and key not in found and (query.reads or query.calls & found)
        }
        if not more:
            return found
        found |= more


def faults(portal: Path) -> list[str]:
    unguarded = blind(portal)
    readers = {*portal.glob("*/views.py"), *portal.glob("desk/*.py"), *portal.glob("api/*.py")}
    found = set()
    for reader in readers - set(portal.glob("*/queries.py")):
        module = ast.parse(reader.read_text(encoding="utf-8"))
        for package, name in called(module, module) & unguarded:
            found.add(f"{reader.parent.name}/{reader.name} reads {package}.queries.{name}")
    return sorted(found)


def test_views_read_only_what_their_actor_may_see():
    assert faults(PORTAL) == [], "let the query take the actor, or say in it `# public: why`"


VIEW = "from portal.cases import queries\n\ndef show(actor, key):\n    return queries.listed({})\n"
PLANTED = {
    "a list of everything": ("def listed():\n    return session.scalars(select(Case)).all()\n", True),
    "an actor that nobody asks": ("def listed(actor):\n    return session.scalars(select(Case)).all()\n", True),
    "an id from the URL": ("def listed(case_id: int):\n    return session.get(Case, case_id)\n", True),
    "a comment without a reason": ("def listed():\n    # public:\n    return select(Case)\n", True),
    "a declared one": ("def listed():\n    # public: published calls\n    return select(Case)\n", False),
    "one that asks a blind one": ("def listed():\n    return every()\n\ndef every():\n    return select(Case)\n", True),
    "one in the docstring": ('def listed():\n    """public: published calls"""\n    return select(Case)\n', False),
    "a guarded one": ("def listed(actor):\n    return select(Case).where(visible_to(actor))\n", False),
    "the rows of a row": ("def listed(case: Case):\n    return case.papers\n", False),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_list_is_caught(tmp_path, name):
    source, is_fault = PLANTED[name]
    package = tmp_path / "cases"
    package.mkdir()
    (package / "models.py").write_text("class Case:\n    pass\n")
    (package / "views.py").write_text(VIEW.format("key"))
    (package / "queries.py").write_text(source)
    assert faults(tmp_path) == (["cases/views.py reads cases.queries.listed"] if is_fault else [])


@pytest.mark.parametrize(
    ("argument", "is_fault"),
    [("key", True), ("form.key.data", True), ("request.args['key']", True), ("actor.organisation_id", False)],
)
def test_an_id_counts_only_when_it_comes_from_the_actor_or_a_row(tmp_path, argument, is_fault):
    package = tmp_path / "cases"
    package.mkdir()
    (package / "models.py").write_text("class Case:\n    pass\n")
    (package / "views.py").write_text(VIEW.format(argument))
    (package / "queries.py").write_text("def listed(organisation_id):\n    return select(Case)\n")
    assert bool(faults(tmp_path)) is is_fault
