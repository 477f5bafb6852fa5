"""A colleague of hana's who was invited and has not answered yet."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from portal.accounts import service
from portal.accounts.models import Person, SignIn
from portal.accounts.rules import PURPOSES
from portal.base.access import Actor
from portal.base.db import session


def invited(actor: Actor, email: str = "invited@example.kr", name: str = "초대된 동료") -> Person:
    """A colleague whom the actor has invited to their own organisation."""
    return service.invite_colleague(actor, email=email, name=name)


def door_values(world: Any) -> dict[str, Any]:
    person = invited(world.actor("hana"))
    hana = session.scalar(sa.select(SignIn.id).where(SignIn.person_id == world.cast["hana"].id))
    return {
        "accounts.invitation": {"token": service.invitation_token(person)},
        "accounts.remove_colleague": {"key": person.key},
        "accounts.end_session": {"sign_in_id": hana},
        "accounts.consent": {"code": next(purpose.code for purpose in PURPOSES if not purpose.required), "act": "give"},
    }
