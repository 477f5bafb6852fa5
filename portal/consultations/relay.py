"""Answers by mail: letters of a thread name an address of the portal's own, so that neither side learns the other's.

The mail server hands what arrives there to `flask portal take-mail`. A message is taken only from the person to whom the
address was given; the mail server is trusted to refuse forged senders (SPF, DKIM, DMARC).
"""

from __future__ import annotations

import hashlib
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from enum import StrEnum
from io import BytesIO

import sqlalchemy as sa

from portal.accounts import queries as accounts
from portal.accounts.models import Person
from portal.base import mail
from portal.base.access import Forbidden, NotVisible, RuleBroken
from portal.base.db import session, transaction
from portal.base.words import sentence
from portal.consultations import queries, talking
from portal.consultations.models import Consultation, ReplyAddress

MAX_BYTES = 25 * 1024 * 1024
_TOKEN = re.compile(r"\+([0-9a-f]{32})@")
# where the letter that is answered begins
_QUOTED = re.compile(
    r"^(-{2,}\s*(원본|original|forwarded).*|on .+ wrote:|.+(님이 작성|작성:|wrote:)\s*|_{10,}|보낸\s?사람\s*:.*|from\s*:.*)$",
    re.IGNORECASE,
)


class Taken(StrEnum):
    """What became of a message that arrived."""

    WRITTEN = "written"
    REFUSED = "refused"
    IGNORED = "ignored"


def address_of(row: Consultation, person_id: int) -> str:
    """The address at which one person answers a thread, made when first asked for; "" while the portal takes no mail.

    Notes: writes; inside of a transaction only
    """
    if not mail.reply_address("x"):
        return ""
    found = session.scalar(
        sa.select(ReplyAddress).where(ReplyAddress.consultation_id == row.id, ReplyAddress.person_id == person_id)
    )
    if found is None:
        found = ReplyAddress(consultation_id=row.id, person_id=person_id)
        session.add(found)
        session.flush()
    return mail.reply_address(found.token)


def take_in(raw: bytes) -> Taken:
    """Put one message that arrived into its thread; whose message is refused reads why."""
    if len(raw) > MAX_BYTES:
        return Taken.IGNORED
    message = message_from_bytes(raw, policy=policy.default)
    found = _addressed(message)
    if found is None or str(message.get("Auto-Submitted", "no")).lower() != "no":
        return Taken.IGNORED
    person = session.get(Person, found.person_id)
    row = session.get(Consultation, found.consultation_id)
    sender = parseaddr(str(message.get("From", "")))[1].lower()
    if person is None or not person.active or row is None or sender != person.email.lower():
        return Taken.IGNORED
    number = hashlib.sha256(str(message.get("Message-ID") or raw).encode()).hexdigest()
    try:
        talking.write(accounts.actor_of(person), row.key, answer_in(message), _files(message), once_key=number)
    except (RuleBroken, NotVisible, Forbidden) as refusal:
        _say_why(person, row, refusal, number)
        return Taken.REFUSED
    return Taken.WRITTEN


def _addressed(message: EmailMessage) -> ReplyAddress | None:
    headers = [str(one) for name in ("To", "Cc", "Delivered-To", "X-Original-To") for one in message.get_all(name, [])]
    for _, address in getaddresses(headers):
        if token := _TOKEN.search(address.lower()):
            return session.get(ReplyAddress, token[1])
    return None


def answer_in(message: EmailMessage) -> str:
    """What the person wrote, without the letter that is quoted below it."""
    body = message.get_body(preferencelist=("plain",))
    try:
        text = body.get_content() if body is not None else ""
    except (LookupError, ValueError):  # a character set that does not exist
        text = ""
    kept = []
    for line in text.splitlines():
        if _QUOTED.match(line.strip()):
            break
        if not line.lstrip().startswith(">"):
            kept.append(line.rstrip())
    return "\n".join(kept).strip()


def _files(message: EmailMessage) -> list[talking.Upload]:
    found = []
    for part in message.iter_attachments():
        content = part.get_payload(decode=True)
        if part.get_filename() and content:
            found.append((BytesIO(content), part.get_filename()))
    return found


def _say_why(person: Person, row: Consultation, refusal: Exception, number: str) -> None:
    code, values = getattr(refusal, "code", "no_right"), getattr(refusal, "values", {})
    with transaction():
        row = queries.by_id(row.id)
        mail.queue(
            person.email,
            "consultation_mail_refused",
            person.language,
            f"consultation_mail_refused:{number}",
            why=sentence(code, **values).in_(person.language),
            topic=row.topic.label.in_(person.language),
            path=f"/consultations/{row.key}",
        )
