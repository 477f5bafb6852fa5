"""The test client: it speaks like a browser and checks every page it is given.

A page that breaks a house rule (title = h1, language, labels, no inline style or script, a token in every form that
changes something, no link to nowhere) fails the test that merely passed by.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from flask import Response, g, has_app_context
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from tests.cast import Member

SITE = {"ko": "제조혁신포털", "en": None}


class Page:
    """A parsed answer."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.soup = _parsed(answer)

    @property
    def h1(self) -> str:
        return _text(self.soup.h1)

    @property
    def text(self) -> str:
        """What a person reads in <main>, white space folded."""
        return _text(self.soup.main or self.soup)

    def form(self, action: str | None = None) -> Tag:
        """The form with this action (a part of it is enough), else the only form in <main>."""
        forms = [form for form in (self.soup.main or self.soup).find_all("form")]
        if action is not None:
            forms = [form for form in forms if action in form.get("action", "")]
        assert len(forms) == 1, f"{len(forms)} forms with the action {action!r}"
        return forms[0]

    def values(self, action: str | None = None) -> dict[str, Any]:
        """What the form would send if nobody touched it."""
        data: dict[str, Any] = {}
        for field in self.form(action).find_all(["input", "select", "textarea"]):
            name, kind = field.get("name"), field.get("type", "text")
            if not name or kind in ("submit", "button", "file") or field.has_attr("disabled"):
                continue
            if kind in ("checkbox", "radio"):
                if field.has_attr("checked"):
                    data.setdefault(name, []).append(field.get("value", "on"))
            elif field.name == "select":
                chosen = field.find_all("option", selected=True) or field.find_all("option")[:1]
                data.setdefault(name, []).extend(option.get("value", option.text) for option in chosen)
            elif field.name == "textarea":
                data.setdefault(name, []).append(field.text.replace("\r\n", "\n").removeprefix("\n"))
            else:
                data.setdefault(name, []).append(field.get("value", ""))
        return {name: values[0] if len(values) == 1 else values for name, values in data.items()}

    def errors(self) -> dict[str, str]:
        """field name → message, for every field that is marked invalid."""
        found = {}
        for field in self.soup.find_all(attrs={"aria-invalid": "true"}):
            ids = field.get("aria-describedby", "").split()
            parts = [self.soup.find(id=one) for one in ids]
            found[field.get("name", field.get("id"))] = " ".join(_text(part) for part in parts if part)
        return found


def _parsed(answer: Any) -> BeautifulSoup:
    """The answer's tree; parsed once, because the check of its form and the test that asked for it both read it."""
    if not hasattr(answer, "parsed"):
        answer.parsed = BeautifulSoup(answer.get_data(as_text=True), "html.parser")
    return answer.parsed


def _text(tag: Tag | None) -> str:
    return " ".join(tag.get_text(" ").split()) if tag else ""


def page_faults(answer: Any) -> list[str]:
    """What is wrong with a page by the house rules; empty when nothing is."""
    soup, faults = _parsed(answer), []
    tags: dict[str, list[Tag]] = {}
    for tag in soup.descendants:
        if isinstance(tag, Tag):
            tags.setdefault(tag.name, []).append(tag)
    every = [tag for found in tags.values() for tag in found]

    def named(*names: str) -> list[Tag]:
        return [tag for name in names for tag in tags.get(name, ())]

    if soup.html is None or soup.html.get("lang") not in ("ko", "en"):
        faults.append("html has no lang of ko or en")
    headings = named("h1")
    if len(headings) != 1:
        faults.append(f"{len(headings)} h1 elements")
    title = _text(soup.title)
    if headings and not title.startswith(f"{_text(headings[0])} ·"):
        faults.append(f"title {title!r} is not the h1 {_text(headings[0])!r} and the site's name")
    if not named("main"):
        faults.append("no main landmark")
    ids = Counter(tag.attrs["id"] for tag in every if "id" in tag.attrs)
    faults += [f"id {one!r} stands twice" for one in sorted(ids) if ids[one] > 1]
    nonce = re.search(r"'nonce-([^']+)'", answer.headers.get("Content-Security-Policy", ""))
    if nonce is None:
        faults.append("no Content-Security-Policy with a nonce")
    for tag in every:
        if any(name == "style" or name.startswith("on") for name in tag.attrs):
            faults.append(f"inline style or handler: {str(tag)[:80]}")
        if tag.attrs.get("href") in ("", "#"):
            faults.append(f"a link to nowhere: {str(tag)[:80]}")
    for tag in named("style", "script"):
        guarded = tag.name == "style" or not _is_data(tag)
        if guarded and (nonce is None or tag.get("nonce") != nonce.group(1)):
            faults.append(f"{tag.name} without the nonce: {str(tag)[:80]}")
    for tag in named("script", "link", "img", "iframe", "video", "audio", "source"):
        for name in ("src", "href"):
            if urlsplit(tag.get(name, "")).netloc:
                faults.append(f"a request to elsewhere: {str(tag)[:80]}")
    labelled = {tag.get("for") for tag in named("label")}
    for field in named("input", "select", "textarea"):
        if field.get("type") not in ("hidden", "submit", "button") and not _named(ids, labelled, field):
            faults.append(f"no label: {str(field)[:80]}")
    for button in named("button"):
        if not (_text(button) or button.get("aria-label") or button.find_parent("template")):
            faults.append(f"a button without words: {str(button)[:80]}")
    for form in named("form"):
        if form.get("method", "get").lower() == "post" and form.find("input", attrs={"name": "csrf_token"}) is None:
            faults.append(f"a form without a token: {form.get('action')!r}")
    for image in named("img"):
        if not image.has_attr("alt"):
            faults.append(f"a picture without alt: {str(image)[:80]}")
    return faults


