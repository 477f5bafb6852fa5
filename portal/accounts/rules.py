"""Who people are to the portal: roles, kinds of organisation, and what each may do with accounts."""

from __future__ import annotations

from enum import StrEnum

from portal.base.words import Words, define, say


class Role(StrEnum):
    """Roles of domain.md 6; rights on single objects come from rows (grants, assignments), never from roles alone."""

    SME_OWNER = "sme_owner"
    SME_STAFF = "sme_staff"
    SUPPLIER_ADMIN = "supplier_admin"
    SUPPLIER_ENGINEER = "supplier_engineer"
    EVALUATOR = "evaluator"
    LEAD_EVALUATOR = "lead_evaluator"
    COORDINATOR = "coordinator"
    AUDITOR = "auditor"
    OPERATOR_REGION = "operator_region"
    OPERATOR_NATIONAL = "operator_national"
    PARTNER = "partner"
    SYSADMIN = "sysadmin"

    @property
    def label(self) -> Words:
        return ROLE_LABELS[self]


ROLE_LABELS = {
    Role.SME_OWNER: say("도입기업 대표", "SME owner"),
    Role.SME_STAFF: say("도입기업 담당자", "SME staff"),
    Role.SUPPLIER_ADMIN: say("공급기업 관리자", "Supplier administrator"),
    Role.SUPPLIER_ENGINEER: say("공급기업 엔지니어", "Supplier engineer"),
    Role.EVALUATOR: say("평가위원", "Evaluator"),
    Role.LEAD_EVALUATOR: say("평가위원장", "Chair"),
    Role.COORDINATOR: say("코디네이터", "Coordinator"),
    Role.AUDITOR: say("감사", "Auditor"),
    Role.OPERATOR_REGION: say("지역 운영기관", "Regional operator"),
    Role.OPERATOR_NATIONAL: say("운영기관", "Operator"),
    Role.PARTNER: say("주관기관", "Partner"),
    Role.SYSADMIN: say("시스템 관리자", "System administrator"),
}

SME = frozenset({Role.SME_OWNER, Role.SME_STAFF})
SUPPLIER = frozenset({Role.SUPPLIER_ADMIN, Role.SUPPLIER_ENGINEER})
OPERATOR = frozenset({Role.OPERATOR_NATIONAL, Role.OPERATOR_REGION})
EVALUATORS = frozenset({Role.EVALUATOR, Role.LEAD_EVALUATOR})
EVERYBODY = frozenset(Role)

# Whoever sees other people's cases signs in with a second factor; without it the role gives no right.
SECOND_FACTOR = frozenset({Role.EVALUATOR, Role.LEAD_EVALUATOR, Role.AUDITOR, Role.SYSADMIN}) | OPERATOR


class OrganisationKind(StrEnum):
    COMPANY = "company"
    SUPPLIER = "supplier"
    AGENCY = "agency"
    PARTNER = "partner"


PERMISSIONS: dict[str, frozenset[str]] = {
    "accounts:own:read": EVERYBODY,
    "accounts:own:edit": EVERYBODY,
    "accounts:colleague:manage": frozenset({Role.SME_OWNER, Role.SUPPLIER_ADMIN}),
}

CODES = define(
    {
        "brn_invalid": say(
            "사업자등록번호가 올바르지 않습니다. 숫자 10자리를 다시 확인해 주세요.",
            "This is not a valid business registration number. Please check the 10 digits.",
        ),
        "brn_taken": say(
            "이미 가입된 사업자등록번호입니다. 동료에게 초대를 요청해 주세요.",
            "This business is already registered. Ask a colleague for an invitation.",
        ),
        "second_factor_needed": say(
            "2단계 인증을 먼저 마쳐 주세요.", "Please finish the second step of sign-in first."
        ),
    }
)


def needs_second_factor(roles: frozenset[str]) -> bool:
    return not SECOND_FACTOR.isdisjoint(roles)
