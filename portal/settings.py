"""Every setting, from the environment only. Nothing set: SQLite under instance/, loopback, and it runs."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Settings:
    """One typed place; the comment on each line is its documentation (README carries the table)."""

    # PORTAL_DATA_DIR: the folder of every file that the portal writes (database, uploads, mail, keys)
    data_dir: Path = field(default_factory=lambda: ROOT / "instance")
    # DATABASE_URL: empty = SQLite in the data folder; postgresql://… = PostgreSQL
    database_url: str = ""
    # PORTAL_SECRET_KEY: signs cookies and links; empty = made once and kept in the data folder (mode 600)
    secret_key: str = ""
    # HOST, PORT: where `flask portal run` listens
    host: str = "127.0.0.1"
    port: int = 5000
    # PORTAL_BASE_URL: the address people reach the portal at; links in letters are built from it, never from a header
    base_url: str = ""
    # PORTAL_HOSTS: host names accepted beside the loopback ones, separated by commas
    hosts: tuple[str, ...] = ()
    # PORTAL_HTTPS=1: cookies only over TLS (set it behind a TLS proxy)
    https: bool = False
    # PORTAL_PROXIES: number of trusted reverse proxies in front
    proxies: int = 0
    # PORTAL_SMTP_URL: smtp://user:password@host:587 or smtps://…; empty = .eml files in the data folder
    smtp_url: str = ""
    # PORTAL_MAIL_FROM: the sender of the letters
    mail_from: str = "no-reply@portal.example.kr"
    # PORTAL_MAIL_REPLY: the box whose mail is handed to `flask portal take-mail`, with room for +words before the @ (both
    # sides of a consultation answer letters there, and never learn each other's address); empty = answers on the portal only
    mail_reply: str = ""
    # PORTAL_DEMO_PASSWORD: password of the demo accounts; empty = random, printed once
    demo_password: str = ""
    # PORTAL_LOG_LEVEL
    log_level: str = "INFO"
    # PORTAL_WORKER=0: no background worker is expected (readyz does not ask for its heartbeat)
    worker: bool = True
    testing: bool = False

    @classmethod
    def from_environment(cls) -> Settings:
        get = os.environ.get
        settings = cls(
            database_url=_driver(get("DATABASE_URL", "")),
            secret_key=get("PORTAL_SECRET_KEY", ""),
            host=get("HOST", "127.0.0.1"),
            port=int(get("PORT", "5000")),
            base_url=get("PORTAL_BASE_URL", ""),
            hosts=tuple(name.strip() for name in get("PORTAL_HOSTS", "").split(",") if name.strip()),
            https=get("PORTAL_HTTPS", "") == "1",
            proxies=int(get("PORTAL_PROXIES", "0")),
            smtp_url=get("PORTAL_SMTP_URL", ""),
            mail_from=get("PORTAL_MAIL_FROM", "no-reply@portal.example.kr"),
            mail_reply=get("PORTAL_MAIL_REPLY", ""),
            demo_password=get("PORTAL_DEMO_PASSWORD", ""),
            log_level=get("PORTAL_LOG_LEVEL", "INFO"),
            worker=get("PORTAL_WORKER", "1") != "0",
        )
        if folder := get("PORTAL_DATA_DIR"):
            settings.data_dir = Path(folder).resolve()
        return settings

    @property
    def database_uri(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'portal.sqlite3'}"

    @property
    def public_url(self) -> str:
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def is_loopback(self) -> bool:
        return self.host in ("127.0.0.1", "localhost", "::1")

    def ready_secret_key(self) -> str:
        """The secret key; made once and kept beside the database when none is set."""
        if self.secret_key:
            return self.secret_key
        file = self.data_dir / "secret.key"
        if not file.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            try:
                handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "w") as out:
                    out.write(secrets.token_urlsafe(48))
            except FileExistsError:
                pass  # the worker beside us was quicker; both read the same file
        return file.read_text().strip()


def _driver(url: str) -> str:
    """Name the driver that we install, so that plain postgres URLs work."""
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url
