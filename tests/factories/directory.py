"""Suppliers: organisations with their people, listings in each status, verified builds."""

from __future__ import annotations

import hashlib
import io
from typing import Any

from portal.accounts import service as accounts
from portal.accounts.models import Organisation
from portal.accounts.rules import OrganisationKind, Role
from portal.base.access import SYSTEM, Actor
from portal.base.db import session, transaction
from portal.directory import claims, importing, queries, ratings, service, suspension, verification
from portal.directory.models import BuildClaim, Listing, ListingImport, Rating, TrackRecord, Verification
from portal.directory.oversight import Certificate, Mark, SuspensionGround

FACTS: dict[str, Any] = {
    "summary": "합성(예시) 금속가공 공장의 생산관리를 맡습니다",
    "description": "합성(예시) 소개. 작업지시와 실적 집계를 함께 봅니다.",
    "capabilities": {"MES": 3, "POP": 2},
    "sectors": ["25"],
    "regions": ["gyeonggi"],
    "products": [{"name": "합성 현장판", "description": "작업 현황 화면", "price": "subscription"}],
    "founded_year": 2015,
    "engineers": 12,
    "open_slots": 3,
    "lead_weeks": 6,
    "aftercare_hours": 24,
    "contact_name": "합성 담당",
    "contact_email": "reach-us@supplier.example",
    "contact_phone": "02-555-0199",
}


PAPER = b"%PDF-1.4 synthetic"


def supplier(name: str = "합성 공급기업", region: str | None = "gyeonggi-hwaseong") -> Organisation:
    """A supplier with one administrator."""
    organisation = accounts.add_organisation(SYSTEM, OrganisationKind.SUPPLIER, name, region=region)
    accounts.add_person(
        SYSTEM,
        email=f"admin-{organisation.id}@supplier.example",
        name="합성 관리자",
        roles={Role.SUPPLIER_ADMIN},
        organisation=organisation,
        confirmed=True,
    )
    return organisation


def draft_listing(organisation_id: int | None = None, name: str = "합성 공급기업", **changes: Any) -> Listing:
    """A listing that nobody has submitted yet; of a new supplier unless one is named."""
    region = changes.pop("region", "gyeonggi-hwaseong")
    if organisation_id is None:
        organisation_id = supplier(name, region).id
    return service.save_listing(SYSTEM, {**FACTS, **changes}, organisation_id=organisation_id)


def pending_listing(organisation_id: int | None = None, **changes: Any) -> Listing:
    row = draft_listing(organisation_id, **changes)
    return service.submit_listing(SYSTEM, row.id)


def approved_listing(organisation_id: int | None = None, **changes: Any) -> Listing:
    """A public listing. changes: fields of FACTS, `name` and `region` of a new supplier."""
    row = pending_listing(organisation_id, **changes)
    return service.approve_listing(SYSTEM, row.id)


def suspended_listing(organisation_id: int | None = None, **changes: Any) -> Listing:
    row = approved_listing(organisation_id, **changes)
    suspension.suspend(SYSTEM, row.id, SuspensionGround.CHECKING, "합성 사유")
    return row


def build(listing: Listing, **changes: Any) -> TrackRecord:
    """One verified build of a listing's supplier."""
    facts: dict[str, Any] = {
        "year": 2025,
        "programme": "합성 기초 사업",
        "region": "gyeonggi",
        "ksic": "25",
        "technologies": ["MES"],
        "planned_months": 6,
        "actual_months": 6,
        "target_level": 1,
        "achieved_level": 2,
        "passed_first_audit": True,
        "kpi": "공정불량률",
        "kpi_gain_ratio": 0.2,
        "source": "합성 감리보고서",
    }
    return service.add_track_record(SYSTEM, listing.organisation_id, **{**facts, **changes})


def mark(listing: Listing, kind: Mark = Mark.AI, **certificate: Any) -> Verification:
    """A mark that stands."""
    return verification.record(SYSTEM, listing.id, kind, Certificate(**certificate))


