"""A closed call with 200 synthetic files in evaluation: `python -m tests.browser.hall`.

hana's firm is one of the 200, a weak file; duri's is a strong one; about QUARREL's the evaluators will lie far apart.
pyeong and nam sit in a pool of 24 evaluators, jang is one of three chairs; the others answer through the services
(`tests.browser.desks`), as people at desks of their own would. Everybody has the password of the cast.
"""

from __future__ import annotations

import os
import random
from datetime import timedelta

from portal import create_app
from portal.accounts.models import Person
from portal.accounts.rules import Role
from portal.applications.models import Application
from portal.applications.parts import Part
from portal.base import clock, marks
from portal.base.access import Actor
from portal.base.db import session, transaction
from portal.demo.texts import PLANS
from portal.evaluators.models import Membership
from portal.evaluators.rules import PoolStatus
from portal.programmes.models import Call
from portal.start import prepare
from tests import cast
from tests.doors import World
from tests.factories import applications, evaluation
from tests.factories.profiles import complete_profile

FILES = 200
POOL = 24
SEED = 20261123
WEAK, STRONG = 0.67, 0.95
QUARREL = "합성제조 007"
CALL = "자동화 공정 지원 200 (합성)"
INDUSTRIES = ("251", "259", "222", "291", "303", "107", "204", "282")
TECHNOLOGIES = ("MES", "POP", "VISION", "QMS", "CMMS", "APS", "IIOT", "AUTO")


def main() -> None:
    os.environ["FLASK_RUN_FROM_CLI"] = "true"  # as a command: with migrations
    app = create_app()
    with app.app_context():
        prepare(demo=False)
        with transaction():
            marks.put(marks.DEMO, "tests")
        world = World(app, cast.build())
        dice = random.Random(SEED)
        pool(world, dice)
        now = clock.now().replace(microsecond=0)
        call = applications.a_call(
            title_ko=CALL,
            title_en="Process automation 200 (synthetic)",
            opens_at=now - timedelta(days=30),
            closes_at=now + timedelta(days=1),
            budget_krw=2_400_000_000,
        )
        suppliers = [applications.a_supplier(f"합성공급 {number + 1} (예시)") for number in range(8)]
        for supplier in suppliers:
            applications.a_listing(supplier)
        firms = [world.actor("hana"), world.actor("duri")]
        firms += [evaluation.a_firm(f"합성제조 {number:03d}") for number in range(FILES - len(firms))]
        for firm in firms:
            hand_in(firm, call, dice.choice(suppliers), dice)
        close(call)


def pool(world: World, dice: random.Random) -> None:
    """pyeong, nam and 22 others with a field each; two further chairs."""
    people = [world.actor("pyeong"), world.actor("nam")]
    people += [evaluation.an_evaluator(f"합성위원 {number:02d}") for number in range(POOL - len(people))]
    chairs = [evaluation.an_evaluator(f"합성위원장 {number + 1}", Role.LEAD_EVALUATOR) for number in range(2)]
    with transaction():
        jang = session.get(Person, world.cast["jang"].id)
        for person in (*people[2:], *chairs):
            row = session.get(Person, person.id)
            row.email = f"panel{row.id}@example.kr"
            row.password, row.tf_primary_method, row.tf_totp_secret = jang.password, jang.tf_primary_method, jang.tf_totp_secret
        for person in people:
            plan = dice.choice(PLANS)
            session.add(
                Membership(
                    person_id=person.id,
                    status=PoolStatus.ACTIVE,
                    technologies=sorted({*plan.technologies, dice.choice(TECHNOLOGIES)}),
                    industries=sorted({code[:2] for code in dice.sample(INDUSTRIES, 2)}),
                    text=f"{plan.build} 합성(예시) 경력입니다.",
                )
            )


def hand_in(firm: Actor, call: Call, supplier: Actor, dice: random.Random) -> Application:
    """One file on its way into evaluation; in one transaction, because 200 of them are made."""
    plan = dice.choice(PLANS)
    cost = dice.randrange(40, 110) * 1_000_000
    with transaction():
        complete_profile(firm, 2, ["S2"], but={"S2": 3}, facts={"ksic": dice.choice(INDUSTRIES)})
        return applications.accepted(
            firm,
            supplier,
            call=call,
            but={
                Part.CHOICE: {"scope": sorted({"AUTO", *plan.technologies})},
                Part.NEED: {"problem": plan.problem, "goal": plan.goal, "build": plan.build},
                Part.COSTS: {
                    "lines": [{"kind": "hardware", "item": "로봇 셀", "unit_price_krw": cost, "quantity": 1}],
                    "own_share_krw": cost // 2,
                    "own_share_source": "cash",
                },
            },
        )


def close(call: Call) -> None:
    """The window is over: evaluation may begin."""
    with transaction():
        row = session.get(Call, call.id)
        row.closes_at = clock.now() - timedelta(minutes=5)


if __name__ == "__main__":
    main()
