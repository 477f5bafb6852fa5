"""What is said when something of an application is refused, by code; the same sentences on every screen."""

from __future__ import annotations

from portal.base.words import define, say

CODES = define(
    {
        "wrong_status": say(
            "지금 상태({status})에서는 할 수 없습니다.", "This can't be done in the status “{status}”."
        ),
        "already_applied": say(
            "이 공고에는 이미 신청이 있습니다.", "Your firm already has an application for this call."
        ),
        "another_application": say(
            "이 기업은 같은 공고에 다른 신청을 진행하고 있어 결정을 바꿀 수 없습니다. 먼저 그 신청을 정리해 주세요.",
            "The firm has another running application to this call. It has to be closed first.",
        ),
        "no_profile": say(
            "기업정보와 진단을 먼저 저장해 주세요.", "Please fill in your company profile and diagnosis first."
        ),
        "locked": say(
            "제출한 신청서는 고칠 수 없습니다. 고칠 것이 있으면 운영기관에 보완을 요청해 주세요.",
            "A submitted application is locked. Ask the operator if something must be changed.",
        ),
        "part_not_asked": say(
            "보완을 요청받은 부분만 고칠 수 있습니다.", "Only the parts that were asked for can be edited."
        ),
        "supplement_late": say(
            "보완 기한이 지났습니다. 운영기관에 연락해 주세요.", "The due date has passed. Please contact the operator."
        ),
        "choose_tier": say("신청할 유형을 골라 주세요.", "Please choose a tier."),
        "choose_target": say("구축 뒤의 목표 수준을 골라 주세요.", "Please choose the level you aim at."),
        "target_below_current": say(
            "목표 수준은 지금 수준보다 낮을 수 없습니다.", "The target can't be below the current level."
        ),
        "choose_scope": say("도입할 기술을 하나 이상 골라 주세요.", "Please choose at least one technology."),
        "scope_too_many": say("기술은 {most}개까지 고를 수 있습니다.", "You can choose up to {most} technologies."),
        "text_too_short": say(
            "{least}자 이상 적어 주세요. 지금 {now}자입니다.", "Please write at least {least} characters; now {now}."
        ),
        "plan_too_long": say(
            "{most}자까지 적을 수 있습니다. 지금 {now}자입니다.", "Up to {most} characters; now {now}."
        ),
        "no_cost_lines": say("비용을 한 줄 이상 적어 주세요.", "Please enter at least one cost line."),
        "too_many_rows": say("{most}줄까지 적을 수 있습니다.", "Up to {most} rows."),
        "own_share_over_cost": say("자부담이 총사업비보다 큽니다.", "Your own share exceeds the total cost."),
        "no_kpi": say("성과지표를 하나 이상 적어 주세요.", "Please enter at least one KPI."),
        "kpi_incomplete": say(
            "지표 이름, 구축 전 값, 목표 값을 모두 적어 주세요.", "Fill in the name, the value before and the target."
        ),
        "kpi_no_better": say(
            "‘{name}’의 목표가 지금보다 나아지지 않습니다.", "The target of “{name}” is no improvement."
        ),
        "no_supplier": say("함께할 공급기업을 골라 주세요.", "Please choose your supplier."),
        "supplier_unknown": say("공급기업 명부에 없는 기업입니다.", "This supplier is not in the directory."),
        "supplier_lacks_mark": say(
            "이 공고는 ‘{mark}’ 확인을 받은 공급기업과 함께 신청합니다. 다른 공급기업을 골라 주세요.",
            "This call asks for a supplier with the verified mark “{mark}”. Please choose another one.",
        ),
        "supplier_declined": say(
            "공급기업이 참여하지 않겠다고 답했습니다. 다른 공급기업을 골라 주세요.",
            "The supplier declined. Please choose another one.",
        ),
        "supplier_not_confirmed": say(
            "공급기업이 아직 참여를 확인하지 않았습니다. 확인되거나 참여확약서를 받은 뒤 평가에 넘길 수 있습니다.",
            "The supplier has not confirmed yet. It can go to evaluation after confirmation or with a signed commitment.",
        ),
        "already_answered": say("이미 답한 요청입니다.", "This request has been answered already."),
        "decline_reason": say("사유를 짧게 적어 주세요.", "Please give a short reason."),
        "paper_missing": say("{paper}: 올려 주세요.", "{paper}: please attach it."),
        "paper_out_of_date": say(
            "{paper}: 유효기간이 지났습니다. 새로 발급받아 올려 주세요.", "{paper}: expired. Please attach a new one."
        ),
        "paper_not_asked": say("이 사업에서 받지 않는 서류입니다.", "This programme does not take that paper."),
        "answer_needed": say("하나를 골라 주세요.", "Please choose an answer."),
        "excluded": say("지원 제외에 해당하여 제출할 수 없습니다.", "An exclusion applies: it can't be submitted."),
        "writer_name_needed": say("누가 도왔는지 적어 주세요.", "Please say who helped you."),
        "writer_fee_needed": say("얼마를 주었거나 주기로 했는지 적어 주세요.", "Please enter the fee paid or agreed."),
        "pledge_needed": say("내용을 확인하고 서약해 주세요.", "Please confirm the pledge."),
        "supplement_message": say(
            "무엇을 어떻게 고치면 되는지 {least}자 이상 적어 주세요.",
            "Say what to mend and how, in at least {least} characters.",
        ),
        "supplement_parts": say("보완할 부분을 하나 이상 골라 주세요.", "Choose at least one part."),
        "supplement_due": say(
            "보완 기한은 내일부터 60일 안으로 정해 주세요.", "The due date must be within 60 days from tomorrow."
        ),
        "unfinished": say(
            "아직 마치지 않은 부분이 있어 제출하지 않았습니다.", "Not submitted: some parts are not finished yet."
        ),
        "reason_needed": say("사유를 적어 주세요.", "Please give a reason."),
        "number_invalid": say("숫자로 적어 주세요. 예: 1,500,000", "Please enter a number, for example 1,500,000."),
        "number_range": say("0 이상 {most} 이하로 적어 주세요.", "Enter a number from 0 to {most}."),
        "row_incomplete": say("품명, 단가, 수량을 모두 적어 주세요.", "Please fill in item, unit price and quantity."),
    }
)