def claimed_mark(actor: Actor, kind: Mark = Mark.AI, **certificate: Any) -> Verification:
    """A supplier's claim with its paper, which nobody has judged."""
    return verification.claim(actor, kind, Certificate(**certificate), io.BytesIO(PAPER), "증명서.pdf")


def filed_build(actor: Actor, number: str = "1248100998", token: str | None = None, **changes: Any) -> BuildClaim:
    """An earlier build that a supplier has filed; token: what the company's link carries."""
    facts = {"year": 2023, "programme": "합성 기초 사업", "technologies": ["MES"], **changes}
    row = claims.file_claim(
        actor,
        facts,
        company_name="합성 도입",
        company_number=number,
        company_email="boss@factory.example",
        stream=io.BytesIO(PAPER),
        filename="감리.pdf",
    )
    if token:
        with transaction():
            row = claims.by_key(SYSTEM, row.key)
            row.token_sha256 = hashlib.sha256(token.encode()).hexdigest()
    return row


def workbook(*rows: tuple[Any, ...], products: tuple[tuple[Any, ...], ...] = ()) -> io.BytesIO:
    """A workbook of technologies (code, name, level) and products, as a supplier would upload it."""
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["코드", "기술", "수준"])
    for row in rows:
        book.active.append(row)
    page = book.create_sheet("제품")
    page.append(["제품", "설명", "가격 방식", "GS인증", "SaaS"])
    for row in products:
        page.append(row)
    content = io.BytesIO()
    book.save(content)
    content.seek(0)
    return content


def imported_workbook(actor: Actor, *rows: tuple[Any, ...], **sheets: Any) -> ListingImport:
    """A workbook that waits for its confirmation."""
    return importing.upload(actor, workbook(*(rows or (("APS", "", 4),)), **sheets), "제품.xlsx")


def rating(listing: Listing, actor: Actor, stars: int = 4, text: str = "합성(예시) 약속한 날에 끝났습니다.") -> Rating:
    """A rating by a company with a finished build."""
    ratings.open_for(SYSTEM, listing.id, actor.organisation_id or 0, "consultation:made")
    return ratings.rate(actor, listing.id, stars, text)


def door_values(world: Any) -> dict[str, Any]:
    """Gong's public listing stands behind the directory's doors, with an edit that an operator has not seen."""
    row = approved_listing(world.cast["gong"].organisation_id)
    row = service.save_listing(
        SYSTEM, {**FACTS, "summary": "합성(예시) 고친 소개"}, organisation_id=row.organisation_id
    )
    own = {"key": queries.by_id(SYSTEM, row.id).key}
    endpoints = (
        "show", "version_list", "rate", "review", "approve", "send_back", "suspend", "restore", "answer_appeal", "add_record",
    )  # fmt: skip
    claim = {"key": claimed_mark(world.actor("gong")).key}
    number = session.get(Organisation, world.cast["hana"].organisation_id).registration_number
    build = {"key": filed_build(world.actor("gong"), number or "1248100998").key}
    filed_build(world.actor("gong"), token="door-token", year=2022)
    builds = (
        "build", "build_paper", "confirm_build", "accept_build", "refuse_build", "ask_build_again", "withdraw_build",
    )  # fmt: skip
    imported = imported_workbook(world.actor("gong"))
    ratings.open_for(SYSTEM, row.id, world.cast["hana"].organisation_id, "consultation:doors")
    rated = rating(row, world.actor("duri"))
    marks = ("mark", "mark_paper", "verify_mark", "refuse_mark", "end_mark", "withdraw_mark")
    return {
        **{f"directory.{name}": own for name in endpoints},
        **{f"directory.{name}": claim for name in marks},
        **{f"directory.{name}": build for name in builds},
        **{f"directory.{name}": {"key": imported.key} for name in ("import_check", "import_take")},
        "directory.reply_rating": {"key": rated.key},
        "directory.answer_build": {"token": "door-token"},
    }
