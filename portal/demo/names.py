"""Invented names and numbers: they sound Korean and belong to nobody.

Firm names are coined from rare native words, so that they are no register's entries; business registration numbers
begin with 99, a tax-office code that was never given out, and carry a right check digit.
"""

from __future__ import annotations

from random import Random

_FIRST = (
    "가온누리 고은솔 그린나래 나린별 너울가람 노을담 늘찬솔 다솜가온 달빛마루 도담별 두루솔 라온해찬 마루한별 물빛나래 미리내솔 "
    "바람꽃결 반디누리 벼리담 보드레 빛가람솔 사부작별 산들마루 새암누리 샛별가온 소담나루 솔찬누리 시나브로담 아라빛결 아람누리솔 "
    "여울찬 온새미별 윤슬가람 은가비 이든솔 잔별나루 참빛누리 채움별 초롱가온 큰솔나래 타래솔 푸른여울담 하늬솔 한빛나루별 해든솔 "
    "해오름결 혜윰담 흰여울솔 가람휘솔 나봄누리 도란솔 두빛나래 매아리솔 모아별 바름솔 별하담 빛솔가온 새론별 소예솔 아토별 예그리솔 "
    "온누리담 우솔별 이음솔 자올별 조은결솔 찬솔별 토리담 파란솔별 하람누리 한울별 희나리솔"
).split()
_BY_DIVISION = {
    "10": ("식품", "푸드", "식품공업"),
    "11": ("음료", "양조"),
    "13": ("섬유", "텍스"),
    "14": ("어패럴", "모드"),
    "17": ("제지", "포장"),
    "18": ("인쇄", "프린팅"),
    "20": ("화학", "케미칼"),
    "21": ("제약", "바이오"),
    "22": ("수지", "플라텍", "고무"),
    "23": ("세라믹", "콘크리트"),
    "24": ("주물", "금속"),
    "25": ("정밀", "금속", "테크", "표면처리"),
    "26": ("전자", "반도체부품"),
    "27": ("메디텍", "광학"),
    "28": ("전기", "전장"),
    "29": ("기계", "산업", "ENG"),
    "30": ("오토텍", "모터스부품", "기공"),
    "31": ("조선기자재", "해양"),
    "32": ("가구", "퍼니처"),
    "33": ("산업", "공방"),
}
_SUPPLIER = (
    "솔루션",
    "소프트",
    "오토메이션",
    "시스템즈",
    "데이터",
    "로보틱스",
    "이노텍",
    "팩토리랩",
    "비전",
    "인텔리전스",
)
_FAMILY = "김이박최정강조윤장임한오서신권황안송류홍전고문손양배백허남심노하"
_GIVEN_A = "민서지하은도현수예준우시윤채연재성태주혜나선규"
_GIVEN_B = "준우현호진영아윤서연희수원혁빈솔린경민정훈"


class Names:
    """Draws without repeating itself; the same seed gives the same country."""

    def __init__(self, random: Random, first_number: int = 0):
        self._random = random
        self._firsts = list(_FIRST)
        random.shuffle(self._firsts)
        self._used: set[str] = set()
        self._serial = first_number

    def company(self, division: str) -> str:
        return self._take(_BY_DIVISION.get(division, ("산업",)))

    def supplier(self) -> str:
        return self._take(_SUPPLIER)

    def _take(self, seconds: tuple[str, ...]) -> str:
        while True:
            name = self._random.choice(self._firsts) + self._random.choice(seconds)
            if name not in self._used:
                self._used.add(name)
                return name

    def person(self) -> str:
        pick = self._random.choice
        return pick(_FAMILY) + pick(_GIVEN_A) + pick(_GIVEN_B)

    def registration_number(self) -> str:
        """A number that no tax office ever gave out, with a right check digit.

        Source: weights 1 3 7 1 3 7 1 3 5 and the ninth digit's carry (domain rule of the National Tax Service).
        """
        self._serial += 1
        digits = f"99{self._serial % 10}{81 + self._serial % 7}{1000 + self._serial:04d}"
        weights = (1, 3, 7, 1, 3, 7, 1, 3, 5)
        total = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
        return digits + str((10 - (total + int(digits[8]) * 5 // 10) % 10) % 10)

    def phone(self) -> str:
        """A mobile number of a block that is kept free of subscribers in the demo (010-0000-xxxx is not dialled)."""
        return f"010-2000-{self._random.randrange(1000, 10000)}"
