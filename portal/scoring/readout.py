"""A month's figures in words and tables: the same rows for the page, the spreadsheet and the paper.

Every measure says in one sentence what it is, shows a light in words, and says what to do when it asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.base.words import Words, say
from portal.profiles import questionnaire
from portal.programmes.rules import TIER_LABELS, Tier
from portal.scoring.measures import Light
from portal.scoring.rules import SECOND_READER_LABELS, SecondReaderReason

HIDDEN = "—"
FOLD = 10
"""Rows of a long table that show at once; the rest is folded away."""


@dataclass(frozen=True)
class Percent:
    value: float


@dataclass(frozen=True)
class Signed:
    value: float


Cell = Words | str | int | float | Percent | Signed | Light | None
"""None is what may not show."""


def text(cell: Cell) -> str:
    """A cell as people read it, in the current language."""
    match cell:
        case None:
            return HIDDEN
        case Light():
            return str(cell.label)
        case Percent():
            return f"{100 * cell.value:.1f}%"
        case Signed():
            return f"{cell.value:+.2f}"
        case float():
            return f"{cell:.2f}"
        case int():
            return f"{cell:,}"
    return str(cell)


@dataclass(frozen=True)
class Column:
    name: Words
    is_number: bool = False


@dataclass(frozen=True)
class Table:
    caption: Words
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Cell]]

    @property
    def first(self) -> Sequence[Sequence[Cell]]:
        return self.rows if len(self.rows) <= FOLD + 3 else self.rows[:FOLD]

    @property
    def folded(self) -> Sequence[Sequence[Cell]]:
        return self.rows[len(self.first) :]


@dataclass(frozen=True)
class Section:
    """One measure. meaning: one plain sentence; cure: what to do when the light asks for it; empty: why no table."""

    code: str
    title: Words
    light: Light | None
    meaning: Words
    cure: Words | None
    tables: tuple[Table, ...]
    notes: tuple[Words, ...] = ()
    empty: Words | None = None


def lay_out(found: Mapping[str, Any]) -> list[Section]:
    """The measures in the order in which a reader asks: are the answers the same, are the people, is the model."""
    return [
        _drift(found["drift"]),
        _mix(found["mix"], found["least"]),
        _overrides(found["overrides"]),
        _severity(found["severity"]),
        _claims(found["claims"]),
        _models(found["models"], found["coverage"]),
        _requests(found["requests"], found.get("appeals")),
        _trend(found["trend"]),
    ]


_COUNT = Column(say("수", "Count"), True)
_LIGHT = Column(say("판단", "Light"))
_TIERS = (
    Column(TIER_LABELS[Tier.BASIC], True),
    Column(TIER_LABELS[Tier.ADVANCED], True),
    Column(TIER_LABELS[Tier.LEADING], True),
    Column(say("유형 없음", "Not eligible"), True),
    Column(say("합계", "All"), True),
)


def _item(code: str) -> Words:
    """A question by its code and title; the code alone when no questionnaire knows it any more."""
    item = questionnaire.load().items.get(code)
    return say(f"{code} {item.title.ko}", f"{code} {item.title.en}") if item else say(code, code)


def _light(name: str | None) -> Light | None:
    return Light(name) if name else None


def _drift(found: Mapping[str, Any]) -> Section:
    items = sorted(found["items"], key=lambda row: (-row["psi"], row["code"]))
    against = (
        say("지금 모형이 배운 기간의 답", "the answers that the model learned from")
        if found["reference"] == "training"
        else say("이 달 전까지 들어온 모든 답", "all answers that came before this month")
    )
    table = Table(
        say("문항별 변화 (큰 것부터)", "Shift by question (the largest first)"),
        (
            Column(say("문항", "Question")),
            Column(say("변화 지수", "Index"), True),
            Column(say("전 평균", "Mean before"), True),
            Column(say("이 달 평균", "Mean now"), True),
            Column(say("전 해당 없음", "N/A before"), True),
            Column(say("이 달 해당 없음", "N/A now"), True),
            _LIGHT,
        ),
        [
            (
                _item(row["code"]),
                row["psi"],
                row["before"],
                row["now"],
                Percent(row["na_before"]),
                Percent(row["na_now"]),
                Light(row["light"]),
            )
            for row in items
        ],
    )
    notes = []
    if items:
        notes.append(
            say(
                f"기업 수: 견준 기간 {text(found['before'])}, 이 달 {text(found['now'])}. 이만한 수에서는 바뀐 것이 없어도 "
                f"{found['chance']:.2f}까지는 우연히 나올 수 있어, 그보다 클 때만 표시합니다.",
                f"Firms: {text(found['before'])} before, {text(found['now'])} this month. With so many the index reaches "
                f"{found['chance']:.2f} by chance alone, so only a larger one is marked.",
            )
        )
    return Section(
        "drift",
        say("답의 변화", "Shift of answers"),
        _light(found["light"]),
        say(
            f"이 달 기업들의 답이 {against.ko}과 얼마나 다른지 봅니다. 변화 지수(PSI)가 0이면 같고, 0.1부터 지켜보며, "
            "0.25부터는 크게 달라진 것입니다.",
            f"How far this month's answers lie from {against.en}. An index (PSI) of 0 is the same, from 0.1 it is watched, "
            "from 0.25 the change is large.",
        ),
        say(
            "문항이나 안내 문구, 모집 공고가 바뀌었는지 먼저 확인하세요. 까닭이 없으면 답을 몇 건 골라 증빙과 견주고, 배운 "
            "모형을 쓰고 있다면 새 자료로 다시 학습해 견주어 보세요.",
            "See first whether a question, its help or a call has changed. If nothing has, compare a few answers with their "
            "evidence; with a learned model in use, train a challenger on newer data.",
        ),
        (table,) if items else (),
        tuple(notes),
        say("견줄 기업이 두 기간 모두 30곳을 넘으면 나옵니다.", "Shows once both periods hold at least 30 firms."),
    )


def _mix(found: Mapping[str, Any], least: int) -> Section:
    names = {
        "region": (say("지역별 유형", "Tiers by region"), say("지역", "Region")),
        "size": (say("규모별 유형", "Tiers by size"), say("규모", "Size")),
        "division": (say("업종별 유형 (중분류)", "Tiers by industry (division)"), say("업종", "Industry")),
    }
    unknown = say("모름", "Unknown")
    everyone = Table(
        say("전체", "All firms"), (Column(say("대상", "Who")), *_TIERS), [(say("전국", "Nation"), *found["all"])]
    )
    tables = [everyone] if found["all"][-1] != 0 else []
    for name, (caption, head) in names.items():
        rows = []
        for row in found[name]:
            label = say(*row["name"]) if row["name"] else unknown
            if name == "division" and row["name"]:
                label = say(f"C{row['key']} {label.ko}", f"C{row['key']} {label.en}")
            rows.append((label, *row["cells"], row["total"]))
        if rows:
            tables.append(Table(caption, (Column(head), *_TIERS), rows))
    return Section(
        "mix",
        say("유형 분포", "Mix of tiers"),
        None,
        say(
            "이 달까지 12개월 동안 산정된 유형을 지역·규모·업종별로 셉니다. 한 기업은 가장 새로운 결과로 한 번만 셉니다. "
            "산정기는 지역도 규모도 업종도 보지 않습니다.",
            "The tiers suggested in the 12 months up to this one, by region, size and industry; a firm counts once, by its "
            "newest result. The scorer itself sees none of the three.",
        ),
        say(
            "한 지역이나 업종만 눈에 띄게 다르면 그곳의 답과 증빙을 몇 건 확인해 보세요.",
            "Where one region or industry stands out, look at some of its answers and evidence.",
        ),
        tuple(tables),
        (
            say(
                f"{least}곳보다 적은 칸과, 그 칸을 셈해 낼 수 있는 칸은 {HIDDEN}로 둡니다.",
                f"Cells of fewer than {least} firms, and those that would give them away, show {HIDDEN}.",
            ),
        )
        if tables
        else (),
        say("열두 달 동안 셀 결과가 없습니다.", "There is nothing to count in these 12 months."),
    )


def _overrides(found: Mapping[str, Any]) -> Section:
    rows = [
        (name, found[code]["of"], found[code]["hits"], _percent(found[code]["rate"]), Light(found[code]["light"]))
        for code, name in (
            ("blind", say("산정 결과를 보기 전", "Before seeing the suggestion")),
            ("shown", say("본 뒤 제출한 의견", "Handed in after seeing it")),
        )
    ]
    notes = []
    if found["up"] is not None and found["down"] is not None and found["blind"]["hits"]:
        notes.append(
            say(
                f"보기 전에 다르게 본 것 가운데 더 높게 {found['up']:,}건, 더 낮게 {found['down']:,}건입니다.",
                f"Of those that differed before seeing it, {found['up']:,} were higher and {found['down']:,} lower.",
            )
        )
    notes.append(
        say(
            "보기 전에는 자주 다르고 본 뒤에는 거의 같다면, 산정 결과에 끌려가는 것일 수 있습니다.",
            "Where they often differ before and hardly after, evaluators may be following the machine.",
        )
    )
    table = Table(
        say("평가위원의 유형이 산정과 다른 비율", "How often evaluators chose another tier"),
        (
            Column(say("언제", "When")),
            Column(say("의견", "Opinions"), True),
            Column(say("다름", "Different"), True),
            Column(say("비율", "Share"), True),
            _LIGHT,
        ),
        rows,
    )
    any_said = any(found[code]["of"] != 0 for code in ("blind", "shown"))
    return Section(
        "overrides",
        say("평가위원과의 차이", "Where evaluators differ"),
        _light(found["light"]),
        say(
            "평가위원이 산정과 다른 유형을 낸 비율을, 산정 결과를 보기 전과 본 뒤로 나누어 봅니다.",
            "The share of evaluators who chose another tier than the suggested one, before and after seeing it.",
        ),
        say(
            "다르게 본 사건의 까닭을 읽고, 같은 까닭이 되풀이되면 문항·요건을 고치거나 새 모형을 학습해 견주어 보세요.",
            "Read the reasons given. If the same one comes back, mend the question or gate, or train a challenger.",
        ),
        (table,) if any_said else (),
        tuple(notes) if any_said else (),
        say("이 달에 낸 의견이 없습니다.", "No opinion was given in this month."),
    )


def _percent(value: float | None) -> Percent | None:
    return None if value is None else Percent(value)


def _severity(found: Mapping[str, Any]) -> Section:
    rows = [
        (row["code"], row["files"], Signed(row["value"]), row["error"], Light(row["light"]))
        for row in found["evaluators"]
    ]
    table = Table(
        say("위원별 엄격함 (엄격한 쪽부터)", "Strictness by evaluator (the strictest first)"),
        (
            Column(say("위원", "Evaluator")),
            Column(say("함께 본 건", "Shared files"), True),
            Column(say("엄격함", "Severity"), True),
            Column(say("표준오차", "Standard error"), True),
            _LIGHT,
        ),
        rows,
    )
    return Section(
        "severity",
        say("위원의 엄격함", "Strictness of evaluators"),
        _light(found["light"]),
        say(
            "같은 건을 본 다른 위원보다 유형을 얼마나 낮게(−) 또는 높게(+) 내는지, 최근 12개월을 봅니다. 1이면 한 유형 "
            "차이입니다.",
            "How much lower (−) or higher (+) a person's tiers are than those of others on the same files, over 12 months; "
            "1 is a whole tier.",
        ),
        say(
            "점수를 자동으로 고치지 않습니다. 위원 모두와 같은 사례로 기준을 맞추고, 다음 배정에서 다른 위원과 함께 보게 해 "
            "주세요.",
            "Nothing is corrected by it. Go through the same sample cases with all evaluators, and seat the person together "
            "with others next time.",
        ),
        (table,) if rows else (),
        (
            *(
                (
                    say(
                        f"다른 위원과 함께 본 것이 {found['least_files']}건이 안 되는 {found['too_few']}명은 뺐습니다.",
                        f"{found['too_few']} people with fewer than {found['least_files']} shared files are left out.",
                    ),
                )
                if found["too_few"]
                else ()
            ),
            say(
                "이름 대신 부호를 씁니다. 배정하는 사람이 너그러운 위원을 고르지 못하게 하려는 것입니다.",
                "Codes stand for names, so that nobody who assigns can pick the lenient.",
            ),
        ),
        say("함께 본 것이 30건을 넘는 위원이 아직 없습니다.", "Nobody has read 30 files together with others yet."),
    )


def _claims(found: Mapping[str, Any]) -> Section:
    def doubted(row: Mapping[str, Any]) -> float:
        accepted, total = row["cells"][0], row["total"]
        return -1.0 if accepted is None or not total else 1 - accepted / total

    items = sorted(found["items"], key=lambda row: (-doubted(row), row["code"]))
    rows = [(_item(row["code"]), *row["cells"], row["total"], Light(row["light"])) for row in items]
    if rows:
        rows.append((say("모든 문항", "All questions"), *found["all"], _light(found["light"])))
    table = Table(
        say("문항별 판단 (덜 인정된 것부터)", "Verdicts by question (the least accepted first)"),
        (
            Column(say("문항", "Question")),
            Column(say("인정", "Accepted"), True),
            Column(say("증빙 불인정", "Evidence rejected"), True),
            Column(say("수준 정정", "Level corrected"), True),
            Column(say("합계", "All"), True),
            _LIGHT,
        ),
        rows,
    )
    return Section(
        "claims",
        say("증빙 인정", "Evidence accepted"),
        _light(found["light"]),
        say(
            "이 달까지 12개월 동안 평가위원이 기업의 답과 증빙을 그대로 인정했는지, 물리쳤는지, 고쳤는지 문항별로 셉니다.",
            "How often evaluators accepted the firms' answers with their evidence, rejected them or corrected the level, over "
            "the 12 months up to this one.",
        ),
        say(
            "자주 물리치는 문항은 수준 설명과 증빙 안내가 헷갈리는지 읽어 보고 고쳐 주세요.",
            "Where many are rejected, read the level descriptions and the help on evidence, and mend what misleads.",
        ),
        (table,) if rows else (),
        (),
        say("열두 달 동안 제출된 판단이 없습니다.", "No verdict was handed in in these 12 months."),
    )


def _models(spoke: Sequence[Mapping[str, Any]], coverage: Mapping[str, Any]) -> Section:
    instrument = say("점검표(기본)", "Instrument")
    rows = [
        (
            instrument if row["model"] == "instrument" else row["model"],
            row["instrument"],
            row["rules"],
            row["hash"],
            row["firms"],
            _percent(row["share"]),
        )
        for row in spoke
    ]
    table = Table(
        say("누가 산정했나", "Which model spoke"),
        (
            Column(say("모형", "Model")),
            Column(say("점검표 판", "Instrument")),
            Column(say("규칙 판", "Rules")),
            Column(say("지문", "Fingerprint")),
            Column(say("기업", "Firms"), True),
            Column(say("비율", "Share"), True),
        ),
        rows,
    )
    tables, notes = ([table] if rows else []), []
    if coverage["models"]:
        tables.append(
            Table(
                say("결정된 유형이 모형의 범위에 든 비율", "Decided tiers inside the model's set"),
                (
                    Column(say("약속", "Promised"), True),
                    Column(say("결정", "Decisions"), True),
                    Column(say("든 것", "Inside"), True),
                    Column(say("비율", "Share"), True),
                    _LIGHT,
                ),
                [
                    (
                        Percent(coverage["promised"]),
                        coverage["of"],
                        coverage["hits"],
                        _percent(coverage["rate"]),
                        Light(coverage["light"]),
                    )
                ],
            )
        )
    else:
        notes.append(
            say(
                "배운 모형이 아직 산정하지 않아, 모형의 범위가 맞았는지는 셀 것이 없습니다.",
                "No learned model has spoken yet, so there is no set to check.",
            )
        )
    return Section(
        "coverage",
        say("산정한 모형과 그 범위", "Models and their sets"),
        _light(coverage["light"]),
        say(
            "어느 판의 모형이 산정했는지, 배운 모형이라면 사람이 결정한 유형이 모형이 낸 범위에 약속한 만큼 들었는지 봅니다.",
            "Which version spoke; and for a learned model, whether the tiers that people decided lay in its set as often as "
            "promised.",
        ),
        say(
            "약속보다 적게 들면 그 모형을 물리고 점검표로 되돌린 뒤, 새 자료로 다시 학습해 견주어 보세요.",
            "If they fall short, roll the model back to the instrument and train a challenger on newer data.",
        ),
        tuple(tables),
        tuple(notes),
        say("이 달에 산정한 것이 없습니다.", "Nothing was scored in this month."),
    )


def _requests(found: Mapping[str, Any], appeals: Mapping[str, int] | None) -> Section:
    """appeals: None in reports that were frozen before appeals were counted."""
    rows: list[Sequence[Cell]] = [
        (say("설명 요청", "Explanations asked for"), found["explanations"]),
        (say("산정 결과에 대한 이의", "Objections to a suggestion"), found["objections"]),
        (say("그 가운데 답한 것", "Of both, answered"), found["answered"]),
        (say("사람이 보고 바뀐 것", "Changed after a person looked"), found["changed"]),
    ]
    for reason, count in found["second_readers"].items():
        why = SECOND_READER_LABELS[SecondReaderReason(reason)]
        rows.append((say(f"위원을 더 부름: {why.ko}", f"Second reader called: {why.en}"), count))
    if not found["second_readers"]:
        rows.append((say("위원을 더 부름", "Second readers called"), 0))
    notes: tuple[Words, ...] = ()
    if appeals is None:
        notes = (say("결정에 대한 이의신청은 아직 집계 전입니다.", "Appeals against decisions are not counted yet."),)
    else:
        rows += [
            (say("결정에 대한 이의신청: 인용", "Appeals against decisions: upheld"), appeals["upheld"]),
            (say("일부 인용", "Partly upheld"), appeals["partly"]),
            (say("기각", "Dismissed"), appeals["dismissed"]),
            (say("그 가운데 결과가 뒤집힌 것", "Of all, outcomes reversed"), appeals["reversed"]),
        ]
    return Section(
        "requests",
        say("설명 요청과 이의", "Explanations and objections"),
        None,
        say(
            "이 달에 들어온 요청과, 지금까지 어떻게 되었는지 셉니다.",
            "Requests that came in this month, and what has become of them.",
        ),
        say(
            "바뀐 것이 늘면 까닭을 읽고 같은 입력을 쓴 다른 기업도 다시 보아 주세요.",
            "When more are changed, read why, and look again at other firms with the same input.",
        ),
        (Table(say("요청", "Requests"), (Column(say("무엇", "What")), _COUNT), rows),),
        notes,
    )


def _trend(found: Sequence[Mapping[str, Any]]) -> Section:
    month = Column(say("달", "Month"))
    tiers = Table(
        say("달마다 산정된 유형 (기업 수)", "Tiers by month (firms)"),
        (month, *_TIERS),
        [(row["month"], *row["cells"], row["total"]) for row in found],
    )
    rates = Table(
        say("평가위원이 다르게 본 비율", "Share of evaluators who differed"),
        (
            month,
            Column(say("결과를 보기 전", "Before seeing it"), True),
            Column(say("본 뒤", "After"), True),
        ),
        [(row["month"], _percent(row["blind"]["rate"]), _percent(row["shown"]["rate"])) for row in found],
    )
    return Section(
        "trend",
        say("여섯 달의 흐름", "The last six months"),
        None,
        say("달마다의 유형과 평가위원과의 차이입니다.", "Tiers and differing evaluators, month by month."),
        None,
        (tiers, rates),
    )
