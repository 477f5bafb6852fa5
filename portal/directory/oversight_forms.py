"""Shape and wording of what operators decide about suppliers, and of what suppliers answer."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.directory.forms import RecordForm
from portal.directory.oversight import AppealOutcome, CapabilityLevel, Certificate, Mark, SuspensionGround
from portal.web.forms import Form, OnceForm, VersionedForm


class DayField(DateField):
    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata([one for one in valuelist if one.strip()])
        except ValueError:
            raise ValueError(_("날짜를 다시 적어 주세요. 예: 2026-12-01")) from None


class SuspendForm(Form):
    ground = SelectField(_l("사유"), [InputRequired()])
    detail = TextAreaField(
        _l("공급기업에 알릴 내용"),
        [InputRequired(_l("꼭 적어 주세요.")), Length(max=2000)],
        description=_l("공급기업이 편지와 화면에서 그대로 읽습니다. 무엇 때문이고 어떻게 하면 되는지 적어 주세요."),
    )
    document = StringField(_l("문서 번호"), [Length(max=80)])
    last_day = DayField(
        _l("마지막 날"), [Optional()], description=_l("이날이 지나면 저절로 풀립니다. 비워 두면 해제할 때까지입니다.")
    )
    publication_ground = StringField(
        _l("공개 근거"),
        [Length(max=200)],
        description=_l("법령과 조항. 근거와 공개일이 모두 있을 때만 다른 사람에게 ‘현재 신청 불가’로 보입니다."),
    )
    published_on = DayField(_l("공개일"), [Optional()])

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.ground.choices = [(ground.value, str(ground.label)) for ground in SuspensionGround]

    def facts(self) -> dict[str, Any]:
        """Arguments of `suspension.suspend`."""
        return {
            "ground": SuspensionGround(self.ground.data),
            "detail": self.detail.data or "",
            "last_day": self.last_day.data,
            "document": self.document.data or "",
            "publication_ground": self.publication_ground.data or "",
            "published_on": self.published_on.data,
        }


class LiftForm(Form):
    reason = TextAreaField(_l("해제하는 이유"), [Length(max=1000)], description=_l("공급기업에 그대로 전해집니다."))


class AppealForm(Form):
    text = TextAreaField(
        _l("이의 내용"),
        [Length(max=3000)],
        description=_l("무엇이 사실과 다른지, 무엇을 바로잡았는지 적어 주세요. 한 번 보낼 수 있습니다."),
    )


class AppealAnswerForm(Form):
    outcome = RadioField(_l("판단"), [InputRequired(_l("하나를 골라 주세요."))])
    text = TextAreaField(_l("답변"), [Length(max=3000)], description=_l("공급기업에 그대로 전해집니다."))

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.outcome.choices = [(outcome.value, str(outcome.label)) for outcome in AppealOutcome]


class CertificateForm(Form):
    """What a paper says; a supplier types it, an operator mends it."""

    number = StringField(_l("증명서 번호"), [Length(max=60)])
    issuer = StringField(_l("발급 기관"), [Length(max=80)])
    level = SelectField(_l("역량진단 수준"), [Optional()], description=_l("역량진단만 고릅니다."))
    issued_on = DayField(_l("발급일"), [Optional()])
    valid_until = DayField(_l("유효기간 마지막 날"), [Optional()], description=_l("적혀 있지 않으면 비워 두세요."))

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.level.choices = [("", _("고르지 않음")), *((level.value, level.value) for level in CapabilityLevel)]

    def certificate(self) -> Certificate:
        return Certificate(
            number=self.number.data or "",
            issuer=self.issuer.data or "",
            level=CapabilityLevel(self.level.data) if self.level.data else None,
            issued_on=self.issued_on.data,
            valid_until=self.valid_until.data,
        )


class ClaimForm(CertificateForm):
    kind = SelectField(_l("무엇을 확인받나요"), [InputRequired()])
    file = FileField(_l("증명서 파일"), description=_l("PDF, PNG, JPG · 10MB까지. 우리 회사와 운영기관만 봅니다."))
    note = TextAreaField(_l("덧붙일 말"), [Length(max=1000)])

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.kind.choices = [("", _("골라 주세요")), *((mark.value, str(mark.label)) for mark in Mark)]


class MarkJudgeForm(CertificateForm, VersionedForm):
    reason = TextAreaField(
        _l("이유"), [Length(max=1000)], description=_l("확인하지 않거나 끝낼 때. 공급기업에 그대로 전해집니다.")
    )


class BuildClaimForm(RecordForm, OnceForm):
    """An earlier build as the supplier files it, with who can confirm it."""

    source = None
    company_name = StringField(_l("도입기업 이름"), [InputRequired(_l("꼭 적어 주세요.")), Length(max=120)])
    company_number = StringField(_l("도입기업 사업자등록번호"), [InputRequired(_l("꼭 적어 주세요.")), Length(max=12)])
    company_email = StringField(
        _l("도입기업 담당자 이메일"),
        [InputRequired(_l("꼭 적어 주세요.")), Length(max=254)],
        description=_l("확인 편지를 보냅니다. 회원인 기업은 계정으로 확인합니다."),
    )
    file = FileField(_l("최종 감리보고서"), description=_l("PDF, HWP, HWPX, DOCX · 20MB까지"))

    def facts(self) -> dict[str, Any]:
        """The facts of `claims.file_claim`, as plain data."""
        facts = super().facts()
        facts.pop("source", None)
        return {**facts, "size": facts["size"].value if facts["size"] else None}


class BuildAnswerForm(Form):
    answer = RadioField(
        _l("이 내용대로 구축했나요?"),
        [InputRequired(_l("하나를 골라 주세요."))],
        choices=[
            ("yes", _l("네, 적힌 내용이 맞습니다")),
            ("no", _l("아니요, 우리 회사의 구축이 아니거나 내용이 다릅니다")),
        ],
    )
    note = TextAreaField(
        _l("덧붙일 말"), [Length(max=1000)], description=_l("운영기관만 봅니다. 공급기업에는 보이지 않습니다.")
    )


class BuildJudgeForm(VersionedForm):
    reason = TextAreaField(_l("이유"), [Length(max=1000)], description=_l("공급기업에 그대로 전해집니다."))
