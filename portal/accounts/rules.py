"""Who people are to the portal: roles, kinds of organisation, and what each may do with accounts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portal.base.access import RuleBroken
from portal.base.words import Words, define, say


class Role(StrEnum):
    """Roles of domain.md 6; rights on single objects come from rows (grants, assignments), never from roles alone."""

    SME_OWNER = "sme_owner"
    SME_STAFF = "sme_staff"
    SUPPLIER_ADMIN = "supplier_admin"
    SUPPLIER_ENGINEER = "supplier_engineer"
    EVALUATOR = "evaluator"
    LEAD_EVALUATOR = "lead_evaluator"
    CANDIDATE = "candidate"
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
    Role.CANDIDATE: say("평가위원 지원자", "Candidate for the pool"),
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

# What a colleague of each kind of organisation becomes.
OWNER_ROLE = {OrganisationKind.COMPANY: Role.SME_OWNER, OrganisationKind.SUPPLIER: Role.SUPPLIER_ADMIN}
COLLEAGUE_ROLE = {OrganisationKind.COMPANY: Role.SME_STAFF, OrganisationKind.SUPPLIER: Role.SUPPLIER_ENGINEER}

INVITATION_DAYS = 7


@dataclass(frozen=True)
class Purpose:
    """One thing that a person is asked to agree to; required and optional ones are asked apart (PIPA 15, 22)."""

    code: str
    text_version: str
    required: bool
    label: Words
    detail: Words


PURPOSES = (
    Purpose(
        "terms",
        "2026-11",
        True,
        say("이용약관", "Terms of use"),
        say(
            "포털의 이용 조건과 책임, 이용자의 의무를 정합니다.",
            "Conditions of use of the portal, responsibilities and duties of its users.",
        ),
    ),
    Purpose(
        "privacy",
        "2026-11",
        True,
        say("개인정보 수집·이용", "Collection and use of personal data"),
        say(
            "이름·이메일·휴대전화를 회원 확인과 사업 안내에 쓰고, 탈퇴하면 지체 없이 지웁니다. "
            "법이 정한 기록은 그 기간 동안 보관합니다.",
            "Name, e-mail and mobile number are used to identify you and to run the programme; they are erased without "
            "delay when you leave. Records that the law asks for are kept for their term.",
        ),
    ),
    Purpose(
        "supplier_sharing",
        "2026-11",
        False,
        say("공급기업 매칭을 위한 기업정보 제공", "Sharing company facts for supplier matching"),
        say(
            "상담을 신청한 공급기업에만, 회사 이름과 업종·지역·필요 기술을 보냅니다. "
            "동의하지 않아도 가입과 신청에 불이익이 없습니다.",
            "Only suppliers whom you ask for a consultation receive your company's name, industry, region and needs. "
            "Saying no has no effect on membership or applications.",
        ),
    ),
    Purpose(
        "news",
        "2026-11",
        False,
        say("공고·교육 소식 받기", "News about calls and training"),
        say(
            "새 공고와 교육 소식을 이메일로 보냅니다. 언제든 그만 받을 수 있습니다.",
            "E-mails about new calls and training; stop at any time.",
        ),
    ),
)


def has_check_digit(digits: str) -> bool:
    """Whether the last of a 사업자등록번호's ten digits is the one that the first nine call for.

    Source: check-digit rule of the National Tax Service (weights 1 3 7 1 3 7 1 3 5; the ninth product's tens count too).
    """
    if len(digits) != 10 or not digits.isascii() or not digits.isdigit():
        return False
    numbers = [int(digit) for digit in digits]
    total = sum(weight * number for weight, number in zip((1, 3, 7, 1, 3, 7, 1, 3, 5), numbers, strict=False))
    return (10 - (total + numbers[8] * 5 // 10) % 10) % 10 == numbers[9]


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
        "email_invalid": say("이메일 주소를 다시 확인해 주세요.", "Please check the e-mail address."),
        "email_taken": say("이미 쓰고 있는 이메일입니다.", "This e-mail is already in use."),
        "phone_invalid": say(
            "전화번호를 다시 확인해 주세요. 예: 010-1234-5678", "Please check the phone number, e.g. 010-1234-5678."
        ),
        "consent_needed": say("필수 동의 항목입니다.", "This consent is required."),
        "invitation_invalid": say(
            "초대 링크가 만료되었거나 이미 쓰였습니다. 다시 초대를 요청해 주세요.",
            "This invitation has expired or was used. Please ask for a new one.",
        ),
        "not_a_colleague": say(
            "내 계정은 동료 관리에서 닫을 수 없습니다.", "You cannot close your own account among the colleagues."
        ),
        "second_factor_needed": say(
            "2단계 인증을 먼저 마쳐 주세요.", "Please finish the second step of sign-in first."
        ),
    }
)


def needs_second_factor(roles: frozenset[str]) -> bool:
    return not SECOND_FACTOR.isdisjoint(roles)


def check_registration_number(number: str) -> str:
    """The ten digits of a 사업자등록번호 whose check digit is right.

    Raises: RuleBroken("brn_invalid", "registration_number").
    Source: parts by python-stdnum (which does not look at the check digit), check digit by rules.has_check_digit.
    """
    from stdnum.kr import brn  # only sign-up needs it

    digits = brn.compact(number)
    if not brn.is_valid(digits) or not has_check_digit(digits):
        raise RuleBroken("brn_invalid", "registration_number")
    return digits


def normal_email(email: str) -> str:
    """The address in its normal form. Raises: RuleBroken("email_invalid", "email")."""
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(email.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise RuleBroken("email_invalid", "email") from None


def normal_phone(phone: str) -> str:
    """A phone number as E.164; Korean when no country is named. Raises: RuleBroken("phone_invalid", "phone")."""
    import phonenumbers

    try:
        number = phonenumbers.parse(phone, "KR")
    except phonenumbers.NumberParseException:
        raise RuleBroken("phone_invalid", "phone") from None
    if not phonenumbers.is_valid_number(number):
        raise RuleBroken("phone_invalid", "phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
