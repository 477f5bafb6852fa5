"""The guard: every route declares who may enter, and what declares nothing stays shut.

`@requires("feature:object:action")` names a permission; the roles that hold it stand in `rules.PERMISSIONS`.
`@public` is for everyone, `@machine` for callers that a key authenticates inside the view (listed apart).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, redirect, request, session, url_for

from portal.base.access import ANONYMOUS, Actor, Forbidden

PUBLIC = "public"
MACHINE = "machine"

View = TypeVar("View", bound=Callable[..., Any])
_permissions: dict[str, frozenset[str]] = {}
_declared: dict[str, str] = {}
_load_actor: Callable[[], Actor] | None = None


def requires(permission: str) -> Callable[[View], View]:
    """Let in only actors with a role that holds the permission."""

    def mark(view: View) -> View:
        view.access = permission  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    view.access = PUBLIC  # type: ignore[attr-defined]
    return view


def machine(view: View) -> View:
    view.access = MACHINE  # type: ignore[attr-defined]
    return view


def declare(endpoint: str, access: str) -> None:
    """Declare a route that a library brings (its view function can't be marked)."""
    _declared[endpoint] = access


def add_permissions(permissions: Mapping[str, frozenset[str]]) -> None:
    """Register a feature's permissions. Raises ValueError for a name that two features define differently."""
    for name, roles in permissions.items():
        if _permissions.get(name, frozenset(roles)) != frozenset(roles):
            raise ValueError(f"the permission {name!r} is defined twice")
        _permissions[name] = frozenset(roles)


def permissions() -> Mapping[str, frozenset[str]]:
    return _permissions


def set_actor_loader(load: Callable[[], Actor]) -> None:
    """`accounts` tells here how the session becomes an actor; the web floor knows no accounts."""
    global _load_actor
    _load_actor = load


def current_actor() -> Actor:
    """Who acts in this request; loaded once, from the session's row."""
    if "actor" not in g:
        g.actor = _load_actor() if _load_actor else ANONYMOUS
    return g.actor


def may(actor: Actor, permission: str) -> bool:
    """Whether one of the actor's roles holds the permission (objects are judged by the feature's own rules)."""
    return bool(_permissions[permission] & actor.roles)


def access_of(app: Flask, endpoint: str) -> str | None:
    """What a route declares: a permission, PUBLIC, MACHINE, or None for a route that forgot."""
    if endpoint in _declared:
        return _declared[endpoint]
    return getattr(app.view_functions[endpoint], "access", None)


def _check() -> Any:
    endpoint = request.endpoint
    if endpoint is None:
        return None  # no such address or method: the router's own 404 or 405 follows
    access = access_of(current_app, endpoint)
    if access in (PUBLIC, MACHINE):
        return None
    if access is None or access not in _permissions:
        abort(403)
    actor = current_actor()
    if not actor.is_signed_in:
        if request.path.startswith("/api/"):
            abort(401)
        # The way back is kept on our side of the session: no address in the URL that somebody could forge.
        if request.method == "GET":
            wanted = request.full_path.rstrip("?")
            session["after_sign_in"] = wanted if len(wanted) <= 500 else request.path  # a cookie holds 4 KB
        return redirect(url_for("security.login"))
    if not may(actor, access):
        raise Forbidden("no_right")
    return None


def init_app(app: Flask) -> None:
    declare("static", PUBLIC)
    app.before_request(_check)
    app.jinja_env.globals["may"] = lambda permission: may(current_actor(), permission)
