"""Mail: a letter is a row in the use case's transaction; the worker hands it to SMTP, or to a folder of .eml files.

One letter per `once_key`, however often the event that asks for it is delivered.
"""

from __future__ import annotations

import email.utils
import logging
import smtplib
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.orm import Mapped, mapped_column

from portal.base import clock
from portal.base.db import BigId, UtcDateTime, db, session, transaction

log = logging.getLogger("portal.mail")
TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "email"
MAX_ATTEMPTS = 48

Transport = Callable[[EmailMessage, int], None]
_transport: Transport | None = None
_sender = ""
_base_url = ""
_reply_box = ""


class Mail(db.Model):
    __tablename__ = "mail"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    once_key: Mapped[str] = mapped_column(sa.String(160), unique=True)
    to: Mapped[str] = mapped_column(sa.String(254))
    # where an answer to the letter goes; "" = nowhere
    reply_to: Mapped[str] = mapped_column(sa.String(254), default="", server_default="")
    subject: Mapped[str] = mapped_column(sa.String(200))
    body: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


def configure(*, sender: str, base_url: str, smtp_url: str | None, folder: Path, reply_box: str = "") -> None:
    """Choose the transport: SMTP when a URL is set (smtp://user:password@host:port), else a folder of .eml files.

    reply_box: the address to which answers may be written (`reply_address`); "" = to none
    """
    global _transport, _sender, _base_url, _reply_box
    _sender, _base_url, _reply_box = sender, base_url.rstrip("/"), reply_box
    _transport = _smtp(smtp_url) if smtp_url else _folder(folder)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def reply_address(token: str) -> str:
    """An address that leads back to what the token stands for; "" while the portal takes no mail."""
    name, _, domain = _reply_box.partition("@")
    return f"{name}+{token}@{domain}" if domain else ""


def queue(to: str, template: str, language: str, once_key: str, *, reply_to: str = "", **context: Any) -> None:
    """Write one letter into the current transaction.

    template : name in templates/email/<language>/<template>.txt; its first line is the subject
    once_key : a second call with the same key writes nothing
    """
    if session.scalar(sa.select(Mail.id).where(Mail.once_key == once_key)):
        return
    text = _environment().get_template(f"{language}/{template}.txt").render(base_url=_base_url, **context)
    write(to, text, once_key, reply_to)


def write(to: str, text: str, once_key: str, reply_to: str = "") -> None:
    """Write a letter whose text is ready: first line subject, blank line, body."""
    subject, _, body = text.partition("\n")
    subject = " ".join(subject.split())[:200]
    session.add(Mail(to=to, reply_to=reply_to, subject=subject, body=body.strip() + "\n", once_key=once_key))
    session.flush()
    session.info["wake_worker"] = True


def send_due(limit: int = 100) -> int:
    """Hand over what waits; the worker's round. Returns how many letters went out."""
    ids = session.scalars(
        sa.select(Mail.id)
        .where(Mail.sent_at.is_(None), Mail.next_try_at <= clock.now(), Mail.attempts < MAX_ATTEMPTS)
        .order_by(Mail.id)
        .limit(limit)
    ).all()
    return sum(_send(mail_id) for mail_id in ids)


def _send(mail_id: int) -> bool:
    letter = session.get(Mail, mail_id)
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = _sender, letter.to, letter.subject
    if letter.reply_to:
        message["Reply-To"] = letter.reply_to
    message["Date"] = email.utils.format_datetime(letter.created_at)
    # The same id at each try: a mail server that got it twice can tell.
    message["Message-ID"] = f"<{letter.id}.{int(letter.created_at.timestamp())}@{_sender.rpartition('@')[2]}>"
    message.set_content(letter.body)
    try:
        _transport(message, letter.id)
    except (OSError, smtplib.SMTPException):
        log.exception("a letter could not be handed over", extra={"mail": mail_id})
        with transaction():
            letter = session.get(Mail, mail_id)
            letter.attempts += 1
            letter.next_try_at = clock.now() + timedelta(seconds=300)
        return False
    with transaction():
        session.get(Mail, mail_id).sent_at = clock.now()
    return True


def _folder(folder: Path) -> Transport:
    def put(message: EmailMessage, mail_id: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{mail_id:08d}.eml").write_bytes(bytes(message))

    return put


def _smtp(url: str) -> Transport:
    parts = urlsplit(url)

    def send(message: EmailMessage, _mail_id: int) -> None:
        port = parts.port or (465 if parts.scheme == "smtps" else 587)
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                parts.hostname, port, timeout=30, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(parts.hostname, port, timeout=30)
        with server:
            if parts.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
            if parts.username:
                server.login(parts.username, parts.password or "")
            server.send_message(message)

    return send
