"""One Chromium and one portal for all browser tests of a process."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.browser.serve import Portal, Visitor


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    path = chromium.find()
    if path is None:
        pytest.fail("no Chromium: `python -m tests.browser.chromium` installs one")
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    fonts = chromium.fonts(tmp_path_factory.mktemp("fonts"))
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=path, args=[*chromium.ARGUMENTS, *root], env={**os.environ, **fonts}
        )
        yield running
        running.close()


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A demo portal with the cast of the tests in it and nothing else."""
    folder: Path = tmp_path_factory.mktemp("portal") / "data"
    running = Portal(folder, [sys.executable, "-m", "tests.browser.seed"])
    yield running
    running.stop()


@pytest.fixture
def visitor(browser: Any, portal: Portal, request: pytest.FixtureRequest) -> Iterator[Callable[..., Visitor]]:
    """visitor("hana", width=360, language="en", js=False): a person at a browser of their own."""
    opened: list[Visitor] = []

    def come(name: str, **options: Any) -> Visitor:
        story = request.node.name.removeprefix("test_").replace("[", "-").replace("]", "")
        opened.append(Visitor(browser, portal, f"{story}-{name}", **options))
        return opened[-1]

    yield come
    for one in opened:
        one.close()
    assert portal.errors() == []
