"""A market for the stories of matching: `python -m tests.browser.market`.

hana's firm with a finished diagnosis and 39 others, gong's listing and 19 others, each good at something else. Everybody
of the cast signs in with the cast's password; the others answer on the operator's spreadsheet.
"""

from __future__ import annotations

import os
import random
import sys
from datetime import time

import sqlalchemy as sa

from portal import create_app
from portal.accounts.models import Organisation
from portal.base import clock, marks
from portal.base.db import session, transaction
from portal.matchdays.models import MatchDay
from portal.start import prepare
from tests import cast
from tests.doors import World
from tests.factories import directory as listings
from tests.factories import evaluation
from tests.factories.profiles import complete_profile

COMPANIES, SUPPLIERS = 40, 20
SEED = 20261123
FIELDS = ("MES", "VISION", "QMS", "WMS", "APS", "ROBOT", "CMMS", "IIOT", "POP", "AI")
WORK = {
    "MES": "작업지시와 생산실적을 실시간으로 잇습니다",
    "VISION": "카메라로 외관 불량을 가려냅니다",
    "QMS": "검사 기록과 부적합을 한곳에 모읍니다",
    "WMS": "창고 입출고를 바코드로 관리합니다",
    "APS": "납기에 맞춘 생산일정을 짭니다",
    "ROBOT": "협동로봇으로 적재와 조립을 돕습니다",
    "CMMS": "설비 점검과 예비품을 관리합니다",
    "IIOT": "설비 신호를 게이트웨이로 모읍니다",
    "POP": "현장 단말로 실적을 집계합니다",
    "AI": "불량을 미리 알려 주는 제조AI를 만듭니다",
}


def company_name(number: int) -> str:
    return f"합성제조 {number:02d}"


def supplier_name(number: int) -> str:
    return f"합성공급 {number:02d}"


def main() -> None:
    os.environ["FLASK_RUN_FROM_CLI"] = "true"  # as a command: with migrations
    app = create_app()
    with app.app_context():
        prepare(demo=False)
        with transaction():
            marks.put(marks.DEMO, "tests")
        world = World(app, cast.build())
        dice = random.Random(SEED)
        gong = world.actor("gong").organisation_id
        for number in range(SUPPLIERS):
            own, other = FIELDS[number % len(FIELDS)], dice.choice(FIELDS)
            row = listings.approved_listing(
                gong if number == 0 else None,
                name=supplier_name(number),
                capabilities={own: 4, other: 2},
                summary=f"합성(예시) {WORK[own]}",
                description=f"합성(예시) 소개. {WORK[own]}. {WORK[other]}.",
                regions=["nationwide"],
            )
            for _ in range(number % 4):
                listings.build(row, technologies=[own])
        for number in range(COMPANIES - 2):
            evaluation.a_firm(company_name(number))
        unnamed = sa.select(Organisation).where(Organisation.registration_number.is_(None)).order_by(Organisation.id)
        with transaction():  # a company on the operator's sheet is known by its registration number
            for number, row in enumerate(session.scalars(unnamed)):
                row.registration_number = number_of(number)
        complete_profile(world.actor("hana"), 2, ["S2"], but={"S2": 3}, facts={"ksic": "251"})


def let_the_day_come() -> None:
    """The matching day is today, from midnight on: what is written down on the day can be."""
    app = create_app()
    with app.app_context(), transaction():
        day = session.scalars(sa.select(MatchDay)).one()
        day.day, day.first = clock.today(), time(0, 0)


def number_of(serial: int) -> str:
    """A registration number with a right check digit."""
    digits = f"{700_000_000 + serial * 37:09d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, (1, 3, 7, 1, 3, 7, 1, 3, 5), strict=True))
    total += int(digits[8]) * 5 // 10
    return f"{digits}{(10 - total % 10) % 10}"


if __name__ == "__main__":
    let_the_day_come() if "the-day" in sys.argv else main()
