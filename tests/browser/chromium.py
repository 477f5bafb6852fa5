"""Find a Chromium for the browser tests, or install one: `python -m tests.browser.chromium`.

In this order: the variable CHROMIUM, an installed Chromium or Chrome, Debian's package (as root), Playwright's own
download. Korean glyphs come from the font that the portal's papers use, so no system font is needed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
ARGUMENTS = (
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--font-render-hinting=none",
)


def find() -> str | None:
    """The path of a browser, or None."""
    candidates = [os.environ.get("CHROMIUM"), *map(shutil.which, NAMES), *APPLICATIONS, _of_playwright()]
    return next((path for path in candidates if path and os.access(path, os.X_OK)), None)


def _of_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if path and Path(path).exists() else None


def install() -> None:
    """Install a browser by the means of this machine."""
    if os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", *command], env=environment, stdout=subprocess.DEVNULL, check=True)
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


def fonts(folder: Path) -> dict[str, str]:
    """Environment that adds the portal's Korean font to the browser's, through a data folder of its own."""
    import pylopdf_fonts_ko

    target = folder / "fonts"
    target.mkdir(parents=True, exist_ok=True)
    link = target / "NotoSansKR-Regular.otf"
    if not link.exists():
        link.symlink_to(pylopdf_fonts_ko.sans_path())
    return {"XDG_DATA_HOME": str(folder)}


if __name__ == "__main__":
    if find() is None:
        print("installing Chromium for the browser tests", flush=True)
        install()
    if (found := find()) is None:
        sys.exit("no Chromium found and none could be installed; set CHROMIUM to the path of one")
    print(f"browser: {found}")
