"""A portal as people meet it: real processes on an own port and data folder, and the browser that visits it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "tests" / "output"
# Korean that stays Korean on an English page: what people of the tests typed, names of files, letters, sources, the other tongue
TYPED = r"합성|운영기관 1357|\.pdf|여정|로봇 셀|실적 수집|공정 불량률|한국어|불량률을|실태조사"


class Portal:
    """A running portal. `address` without a slash at the end; `stop()` ends it."""

    def __init__(self, folder: Path, prepare: list[str], environment: dict[str, str] | None = None) -> None:
        """prepare: the command that makes the database, run before the portal starts."""
        with socket.socket() as plug:
            plug.bind(("127.0.0.1", 0))
            self.port = plug.getsockname()[1]
        self.folder, self.address = folder, f"http://127.0.0.1:{self.port}"
        folder.mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
        self.environment = {
            **kept,
            "PORTAL_DATA_DIR": str(folder),
            "PORT": str(self.port),
            **(environment or {}),
        }
        done = subprocess.run(prepare, cwd=ROOT, env=self.environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{prepare} failed:\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}")
        self.log = folder / "portal.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "flask", "--app", "app", "portal", "run"],
                cwd=ROOT, env=self.environment, stdout=log, stderr=log, process_group=0,
            )  # fmt: skip
        self._wait()

    def _wait(self, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.address}/readyz", timeout=5).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        self.stop()
        raise RuntimeError("the portal did not come up:\n" + self.log.read_text(errors="replace")[-6000:])

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def errors(self) -> list[str]:
        """Lines of the log that tell of an unexpected error."""
        return [
            line
            for line in self.log.read_text(errors="replace").splitlines()
            if '"ERROR"' in line or "Traceback" in line
        ]


class Visitor:
    """A person at a browser. Every page is judged where `look` is called; what a browser complains of is kept."""

    def __init__(
        self, browser: Browser, portal: Portal, name: str, *, width: int = 1280, language: str = "ko", js: bool = True
    ) -> None:
        self.portal, self.name, self.width, self.language, self.js = portal, name, width, language, js
        self.context: BrowserContext = browser.new_context(
            viewport={"width": width, "height": 800 if width > 600 else 740},
            locale="ko-KR" if language == "ko" else "en-GB",
            timezone_id="Asia/Seoul",
            java_script_enabled=js,
            base_url=portal.address,
            has_touch=width < 600,
        )
        self.context.set_default_timeout(8_000)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.seen = 0
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        self.page.on("response", self._answered)
        self.page.on("request", self._asked)
        if language != "ko":
            self.go(f"/?lang={language}")

    def _heard(self, message: Any) -> None:
        # the browser's own note about a refused page (409, 413…) stands beside the page that explains it
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(f"console: {message.text}")

    def _answered(self, answer: Any) -> None:
        if answer.status >= 500 or (answer.status == 404 and answer.request.resource_type != "document"):
            self.complaints.append(f"{answer.status} for {answer.url}")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.portal.address, "data:", "blob:", "about:")):
            self.complaints.append(f"a request to elsewhere: {request.url}")

    def go(self, path: str) -> Visitor:
        self.page.goto(path)
        return self

    def sign_in(self, email: str, password: str) -> Visitor:
        """Sign in; the code of a second factor stands ready on a demo's screen."""
        self.go("/sign-in").fill(email=email, password=password).press_in("form:has([name=password])")
        if self.page.locator("main input[name=code]").count():
            self.press_in("form:has([name=code])")
        return self

    def fill(self, **values: Any) -> Visitor:
        """Type, choose or tick by field name: text, a value of radios or a list, True/False, several values, a file."""
        for name, value in values.items():
            field = self.page.locator(f'main [name="{name}"]')
            if field.count() == 0:
                raise AssertionError(f"{self.page.url} has no field {name!r}")
            kind = field.first.get_attribute("type") or field.first.evaluate("field => field.localName")
            if kind == "radio":
                self._tick(self.page.locator(f'main [name="{name}"][value="{value}"]'), True)
            elif kind == "checkbox" and isinstance(value, list | tuple | set):
                for one in value:
                    self._tick(self.page.locator(f'main [name="{name}"][value="{one}"]'), True)
            elif kind == "checkbox":
                self._tick(field.first, bool(value))
            elif kind == "select":
                self._unfold(field.first)
                field.first.select_option(value)
            elif kind == "file":
                field.first.set_input_files(value)
            else:
                field.first.fill(str(value))
        return self

    def _tick(self, box: Any, on: bool) -> None:
        """Press the label, as a person does: a designed box lies under it."""
        if box.count() == 0:
            raise AssertionError(f"{self.page.url} does not offer {box}")
        box = box.first
        for _ in range(2):
            if box.is_checked() == on:
                return
            self._unfold(box)
            label = self.page.locator(f'label[for="{box.get_attribute("id")}"]').first
            (label if label.count() else box).click()
        assert box.is_checked() == on, f"{self.page.url}: {box} can't be switched"

    def _unfold(self, field: Any) -> None:
        """Open the groups that a field is folded away in."""
        while (folded := field.locator("xpath=ancestor::details[not(@open)]/summary")).count():
            folded.first.click()

    def press(self, words: str) -> Visitor:
        """Press the button or link of this name in the page's main part (the first where several have it)."""
        main = self.page.locator("main")
        return self._click(main.get_by_role("button", name=words).or_(main.get_by_role("link", name=words)).first)

    def press_in(self, form: str, button: str = "button:not([type=button]):not([tabindex='-1'])") -> Visitor:
        """Press a submit button of a form, by default its first."""
        return self._click(self.page.locator(f"main {form}").first.locator(button).first)

    def _click(self, control: Any) -> Visitor:
        asks = control.evaluate("one => one.dataset.confirm || one.form?.dataset.confirm || ''")
        control.click()
        if self.js and asks:
            self.page.locator("dialog[open]:has(#confirm-text) button").last.click()
        self.page.wait_for_load_state()
        return self

    @property
    def h1(self) -> str:
        return " ".join(self.page.locator("h1").first.inner_text().split())

    @property
    def text(self) -> str:
        return " ".join(self.page.locator("main").inner_text().split())

    def look(self, shot: str) -> Visitor:
        """Judge the page (axe, title, width, complaints) and keep a picture of it in tests/output/."""
        self.seen += 1
        OUTPUT.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=OUTPUT / f"{self.name}-{self.seen:02d}-{shot}.png", full_page=True)
        faults = list(self.complaints)
        self.complaints.clear()
        title = self.page.title()
        if not title.startswith(f"{self.h1} · "):
            faults.append(f"the title {title!r} does not begin with the h1 {self.h1!r}")
        inner, wide = self.page.evaluate("[document.documentElement.clientWidth, document.documentElement.scrollWidth]")
        if wide > inner:
            faults.append(f"the page is {wide} px wide in a window of {inner}")
        # axe needs a running script on the page; without one it would wait for ever (the same pages are judged with one)
        for violation in Axe().run(self.page).response["violations"] if self.js else ():
            nodes = "; ".join(node["html"][:160] for node in violation["nodes"][:3])
            faults.append(f"axe {violation['id']} ({violation['impact']}): {nodes}")
        if self.language == "en":
            faults += [f"not in English: {line}" for line in self._korean_lines()]
        assert not faults, f"{self.page.url} ({shot}):\n  " + "\n  ".join(faults)
        return self

    def _korean_lines(self) -> list[str]:
        """Lines of an English page in Hangul that are not what somebody typed (that is marked 합성, or is a name)."""
        lines = self.page.locator("main").inner_text().splitlines()
        return [line for line in lines if re.search("[가-힣]", line) and not re.search(TYPED, line)]

    def close(self) -> None:
        self.context.close()
