"""Texts of the demo country: what suppliers, firms and evaluators write. All invented, all 합성(예시)."""

from __future__ import annotations

from dataclasses import dataclass

from portal.programmes import catalogue

SECTORS = ["10", "13", "20", "22", "24", "25", "26", "28", "29", "30"]
PRODUCTS = {
    "10": "반찬과 소스",
    "13": "산업용 직물",
    "20": "접착제와 코팅제",
    "22": "사출 성형품",
    "24": "주강 부품",
    "25": "절삭 가공 부품과 브래킷",
    "26": "전자 모듈",
    "27": "측정기 부품",
    "28": "배전반과 전장품",
    "29": "산업용 기계 부품",
    "30": "자동차 섀시 부품",
}

# The smallest file that is a PDF by its contents; a line with the firm's number makes each one its own.
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n"


def paper_name(code: str) -> str:
    return next(kind.ko for kind in catalogue.document_kinds([code]))


@dataclass(frozen=True)
class SupplierKind:
    summary: str
    description: str
    technologies: tuple[str, ...]
    product: str
    product_text: str
    price: str  # a PriceModel


SUPPLIER_KINDS = (
    SupplierKind(
        "소규모 가공 공장을 위한 MES와 설비 데이터 수집",
        "작업지시, 실적 집계, 로트 추적을 한 화면에서 씁니다. 10명 안팎의 공장에서 두 달 안에 가동한 경험을 바탕으로, 현장 작업자가 바로 쓰도록 교육까지 맡습니다.",
        ("MES", "POP", "IIOT", "RFID"),
        "가온 MES(예시)",
        "바코드와 현장 단말로 실적을 모으고 납기를 보여 줍니다.",
        "subscription",
    ),
    SupplierKind(
        "머신비전 검사와 불량 원인 분석",
        "카메라와 조명을 직접 설계하고, 검사 결과를 공정 조건과 이어 불량 원인을 찾습니다.",
        ("VISION", "AI", "QMS", "SPC"),
        "비전 검사 키트(예시)",
        "치수와 외관을 라인에서 자동으로 검사합니다.",
        "turnkey",
    ),
    SupplierKind(
        "ERP와 생산계획을 이어 주는 통합 구축",
        "수주부터 출하까지 기준정보를 하나로 모으고, 능력을 반영한 일일 계획을 세웁니다.",
        ("ERP", "APS", "SCM", "WMS"),
        "이음 ERP(예시)",
        "중소 제조업에 맞춘 수주·자재·원가 관리.",
        "subscription",
    ),
    SupplierKind(
        "협동로봇과 자동화 셀",
        "위험하고 반복되는 공정을 로봇 셀로 바꿉니다. 안전 진단과 인증을 함께 맡습니다.",
        ("ROBOT", "AUTO", "AGV", "PLC"),
        "로봇 셀(예시)",
        "적재·용접·체결 공정의 표준 셀.",
        "turnkey",
    ),
    SupplierKind(
        "예지보전과 설비 모니터링",
        "진동·전류 신호로 고장을 미리 알립니다. 오래된 설비에도 붙일 수 있습니다.",
        ("PdM", "IIOT", "CMMS", "EDGE"),
        "설비 지킴이(예시)",
        "센서, 게이트웨이, 보전 이력 관리.",
        "subscription",
    ),
    SupplierKind(
        "에너지·탄소 관리",
        "설비별로 전기를 재고 피크를 줄입니다. 제품 탄소발자국 계산까지 이어집니다.",
        ("EMS", "LCA", "IIOT"),
        "에너지 살핌이(예시)",
        "계측기 설치와 절감 보고서.",
        "turnkey",
    ),
    SupplierKind(
        "제조 데이터 표준(AAS)과 디지털트윈",
        "설비와 제품을 AAS로 표현하고, 라인 시뮬레이션으로 병목을 미리 봅니다.",
        ("AAS", "OPCUA", "DT", "DATAPLAT"),
        "트윈 스튜디오(예시)",
        "OPC UA 연결과 3D 관제.",
        "quote",
    ),
    SupplierKind(
        "식품 공장의 스마트 HACCP",
        "중요관리점을 자동으로 기록하고 심사 자료를 만들어 줍니다.",
        ("HACCP", "MES", "IIOT"),
        "스마트 HACCP(예시)",
        "온도·금속검출·세척 기록 자동화.",
        "licence",
    ),
)


@dataclass(frozen=True)
class Plan:
    problem: str
    goal: str
    build: str
    schedule: str
    people: str
    effect: str
    item: str
    technologies: tuple[str, ...]


