"""Batches of letters, made by the worker alone: letter by letter, each in its own transaction, resumed after a crash."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from portal.accounts import queries as accounts
from portal.accounts.models import Person
from portal.base import audit, clock
from portal.base.access import SYSTEM, Actor
from portal.base.alone import alone
from portal.base.db import session, transaction
from portal.letters import queries, service
from portal.letters.models import Letter, LetterBatch
from portal.letters.rules import BatchState

log = logging.getLogger("portal.letters")

Compose = Callable[[Actor, int], Letter | None]
"""compose(actor, subject id): prepare the letter about it; None when there is nothing to tell any more."""


def run_waiting(composers: Mapping[str, Compose]) -> int:
    """Send every batch that waits, the oldest first; nothing when another process is at it. Returns how many ended.

    composers: purpose → how the feature above makes one letter
    """
    ended = 0
    with alone("letters") as mine:
        while mine and (batch_id := queries.next_batch_id(composers)) is not None:
            run(batch_id, composers)
            ended += 1
    return ended


def run(batch_id: int, composers: Mapping[str, Compose]) -> None:
    """Send one batch to its end. What was sent before a crash is not sent again: `done` is the place to go on from."""
    with transaction():
        batch = session.get(LetterBatch, batch_id)
        batch.state, batch.started_at = BatchState.RUNNING, batch.started_at or clock.now()
        ids, done, compose = list(batch.subject_ids), batch.done, composers[batch.purpose]
        actor = accounts.actor_of(session.get(Person, batch.asked_by_id))
    try:
        for subject_id in ids[done:]:
            letter = compose(actor, subject_id)
            with transaction():
                sent = service.send(actor, letter) if letter is not None else 0
                batch = session.get(LetterBatch, batch_id)
                batch.done += 1
                batch.skipped += 0 if sent else 1
    except Exception:  # whatever it is, the page must say that it ended
        log.exception("a batch of letters stopped", extra={"batch": batch_id})
        _end(batch_id, BatchState.FAILED, "letter_broken")
    else:
        _end(batch_id, BatchState.DONE)


def _end(batch_id: int, state: BatchState, problem: str = "") -> None:
    with transaction():
        batch = session.get(LetterBatch, batch_id)
        batch.state, batch.problem, batch.finished_at = state, problem, clock.now()
        audit.record(
            SYSTEM,
            "letter_batch.end",
            "letter_batch",
            batch_id,
            {"state": state, "done": batch.done, "skipped": batch.skipped},
        )
