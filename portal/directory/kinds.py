"""What a supplier may say that it works on: processes, standards, grades of engineers. Codes are stored, words shown. Pure.

Source: processes are the 뿌리 (root) technologies of the 뿌리산업법 and the ways of producing that a company states of
itself; the latter carry the codes of a company's profile, so that the two can be compared.
"""

from __future__ import annotations

from enum import StrEnum

from portal.base.words import Words, say


class WorkProcess(StrEnum):
    """공정: the 14 root technologies, then the ways of producing."""

    CASTING = "casting"
    MOULD = "mould"
    FORMING = "forming"
    WELDING = "welding"
    SURFACE = "surface"
    HEAT = "heat"
    INJECTION = "injection"
    PRECISION = "precision"
    ADDITIVE = "additive"
    FILM = "film"
    ROBOT = "robot"
    SENSOR = "sensor"
    SOFTWARE = "software"
    DESIGN = "design"
    ASSEMBLY = "assembly"
    MACHINING = "machining"
    CONTINUOUS = "continuous"
    BATCH = "batch"
    ENGINEER_TO_ORDER = "eto"
    TOLL = "toll"

    @property
    def label(self) -> Words:
        return PROCESS_LABELS[self]

    @property
    def is_root(self) -> bool:
        return self in ROOT


PROCESS_LABELS = {
    WorkProcess.CASTING: say("주조", "Casting"),
    WorkProcess.MOULD: say("금형", "Mould and die making"),
    WorkProcess.FORMING: say("소성가공", "Metal forming"),
    WorkProcess.WELDING: say("용접·접합", "Welding and joining"),
    WorkProcess.SURFACE: say("표면처리", "Surface treatment"),
    WorkProcess.HEAT: say("열처리", "Heat treatment"),
    WorkProcess.INJECTION: say("사출·프레스", "Injection moulding and pressing"),
    WorkProcess.PRECISION: say("정밀가공", "Precision machining"),
    WorkProcess.ADDITIVE: say("적층제조", "Additive manufacturing"),
    WorkProcess.FILM: say("산업용 필름·지류", "Industrial film and paper"),
    WorkProcess.ROBOT: say("로봇", "Robots"),
    WorkProcess.SENSOR: say("센서", "Sensors"),
    WorkProcess.SOFTWARE: say("산업지능형 소프트웨어", "Industrial software"),
    WorkProcess.DESIGN: say("엔지니어링 설계", "Engineering design"),
    WorkProcess.ASSEMBLY: say("조립", "Assembly"),
    WorkProcess.MACHINING: say("가공", "Machining"),
    WorkProcess.CONTINUOUS: say("장치·연속 생산", "Process and continuous production"),
    WorkProcess.BATCH: say("배치 생산", "Batch production"),
    WorkProcess.ENGINEER_TO_ORDER: say("수주 생산", "Engineer to order"),
    WorkProcess.TOLL: say("임가공", "Toll manufacturing"),
}
ROOT = frozenset(list(WorkProcess)[:14])


class Standard(StrEnum):
    """Open standards of data exchange that a supplier says it delivers."""

    AAS = "aas"
    OPC_UA = "opcua"
    MTCONNECT = "mtconnect"
    ISA_95 = "isa95"

    @property
    def label(self) -> Words:
        return STANDARD_LABELS[self]


STANDARD_LABELS = {
    Standard.AAS: say("AAS (자산관리쉘)", "AAS (Asset Administration Shell)"),
    Standard.OPC_UA: say("OPC UA", "OPC UA"),
    Standard.MTCONNECT: say("MTConnect", "MTConnect"),
    Standard.ISA_95: say("ISA-95", "ISA-95"),
}


class Grade(StrEnum):
    """기술자 등급 of engineers."""

    SPECIAL = "special"
    HIGH = "high"
    MIDDLE = "middle"
    BASIC = "basic"

    @property
    def label(self) -> Words:
        return GRADE_LABELS[self]


GRADE_LABELS = {
    Grade.SPECIAL: say("특급", "Special"),
    Grade.HIGH: say("고급", "High"),
    Grade.MIDDLE: say("중급", "Middle"),
    Grade.BASIC: say("초급", "Basic"),
}
