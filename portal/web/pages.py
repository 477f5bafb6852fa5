"""What pages share: navigation as data, downloads, page numbers in the URL, times and money in words."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask, Response, current_app, g, request, send_file, session, url_for
from flask_babel import Babel, get_locale

from portal.base import clock, files, marks, words
from portal.base.masking import masked
from portal.base.words import Words
from portal.web import guard


@dataclass(frozen=True)
class NavItem:
    """One entry of the header; shown to who holds the permission (PUBLIC: everyone).

    unless : hidden from who holds this permission, because another entry leads there
    covers : beginnings of further addresses that belong to it
    """

    label: Words
    endpoint: str
    access: str = guard.PUBLIC
    order: int = 50
    unless: str = ""
    covers: tuple[str, ...] = ()


@dataclass(frozen=True)
class NavLink:
    """folded: past the one line that a wide screen has; it stands under “more”."""

    label: str
    url: str
    active: bool
    folded: bool = False


def attachment(content: bytes, media_type: str, filename: str) -> Response:
    """Send what was made just now: a paper, a workbook, a calendar."""
    answer = Response(content, mimetype=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return answer


def download(sha256: str, filename: str, media_type: str) -> Response:
    """Send a stored file: always as an attachment, never sniffed, never run."""
    answer = send_file(
        files.open_blob(sha256), mimetype=media_type, as_attachment=True, download_name=filename, max_age=0
    )
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


def page_number() -> int:
    return max(1, request.args.get("page", 1, type=int) or 1)


def address(path: str = "", /, **changes: Any) -> str:
    """This page's address with parts of its query changed (None or "": left out); the rest stays as it came.

    path: another page that is asked the same
    Put together as text: `url_for` would take some names that a visitor types (endpoint, _scheme) for its own.
    """
    query = {**request.args.to_dict(flat=False), **changes}
    kept = {name: value for name, value in query.items() if value not in (None, "", [])}
    path = path or quote(request.root_path.rstrip("/") + request.path)
    return f"{path}?{urlencode(kept, doseq=True)}" if kept else path


def page_url(number: int) -> str:
    """This page's address with another page number; filters stay."""
    return address(page=number)


def language_url(language: str) -> str:
    if request.endpoint and request.method == "GET":
        return address(lang=language)
    return url_for("desk.front", lang=language) if "desk.front" in current_app.view_functions else f"/?lang={language}"


def when(moment: datetime | date | None, *, time: bool = True) -> str:
    """A moment as people in Korea write it: 2026-11-22 14:05 (KST); a date without a time."""
    if moment is None:
        return "-"
    if isinstance(moment, datetime):
        return clock.kst(moment).strftime("%Y-%m-%d %H:%M" if time else "%Y-%m-%d")
    return moment.isoformat()


def money(krw: int | None) -> str:
    """An amount in 억원 and 만원 (English: KRW with million)."""
    if krw is None:
        return "-"
    if words.current_language() == "en":
        return f"KRW {krw / 1_000_000:,.1f}M" if krw >= 1_000_000 else f"KRW {krw:,}"
    units, rest = divmod(krw, 100_000_000)
    tens = rest // 10_000
    if units and tens:
        return f"{units:,}억 {tens:,}만원"
    if units:
        return f"{units:,}억원"
    if tens:
        return f"{tens:,}만원"
    return f"{krw:,}원"


def _nonce() -> str:
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return g.csp_nonce


def _choose_language() -> None:
    asked = request.args.get("lang")
    if asked in words.LANGUAGES:
        g.language_asked = asked
    words.set_language(asked if asked in words.LANGUAGES else request.cookies.get("lang", "ko"))


def _navigation() -> list[NavLink]:
    actor = guard.current_actor()
    items = [
        item
        for item in current_app.extensions["navigation"]
        if (item.access == guard.PUBLIC or guard.may(actor, item.access))
        and not (item.unless and guard.may(actor, item.unless))
    ]
    links = [(item, url_for(item.endpoint)) for item in sorted(items, key=lambda item: item.order)]
    # A page that stands in no menu belongs to the entry whose address begins its own.
    begins = [(start, url) for item, url in links for start in (url, *item.covers)]
    _, here = max(
        (pair for pair in begins if f"{request.path}/".startswith(f"{pair[0]}/")), key=_length, default=("", "")
    )
    labels = [str(item.label) for item, _ in links]
    fit = _fit(labels)
    return [NavLink(label, url, url == here, at >= fit) for at, (label, (_, url)) in enumerate(zip(labels, links, strict=True))]


LINE = 75
"""Letters' heights that the header's frame is wide (`--width` of static/css/tokens.css)."""
GAP = 1.5
MORE = 6.5
HANGUL_WIDTH, LATIN_WIDTH = 0.95, 0.58


def _fit(labels: Sequence[str]) -> int:
    """How many labels stand in one line of a wide screen; all of them, or as many as leave room for “more”."""
    ends, used = [], 0.0
    for label in labels:
        used += sum(HANGUL_WIDTH if letter > "\u1100" else LATIN_WIDTH for letter in label) + GAP
        ends.append(used)
    if not ends or ends[-1] - GAP <= LINE:
        return len(ends)
    return sum(end <= LINE - MORE for end in ends)


def _length(pair: tuple[str, str]) -> int:
    return len(pair[0])


def _context() -> dict[str, Any]:
    return {
        "actor": guard.current_actor(),
        "nav": _navigation(),
        "language": words.current_language(),
        "demo_mode": False if g.get("without_database") else marks.is_demo(),
    }


def _headers(answer: Response) -> Response:
    nonce = _nonce()
    answer.headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
        "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["X-Frame-Options"] = "DENY"
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if current_app.config["SESSION_COOKIE_SECURE"]:
        answer.headers["Strict-Transport-Security"] = "max-age=31536000"
    if request.endpoint == "static" and answer.status_code == 200:
        answer.headers["Cache-Control"] = f"public, max-age={31536000 if 'v' in request.args else 600}"
    elif session or request.method != "GET" or answer.status_code >= 400:  # a token in a form is somebody's own, too
        answer.headers["Cache-Control"] = "no-store"
    else:
        answer.headers.setdefault("Cache-Control", "private, no-cache")
    if asked := g.get("language_asked"):
        answer.set_cookie(
            "lang",
            asked,
            max_age=365 * 86400,
            samesite="Lax",
            httponly=True,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
    return answer


def _mark_static(endpoint: str, values: dict[str, Any]) -> None:
    """Every address of a style sheet or script carries its age, so that browsers may keep it for good."""
    if endpoint == "static" and "v" not in values:
        with suppress(OSError):
            file = os.path.join(current_app.static_folder or "", values["filename"])
            values["v"] = format(int(os.stat(file).st_mtime), "x")


def init_app(app: Flask) -> None:
    app.url_default_functions.setdefault(None, []).append(_mark_static)
    Babel(app, locale_selector=words.current_language, default_timezone="Asia/Seoul")
    app.extensions["navigation"] = []
    app.before_request(_choose_language)
    # a thread that served an English page must not go on in English with something else
    app.teardown_request(lambda _error: words.set_language("ko"))
    app.after_request(_headers)
    app.context_processor(_context)
    app.jinja_env.globals.update(
        csp_nonce=_nonce,
        address=address,
        page_url=page_url,
        language_url=language_url,
        get_locale=get_locale,
        sentence=words.sentence,
    )
    app.jinja_env.filters.update(when=when, money=money, masked=masked)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
