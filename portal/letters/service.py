"""Every write of the letters: prepare one, send some, ask for a batch. The features above check who may."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from portal.base import audit, clock, files, mail, once
from portal.base.access import Actor, RuleBroken
from portal.base.db import session, transaction
from portal.letters import paper, queries
from portal.letters.models import Letter, LetterBatch
from portal.letters.rules import LetterContent, LetterKind, LetterState

__all__ = ["LetterContent", "LetterKind", "ask_batch", "prepare", "send"]


def prepare(
    actor: Actor,
    kind: LetterKind,
    *,
    application_id: int,
    number: str,
    organisation_id: int,
    language: str,
    content: LetterContent,
    about: str | None = None,
    region: str | None = None,
) -> Letter:
    """Make a letter's file and keep it; nobody of the firm sees it before it is sent.

    about  : what it tells of ("decision:12"); an unsent letter about the same is made anew
    region : of the application: its regional operator reads the letter too
    Raises : RuleBroken letter_sent when the letter about this was sent already
    """
    kind = LetterKind(kind)
    made_at = content.dated or clock.now()
    data = paper.pdf(kind, number, content, language, made_at)
    with transaction():
        row = queries.by_about(about, lock=True) if about else None
        if row is not None and row.is_sent:
            raise RuleBroken("letter_sent")
        stored = files.store(io.BytesIO(data), "letter.pdf", kinds=("pdf",))
        row = row or Letter(about=about)
        row.kind, row.state = kind, LetterState.PREPARED
        row.application_id, row.number, row.organisation_id = application_id, number, organisation_id
        row.region = region
        row.language, row.content_kept = language, content.as_dict()
        row.content_sha256 = paper.digest(kind, number, content)
        row.sha256, row.blob_id = stored.sha256, stored.blob_id
        row.prepared_at, row.prepared_by_id = clock.now(), actor.id
        session.add(row)
        session.flush()
        audit.record(
            actor,
            "letter.prepare",
            "letter",
            row.id,
            {"kind": kind, "application": application_id, "sha256": row.sha256},
        )
        return row


def send(actor: Actor, letters: Letter | Iterable[Letter], once_key: str | None = None, *, by_mail: bool = True) -> int:
    """Send prepared letters: from now on the firm's people can open them, and each gets an e-mail. Returns how many.

    by_mail: False where another mail tells the firm's people already
    Notes  : what was sent already stays as it is; the same once_key sends nothing twice
    """
    ids = [row.id for row in ([letters] if isinstance(letters, Letter) else letters)]
    with transaction():
        if once_key and (done := once.claim(actor, once_key, "letters.send")) is not None:
            return int(done)
        rows = session.scalars(
            sa.select(Letter)
            .where(Letter.id.in_(ids), Letter.state == LetterState.PREPARED)
            .order_by(Letter.id)
            .with_for_update(of=Letter)
            .execution_options(populate_existing=True)
        ).all()
        for row in rows:
            row.state, row.sent_at, row.sent_by_id = LetterState.SENT, clock.now(), actor.id
            session.flush()
            audit.record(actor, "letter.send", "letter", row.id, {"kind": row.kind, "sha256": row.sha256})
            if by_mail:
                _tell(row)
        once.keep(actor, once_key, "letters.send", str(len(rows)))
        return len(rows)


def _tell(row: Letter) -> None:
    for person in queries.people_of(row.organisation_id):
        mail.queue(
            person.email,
            "letter_sent",
            person.language,
            f"letter-{row.id}-{person.id}",
            name=person.name,
            number=row.number,
            letter=row.kind.label.in_(person.language),
            path=f"/letters/{row.key}",
        )


def ask_batch(
    actor: Actor, purpose: str, call_id: int, subject_ids: Sequence[int], once_key: str | None = None
) -> LetterBatch:
    """Ask the worker to make and send one letter about each subject. The feature above composes them (`work`).

    Raises: RuleBroken letter_nothing, letter_batch_runs
    """
    with transaction():
        if once_key and (key := once.claim(actor, once_key, "letters.batch")) is not None:
            return session.scalar(sa.select(LetterBatch).where(LetterBatch.key == key))
        if not subject_ids:
            raise RuleBroken("letter_nothing")
        if queries.open_batch(purpose, call_id) is not None:
            raise RuleBroken("letter_batch_runs")
        row = LetterBatch(
            purpose=purpose,
            call_id=call_id,
            subject_ids=list(subject_ids),
            total=len(subject_ids),
            asked_by_id=actor.id,
        )
        session.add(row)
        try:
            session.flush()
        except sa.exc.IntegrityError:
            raise RuleBroken("letter_batch_runs") from None
        audit.record(actor, "letter_batch.ask", "letter_batch", row.id, {"call": call_id, "letters": row.total})
        once.keep(actor, once_key, "letters.batch", row.key)
        session.info["wake_worker"] = True
        return row
