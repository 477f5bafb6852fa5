"""Who may open the composed pages, and how the audit log reads aloud; rows are chosen by each `visible_to`."""

from __future__ import annotations

from portal.accounts.rules import EVERYBODY, OPERATOR, SME, Role
from portal.base.words import Words, say

TRAIL_READERS = OPERATOR | {Role.AUDITOR}

PERMISSIONS: dict[str, frozenset[str]] = {
    "desk:home:read": EVERYBODY,
    "desk:result:read": SME,
    "audit:log:read": frozenset({Role.AUDITOR}),
    "audit:trail:read": TRAIL_READERS,
}

NOUNS: dict[str, Words] = {
    "absence": say("부재 기간", "Absence"),
    "application": say("신청", "Application"),
    "assignment": say("배정", "Assignment"),
    "call": say("공고", "Call"),
    "certificate": say("활동 증명서", "Certificate of a record"),
    "claim": say("항목 판단", "Item verdicts"),
    "catalogue": say("사업 목록", "Catalogue"),
    "conflict": say("이해충돌", "Conflict of interest"),
    "consent": say("동의", "Consent"),
    "consortium": say("컨소시엄", "Consortium"),
    "consultation": say("상담", "Consultation"),
    "decision": say("결정", "Decision"),
    "diagnosis": say("수준 진단", "Diagnosis"),
    "evidence": say("증빙", "Evidence"),
    "explanation": say("설명 요청", "Explanation"),
    "file": say("파일", "File"),
    "firm": say("기업", "Firm"),
    "grant": say("열람 권한", "Access right"),
    "listing": say("공급기업 등록", "Listing"),
    "message": say("메시지", "Message"),
    "model": say("산정 모형", "Model"),
    "monthly_report": say("월간 보고서", "Monthly report"),
    "objection": say("기피 신청", "Objection"),
    "opinion": say("의견", "Opinion"),
    "organisation": say("기관·기업", "Organisation"),
    "panel": say("평가단", "Panel"),
    "paper": say("서류", "Paper"),
    "pool_entry": say("평가위원 등록", "Pool entry"),
    "pool_paper": say("평가위원 서류", "Paper of the pool"),
    "password": say("비밀번호", "Password"),
    "person": say("사람", "Person"),
    "pressure": say("부당 요구 신고", "Report of pressure"),
    "profile": say("기업정보", "Profile"),
    "profile_version": say("확정 진단", "Finished diagnosis"),
    "rating": say("기업의 평가", "Firm's rating"),
    "reference": say("기준정보", "Reference data"),
    "review": say("평가", "Review"),
    "role": say("역할", "Role"),
    "scoring_job": say("산정기의 긴 일", "Long work of the scorer"),
    "session": say("접속", "Session"),
    "shortlist": say("맞는 공급기업", "Shortlist"),
    "sign_in": say("접속", "Sign-in"),
    "suggestion": say("산정", "Suggestion"),
    "supplement": say("보완", "Supplement"),
    "tie": say("관계", "Tie"),
    "track_record": say("구축실적", "Track record"),
}
VERBS: dict[str, Words] = {
    "accept": say("수락", "accepted"),
    "accept_invitation": say("초대 수락", "invitation accepted"),
    "add": say("더함", "added"),
    "answer": say("답함", "answered"),
    "answer_supplement": say("보완 답변", "supplement answered"),
    "answer_supplier": say("공급기업의 답", "supplier answered"),
    "allow": say("거부 되돌림", "refusal taken back"),
    "approve": say("승인", "approved"),
    "ask": say("물음", "asked"),
    "ask_supplement": say("보완 요청", "supplement asked"),
    "ask_supplier": say("공급기업에 요청", "supplier asked"),
    "assign": say("배정", "assigned"),
    "attach": say("첨부", "attached"),
    "attach_paper": say("서류 첨부", "paper attached"),
    "begin": say("시작", "began"),
    "begin_check": say("검토 시작", "check begun"),
    "call_reader": say("추가 평가위원 부름", "second reader called"),
    "change": say("고침", "changed"),
    "change_roles": say("역할 바꿈", "roles changed"),
    "check": say("확인", "checked"),
    "change_password": say("비밀번호 바꿈", "password changed"),
    "close": say("마침", "closed"),
    "conclude": say("마무리", "concluded"),
    "confirm": say("확인", "confirmed"),
    "confirm_email": say("메일 확인", "e-mail confirmed"),
    "count": say("집계", "counted"),
    "create": say("만듦", "created"),
    "decide": say("결정", "decided"),
    "declare": say("밝힘", "declared"),
    "decline": say("거절", "declined"),
    "delete": say("지움", "deleted"),
    "download": say("내려받음", "downloaded"),
    "edit": say("고침", "edited"),
    "end": say("끝냄", "ended"),
    "end_all": say("모두 끝냄", "all ended"),
    "expire": say("기한 지남", "expired"),
    "export": say("내보냄", "exported"),
    "find": say("찾음", "found"),
    "finish": say("마침", "finished"),
    "free": say("자리 비움", "seat freed"),
    "give": say("줌", "given"),
    "grant": say("줌", "granted"),
    "hand_in": say("제출에 씀", "handed in"),
    "invite": say("초대", "invited"),
    "judge": say("판단함", "judged"),
    "load": say("불러옴", "loaded"),
    "lock": say("확정", "locked"),
    "lose_chair": say("위원장 없음", "chair lost"),
    "make": say("만듦", "made"),
    "mark": say("상태 바꿈", "marked"),
    "mark_state": say("상태 바꿈", "state marked"),
    "note": say("적음", "noted"),
    "open": say("열기", "opened"),
    "opine": say("의견 냄", "opinion given"),
    "overrule": say("배제함", "overruled"),
    "pin": say("고정", "pinned"),
    "publish": say("공개", "published"),
    "read": say("열람", "read"),
    "read_paper": say("서류 열람", "paper read"),
    "recuse": say("회피", "stepped down"),
    "refuse": say("평가에 쓰기 거부", "use refused"),
    "reject": say("반려", "rejected"),
    "remove": say("뺌", "removed"),
    "remove_paper": say("서류 뺌", "paper removed"),
    "report": say("신고", "reported"),
    "request": say("요청", "requested"),
    "rescore": say("다시 산정", "scored anew"),
    "reserve": say("후보", "reserved"),
    "reset_password": say("비밀번호 다시 정함", "password reset"),
    "restore": say("되살림", "restored"),
    "return": say("되돌림", "returned"),
    "return_for_supplement": say("보완 요청", "returned for supplement"),
    "review": say("평가", "reviewed"),
    "save": say("저장", "saved"),
    "select": say("선정", "selected"),
    "set_second_factor": say("2단계 인증 설정", "second step set up"),
    "start": say("시작", "started"),
    "submit": say("제출", "submitted"),
    "suspend": say("멈춤", "suspended"),
    "take": say("거둠", "taken away"),
    "unpin": say("고정 풂", "unpinned"),
    "update": say("고침", "changed"),
    "widen": say("평가위원 늘림", "widened"),
    "withdraw": say("철회", "withdrawn"),
    "write": say("씀", "written"),
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
