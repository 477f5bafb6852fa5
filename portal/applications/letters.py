"""Letters that follow from events: one for each person and event, however often the event is delivered.

A request for supplements is also kept as a paper (`portal.letters`) that the firm can prove.
"""

from __future__ import annotations

from portal.applications import queries
from portal.applications.models import Application, ConsortiumMember, Supplement
from portal.applications.parts import Consent
from portal.applications.receipt import exactly
from portal.base import clock, mail
from portal.base.access import SYSTEM
from portal.base.db import session
from portal.base.words import say, use_language
from portal.letters import queries as papers
from portal.letters import service as writing
from portal.letters.rules import LetterContent, LetterKind


def write_received(application_id: int, **_ids: object) -> None:
    """To the firm: 접수번호 and time."""
    application = queries.by_id(SYSTEM, application_id)
    _to_firm(
        application,
        "application_received",
        f"application-received-{application.id}",
        received=exactly(application.submitted_at),
        path=f"/applications/{application.key}/receipt",
    )


def write_supplement_asked(application_id: int, supplement_id: int) -> None:
    """To the firm: what to mend, until when."""
    application, asked = queries.by_id(SYSTEM, application_id), session.get(Supplement, supplement_id)
    _to_firm(
        application,
        "application_supplement",
        f"application-supplement-{supplement_id}",
        message=asked.message,
        due=f"{clock.kst(asked.due_at):%Y-%m-%d %H:%M}",
        path=f"/applications/{application.key}/supplement",
    )
    about = f"supplement:{asked.id}"
    if papers.by_about(about) is None:
        language = papers.language_of(application.organisation_id)
        letter = writing.prepare(
            SYSTEM,
            LetterKind.SUPPLEMENT,
            application_id=application.id,
            number=application.number or "",
            organisation_id=application.organisation_id,
            language=language,
            content=_supplement(application, asked, language),
            about=about,
            region=application.region,
        )
        writing.send(SYSTEM, letter, by_mail=False)


def _supplement(application: Application, asked: Supplement, language: str) -> LetterContent:
    call, due = application.call, f"{clock.kst(asked.due_at):%Y-%m-%d %H:%M}"
    with use_language(language):
        return LetterContent(
            title=LetterKind.SUPPLEMENT.label,
            addressee=application.organisation.name,
            lead=say(
                "신청하신 {call}의 요건을 검토한 결과, 아래와 같이 보완을 요청합니다.",
                "We checked your application to {call} and ask you to mend the following.",
            ).format(call=call.title),
            sections=(
                (say("보완할 내용", "What to mend"), [asked.message]),
                (
                    say("보완할 곳과 기한", "Where, and until when"),
                    [
                        (say("보완할 곳", "Pages"), ", ".join(str(part.label) for part in asked.asked_parts)),
                        (say("기한", "Due"), f"{due} (KST)"),
                        (say("요청한 날", "Asked on"), f"{clock.kst(asked.asked_at):%Y-%m-%d}"),
                    ],
                ),
            ),
            remedy=say(
                "포털의 신청 화면에서 고치고 보내면 됩니다. 기한이 지나면 보낼 수 없습니다.",
                "Mend these pages on the portal and send them. Nothing can be sent after the due date.",
            ),
            sender=call.contact,
            dated=asked.asked_at,
        )


def write_supplier_asked(member_id: int, time: int) -> None:
    """To the named supplier: who asks for which programme; nothing else of the application."""
    member = session.get(ConsortiumMember, member_id)
    if member is None or member.consent is not Consent.ASKED or member.asked_times != time:
        return  # named anew since: the letter would go to the wrong firm
    application: Application = queries.by_id(SYSTEM, member.application_id)
    for person in queries.people_of(member.organisation_id):
        mail.queue(
            person.email,
            "consortium_asked",
            person.language,
            f"consortium-asked-{member.id}-{time}-{person.id}",
            name=person.name,
            firm=application.organisation.name,
            call=application.call.title.in_(person.language),
            path=f"/consortium/{member.key}",
        )


def write_supplier_answered(member_id: int, time: int) -> None:
    """To the firm: the supplier's answer."""
    member = session.get(ConsortiumMember, member_id)
    if member is None or member.asked_times != time or member.answered_at is None:
        return
    application = queries.by_id(SYSTEM, member.application_id)
    _to_firm(
        application,
        "consortium_answered",
        f"consortium-answered-{member.id}-{time}",
        supplier=member.organisation.name,
        takes_part=member.consent is Consent.CONFIRMED,
        reason=member.reason,
        path=f"/applications/{application.key}",
    )


def _to_firm(application: Application, template: str, once_key: str, **context: object) -> None:
    for person in queries.people_of(application.organisation_id):
        mail.queue(
            person.email,
            template,
            person.language,
            f"{once_key}-{person.id}",
            name=person.name,
            number=application.number or "",
            call=application.call.title.in_(person.language),
            **context,
        )
