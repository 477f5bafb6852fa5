"""Who may open the composed pages, and how the audit log reads aloud; rows are chosen by each `visible_to`."""

from __future__ import annotations

from portal.accounts.rules import EVERYBODY, SME, Role
from portal.base.words import Words, say

PERMISSIONS: dict[str, frozenset[str]] = {
    "desk:home:read": EVERYBODY,
    "desk:result:read": SME,
    "audit:log:read": frozenset({Role.AUDITOR}),
}

NOUNS: dict[str, Words] = {
    "application": say("신청", "Application"),
    "assignment": say("배정", "Assignment"),
    "call": say("공고", "Call"),
    "conflict": say("이해충돌", "Conflict of interest"),
    "consent": say("동의", "Consent"),
    "consultation": say("상담", "Consultation"),
    "decision": say("결정", "Decision"),
    "evidence": say("증빙", "Evidence"),
    "file": say("파일", "File"),
    "grant": say("열람 권한", "Access right"),
    "listing": say("공급기업 등록", "Listing"),
    "organisation": say("기관·기업", "Organisation"),
    "person": say("사람", "Person"),
    "profile": say("기업정보", "Profile"),
    "review": say("평가", "Review"),
    "session": say("접속", "Session"),
    "sign_in": say("접속", "Sign-in"),
    "suggestion": say("산정", "Suggestion"),
    "supplement": say("보완", "Supplement"),
}
VERBS: dict[str, Words] = {
    "accept": say("수락", "accepted"),
    "approve": say("승인", "approved"),
    "assign": say("배정", "assigned"),
    "begin": say("시작", "began"),
    "close": say("마침", "closed"),
    "conclude": say("마무리", "concluded"),
    "confirm": say("확인", "confirmed"),
    "create": say("만듦", "created"),
    "decide": say("결정", "decided"),
    "decline": say("거절", "declined"),
    "delete": say("지움", "deleted"),
    "end": say("끝냄", "ended"),
    "give": say("줌", "given"),
    "open": say("열기", "opened"),
    "publish": say("공개", "published"),
    "reject": say("반려", "rejected"),
    "request": say("요청", "requested"),
    "return": say("되돌림", "returned"),
    "review": say("평가", "reviewed"),
    "save": say("저장", "saved"),
    "submit": say("제출", "submitted"),
    "take": say("거둠", "taken away"),
    "update": say("고침", "changed"),
    "withdraw": say("철회", "withdrawn"),
}


def action_words(action: str) -> Words:
    """An audit action ("noun.verb") in words; what has no words yet keeps its code.

    Returns: e.g. 신청 · 제출 (Application · submitted)
    """
    noun, _, verb = action.partition(".")
    return _join(_words(NOUNS, noun), _words(VERBS, verb))


def _words(known: dict[str, Words], code: str) -> Words:
    return known.get(code, say(code, code))


def _join(noun: Words, verb: Words) -> Words:
    return say(f"{noun.ko} · {verb.ko}", f"{noun.en} · {verb.en}") if verb.ko else noun