PLANS = (
    Plan(
        "작업일보를 손으로 쓰고 다음 날 엑셀로 옮깁니다. 납기를 물으면 현장에 전화해야 하고, 한 달에 서너 번 늦습니다.",
        "실적을 실시간으로 모아 납기를 미리 알리고, 불량이 난 로트를 10분 안에 찾습니다.",
        "주요 설비 8대에 신호 수집기를 달고, 현장 단말 5대로 작업지시와 실적을 주고받는 MES를 놓습니다. 기존 ERP와 품목·수주 데이터를 잇습니다.",
        "1~2월 설계와 기준정보 정리, 3~5월 설치와 연계, 6월 시험 운영, 7월 검수.",
        "생산팀장이 맡고 반장 세 명이 먼저 배웁니다. 작업자 전원이 두 차례 교육을 받습니다.",
        "납기준수율을 95 %까지 올리고, 유지보수 계약과 사내 담당자 교육으로 이어 갑니다.",
        "MES 소프트웨어",
        ("MES", "IIOT"),
    ),
    Plan(
        "검사를 사람이 눈으로 하고 기록이 종이에 남습니다. 고객이 불량 원인을 물으면 며칠이 걸립니다.",
        "검사를 자동으로 하고 결과를 공정 조건과 이어 원인을 바로 찾습니다.",
        "라인 두 곳에 비전 검사를 놓고 품질 시스템에 결과를 쌓습니다. 조건표를 시스템에서 내려보냅니다.",
        "1월 요구 정리, 2~4월 장비 제작, 5월 설치, 6월 조건 맞춤, 7월 검수.",
        "품질팀장이 맡고 검사원 네 명이 씁니다. 공급기업이 현장에서 3주 동안 함께합니다.",
        "공정불량률을 1,500 ppm까지 낮추고 분기마다 데이터를 되짚어 봅니다.",
        "비전 검사 소프트웨어",
        ("VISION", "QMS"),
    ),
    Plan(
        "주문이 늘었지만 설비가 언제 서는지 알 수 없어 계획이 자주 바뀝니다. 고장 뒤에야 부품을 찾습니다.",
        "설비 상태를 실시간으로 보고 계획을 하루 단위로 맞춥니다.",
        "설비 신호를 모으는 게이트웨이와 보전 시스템을 놓고, 생산계획과 정비 일정을 잇습니다.",
        "1~2월 진단, 3~4월 설치, 5~6월 모델 학습과 시험, 7월 검수.",
        "공무팀장이 맡고 정비원 두 명이 씁니다. 대표가 매달 지표를 봅니다.",
        "비가동 시간을 30 % 줄이고 부품 재고를 함께 낮춥니다.",
        "보전·계획 소프트웨어",
        ("CMMS", "APS", "IIOT"),
    ),
)

COMMENTS = (
    "현황이 숫자로 적혀 있어 판단하기 쉽습니다.",
    "목표와 기술이 맞습니다. 기존 시스템과의 연계 방법을 더 적으면 좋겠습니다.",
    "담당자가 정해져 있으나 교육 시간이 넉넉하지 않습니다.",
    "증빙 화면과 답이 일치합니다.",
    "성과지표의 측정 방법이 분명합니다.",
    "사후 운영 계획을 더 구체적으로 적어 주십시오.",
)
SUMMARIES = (
    "필요성이 뚜렷하고 실행 준비가 되어 있습니다. 데이터 표준 계획을 보완하면 더 좋겠습니다.",
    "현장 사정에 맞는 계획입니다. 유지보수 재원을 미리 확보하십시오.",
)
DECISIONS = {
    "selected": "두 위원의 의견이 일치하고 기준 점수를 넘었습니다. 협약 전에 보안 조치를 마쳐 주십시오.",
    "reserve": "추천할 만하나 예산 안에 들지 못해 후보로 둡니다. 자리가 나면 순위대로 알려 드립니다.",
    "rejected": "목표에 이르는 방법이 충분히 설명되지 않았습니다. 위원 의견을 참고해 다음 공고에 다시 신청해 주십시오.",
}
NEEDS = (
    "밀링 6대와 선반 4대의 가동 시간을 자동으로 모으고 싶습니다. 오래된 설비도 되는지 궁금합니다.",
    "하루 2천 개를 눈으로 검사합니다. 긁힘과 찍힘을 찾을 수 있을까요?",
    "ERP는 있으나 현장과 이어져 있지 않습니다. 소규모 공장에 맞는 방법을 찾습니다.",
)
