"""The thread between two sides: messages with files. Addresses of either side stand in it only while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

import sqlalchemy as sa

from portal.base import audit, files, once, outbox
from portal.base.access import Actor, NotVisible, RuleBroken, ensure
from portal.base.db import session, transaction
from portal.consultations import queries
from portal.consultations.models import Consultation, Message, ThreadFile
from portal.consultations.rules import FILE_KINDS, MAX_FILE_BYTES, MAX_FILES, MAX_TEXT, can_write
from portal.directory.rules import clean

Upload = tuple[IO[bytes], str]


def write(
    actor: Actor, key: str, text: str, uploads: Sequence[Upload] = (), *, once_key: str | None = None
) -> Consultation:
    """Send one message to the other side. uploads: (contents, file name)

    Raises: NotVisible; RuleBroken consultation_not_open, consultation_frozen, consultation_text_needed (text),
            consultation_files_most and what `files.store` refuses (files).
    Notes : a message needs words or a file; emits message.sent
    """
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        purpose = f"message:{row.id}"
        if once.claim(actor, once_key, purpose):
            return row
        ensure(can_write(row.status))
        queries.ensure_running(row)
        if not clean(text) and not uploads:
            raise RuleBroken("consultation_text_needed", "text")
        if uploads and _files_of(row) + len(uploads) > MAX_FILES:
            raise RuleBroken("consultation_files_most", "files", most=MAX_FILES)
        message = Message(
            consultation_id=row.id,
            side=queries.own_side(actor, row),
            person_id=actor.id,
            text=clean(text)[:MAX_TEXT],
        )
        for stream, filename in uploads:
            stored = files.store(stream, filename, kinds=FILE_KINDS, max_bytes=MAX_FILE_BYTES, field="files")
            message.files.append(ThreadFile(blob_id=stored.blob_id, filename=stored.filename))
        session.add(message)
        session.flush()
        once.keep(actor, once_key, purpose, str(message.id))
        audit.record(
            actor,
            "consultation.write",
            "consultation",
            row.id,
            {"message": message.id, "files": [one.id for one in message.files]},
        )
        outbox.emit("message.sent", consultation_id=row.id, message_id=message.id)
        return row


def _files_of(row: Consultation) -> int:
    return session.scalar(
        sa.select(sa.func.count(ThreadFile.id))
        .join(Message, Message.id == ThreadFile.message_id)
        .where(Message.consultation_id == row.id)
    )


def file_of(actor: Actor, key: str, file_key: str) -> tuple[ThreadFile, str]:
    """A file of a thread, for its two sides, and its name as the actor may read it. Raises: NotVisible."""
    row = queries.by_key(actor, key)
    for message in row.messages:
        for one in message.files:
            if one.key == file_key:
                return one, queries.text_for(queries.side(actor, row), row, message.side, one.filename)
    raise NotVisible


def note_read(actor: Actor, key: str, file: ThreadFile) -> None:
    """Who took which file, for the audit."""
    file_id = file.id
    with transaction():
        row = queries.by_key(actor, key)
        audit.record(actor, "consultation.read_file", "consultation", row.id, {"file": file_id})