def _is_data(tag: Tag) -> bool:
    return tag.get("type") in ("application/json", "application/ld+json")


def _named(ids: Container[str], labelled: Container[str], field: Tag) -> bool:
    if field.get("aria-label") or field.get("title"):
        return True
    if names := field.get("aria-labelledby"):
        return all(one in ids for one in names.split())
    if field.get("id") in labelled and field.get("id"):
        return True
    return field.find_parent("label") is not None


class Client(FlaskClient):
    """`get`/`post` as in Flask, with the token added to what is posted (`csrf=False`: without) and pages checked."""

    def open(self, *args: Any, csrf: bool = True, check: bool = True, **kwargs: Any) -> Any:
        method = kwargs.get("method", "GET")
        kwargs.setdefault("buffered", True)  # read to the end, so that a downloaded file is closed
        if csrf and method not in ("GET", "HEAD", "OPTIONS") and "json" not in kwargs:
            kwargs["data"] = {"csrf_token": self.token(), **(kwargs.get("data") or {})}
        if (
            has_app_context()
        ):  # a context that the test pushed would hand its `g`, and so the actor, to the next request
            for name in list(g):
                g.pop(name)
        answer = super().open(*args, **kwargs)
        if check and answer.mimetype == "text/html" and answer.status_code != 302 and method != "HEAD" and answer.data:
            faults = page_faults(answer)
            assert not faults, f"{args[0] if args else ''}: " + "; ".join(faults)
        return answer

    def page(self, path: str, **kwargs: Any) -> Page:
        """Fetch a page that must be there."""
        answer = self.get(path, **kwargs)
        assert answer.status_code == 200, f"{path}: {answer.status} {answer.headers.get('Location', '')}"
        return Page(answer)

    def submit(
        self, page: Page, changes: dict[str, Any] | None = None, action: str | None = None, **kwargs: Any
    ) -> Response:
        """Send a page's form as it stands, with some fields changed (None: left out)."""
        form = page.form(action)
        data = {**page.values(action), **(changes or {})}
        data = {name: value for name, value in data.items() if value is not None}
        target = form.get("action") or page.answer.request.path
        if form.get("method", "get").lower() == "post":
            return self.post(target, data=data, **kwargs)
        return self.get(target, query_string=data, **kwargs)

    def token(self) -> str:
        """A valid CSRF token of this client's session."""
        with self.session_transaction() as session:
            raw = session.setdefault("csrf_token", "0" * 40)
        return URLSafeTimedSerializer(self.application.secret_key, salt="wtf-csrf-token").dumps(raw)

    def sign_in(self, member: Member, token: str | None = None) -> None:
        """Hold the session of a cast member, as after a full sign-in with second factor."""
        import time

        with self.session_transaction() as session:
            session.update(
                _user_id=member.uniquifier, _fresh=True, fs_cc="set", fs_paa=time.time(), sign_in=token or member.token
            )
            session.permanent = True
