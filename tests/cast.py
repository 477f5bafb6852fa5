"""The cast: the persons who stand in every test, each with the organisation and the right that the name stands for.

hana  owner of a manufacturing firm          duri   owner of another firm
pyeong evaluator who is assigned             nam    evaluator who is not
jang  chair of the panel                     gong   administrator of a supplier
un    operator of the agency                 gam    auditor
anon  nobody: not signed in
"""

from __future__ import annotations

from dataclasses import dataclass

ANON = "anon"
NAMES = ("hana", "duri", "pyeong", "nam", "jang", "gong", "un", "gam")
EVERYONE = (ANON, *NAMES)

PASSWORD = "매우-긴-시험용-비밀번호-7"
EMAIL = "{}@example.kr"
# Valid check digits; the numbers belong to these tests, not to a firm.
REGISTRATION_NUMBERS = {"hana": "9998100015", "duri": "9998100029", "gong": "9998100034"}


@dataclass(frozen=True)
class Member:
    """One of the cast as ids, so that it can be kept across database restores."""

    name: str
    id: int
    key: str
    organisation_id: int
    uniquifier: str
    token: str  # of a running session (the row keeps its hash)
    totp_secret: str | None


def build() -> dict[str, Member]:
    """Create the cast through the services. Needs an application context with tables and reference data."""
    from flask import current_app
    from flask_security import hash_password
    from flask_security.proxies import _security

    from portal.accounts import service
    from portal.accounts.rules import OrganisationKind, Role
    from portal.base.access import SYSTEM
    from portal.base.db import transaction

    firms = {
        "hana": (OrganisationKind.COMPANY, "하나정밀 (합성)"),
        "duri": (OrganisationKind.COMPANY, "두리금속 (합성)"),
        "gong": (OrganisationKind.SUPPLIER, "공급솔루션 (합성)"),
    }
    roles = {
        "hana": Role.SME_OWNER,
        "duri": Role.SME_OWNER,
        "pyeong": Role.EVALUATOR,
        "nam": Role.EVALUATOR,
        "jang": Role.LEAD_EVALUATOR,
        "gong": Role.SUPPLIER_ADMIN,
        "un": Role.OPERATOR_NATIONAL,
        "gam": Role.AUDITOR,
    }
    korean = dict(
        zip(NAMES, ("김하나", "이두리", "박평가", "최남은", "정위원장", "강공급", "조운영", "윤감사"), strict=True)
    )
    with current_app.test_request_context():
        password = hash_password(PASSWORD)
        secrets = {
            name: _security.totp_factory.generate_totp_secret() for name in ("pyeong", "nam", "jang", "un", "gam")
        }
    with transaction():
        agency = service.add_organisation(SYSTEM, OrganisationKind.AGENCY, "운영기관 (합성)")
        people = {}
        for name in NAMES:
            organisation = agency
            if name in firms:
                kind, title = firms[name]
                organisation = service.add_organisation(
                    SYSTEM, kind, title, registration_number=REGISTRATION_NUMBERS[name]
                )
            person = service.add_person(
                SYSTEM,
                email=EMAIL.format(name),
                name=korean[name],
                roles={roles[name]},
                password_hash=password,
                organisation=organisation,
                confirmed=True,
                consents={"terms": "2026-11", "privacy": "2026-11"},
            )
            if name in secrets:
                person.tf_totp_secret, person.tf_primary_method = secrets[name], "authenticator"
            people[name] = person
    return {
        name: Member(
            name=name,
            id=person.id,
            key=person.key,
            organisation_id=person.organisation_id,
            uniquifier=person.fs_uniquifier,
            token=service.begin_session(person, "tests"),
            totp_secret=person.tf_totp_secret,
        )
        for name, person in people.items()
    }
