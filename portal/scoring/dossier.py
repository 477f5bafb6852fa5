"""A model's report as a page shows it: rows of ready words, small cells taken out, nothing left to reckon in a template.

The report that `training` writes (`ModelVersion.report`), all of it from rows that were held out; what is missing is
shown as missing:

    metrics       {"model": {…}, "champion": {…}, "instrument": {…}} with mae, qwk, accuracy, ece, ece_debiased, log_loss
    held_out      {"decisions": n, "files": n, "raters": n}
    confusion     3 × 3 counts, the experts' tier × the model's, BASIC first
    calibration   [{"said": mean probability, "seen": share that came true, "rows": n}, …] by said
    fairness      {"region" | "size" | "industry": [{"group": code, "rows": n, "firms": n, "mae": x, "champion_mae": x,
                  "over": share, "under": share}, …]}
    conformal     {"alpha": .1, "classes": [{"tier": "BASIC", "rows": n, "covered": share, "size": mean tiers}, …]}
    monotonicity  {"raises": n, "violations": n}
    severity      [{"files": n, "effect": tiers, above zero severer, "error": standard error}, …], nobody named
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.base.words import Words, say
from portal.programmes.rules import Tier
from portal.scoring.gates import TIERS
from portal.scoring.measures import FEWEST_FILES

FEWEST = 3
"""Firms below which a cell of a group tells too much of a single one."""
FEWEST_CALIBRATION_ROWS = 300
"""Rows of a class below which its coverage is noise. Source: docs/scorer.md."""
NOTHING = "–"

METRICS: tuple[tuple[str, Words, Words], ...] = (
    (
        "mae",
        say("순서 오차 (MAE)", "Ordinal error (MAE)"),
        say(
            "한 칸 틀리면 1, 두 칸이면 2로 친 평균. 작을수록 좋음",
            "One tier off counts 1, two count 2. Smaller is better",
        ),
    ),
    (
        "qwk",
        say("일치도 (QWK)", "Agreement (QWK)"),
        say("참고로만 적음. 채택 기준이 아님", "Printed only, never the criterion"),
    ),
    (
        "accuracy",
        say("꼭 맞은 비율", "Exactly right"),
        say("위원의 유형과 같은 비율", "Share equal to the evaluator's tier"),
    ),
    (
        "ece",
        say("확률 오차 (ECE)", "Calibration error (ECE)"),
        say("말한 확률과 실제 비율의 차이", "Between the probability said and the share seen"),
    ),
    (
        "ece_debiased",
        say("확률 오차, 보정", "Calibration error, debiased"),
        say("자료가 적어 생기는 부풀림을 뺀 값", "Without what few rows add to it"),
    ),
    (
        "log_loss",
        say("로그 손실", "Log loss"),
        say("자신 있게 틀릴수록 커짐", "Grows with being surely wrong"),
    ),
)
AXES: dict[str, Words] = {
    "region": say("지역", "Region"),
    "size": say("규모", "Size"),
    "industry": say("업종", "Industry"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table. cells: ready to print; note: said under the name."""

    name: Words | str
    cells: tuple[Words | str, ...]
    note: Words | str = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything the page of one version shows beside its plain facts; an empty part was not measured."""

    metrics: tuple[Row, ...]
    held_out: Mapping[str, int]
    confusion: tuple[Row, ...]
    confusion_tiers: tuple[Tier, ...]
    points: tuple[tuple[float, float], ...]
    calibration: tuple[Row, ...]
    fairness: tuple[tuple[Words, tuple[Row, ...]], ...]
    coverage: tuple[Row, ...]
    promised: str
    raises: int | None
    violations: int | None
    severity: tuple[Row, ...]
    severity_left_out: int


def sheet(
    report: Mapping[str, Any],
    name_of: Callable[[str, str], Words | str] = lambda _axis, code: code,
    place_of: Callable[[str, str], Any] = lambda _axis, code: code,
) -> Sheet:
    """Lay out a report.

    name_of  : (axis, code) → what the group is called; the default prints the code
    place_of : (axis, code) → what groups are put in order by
    """
    calibration = _list(report, "calibration")
    conformal = _map(report, "conformal")
    monotonicity = _map(report, "monotonicity")
    raters = sorted(_list(report, "severity"), key=lambda one: -abs(one["effect"]))
    told = [one for one in raters if one["files"] >= FEWEST_FILES]
    return Sheet(
        metrics=_metrics(_map(report, "metrics")),
        held_out=_map(report, "held_out"),
        confusion=tuple(
            Row(tier.label, (*(f"{count:,}" for count in row), f"{sum(row):,}"))
            for tier, row in zip(TIERS, _list(report, "confusion"), strict=False)
        ),
        confusion_tiers=TIERS,
        points=tuple((one["said"], one["seen"]) for one in calibration),
        calibration=tuple(Row(percent(one["said"]), (percent(one["seen"]), f"{one['rows']:,}")) for one in calibration),
        fairness=tuple(
            (
                label,
                _groups(
                    sorted(groups, key=lambda one, axis=axis: place_of(axis, str(one["group"]))),
                    lambda code, axis=axis: name_of(axis, code),
                ),
            )
            for axis, label in AXES.items()
            if (groups := _map(report, "fairness").get(axis))
        ),
        coverage=tuple(_class(one) for one in _list(conformal, "classes")),
        promised=percent(1 - conformal["alpha"]) if "alpha" in conformal else "",
        raises=monotonicity.get("raises"),
        violations=monotonicity.get("violations"),
        severity=tuple(
            Row(
                say(f"평가위원 {number}", f"Evaluator {number}"),
                (f"{one['files']:,}", signed(-one["effect"]), f"±{one['error']:.2f}"),
            )
            for number, one in enumerate(told, start=1)
        ),
        severity_left_out=len(raters) - len(told),
    )


def _metrics(found: Mapping[str, Any]) -> tuple[Row, ...]:
    if not found:
        return ()
    columns = [_map(found, who) for who in ("model", "champion", "instrument")]
    return tuple(
        Row(label, tuple(figure(column.get(name)) for column in columns), note)
        for name, label, note in METRICS
        if any(column.get(name) is not None for column in columns)
    )


def _groups(groups: Sequence[Mapping[str, Any]], name_of: Callable[[str], Words | str]) -> tuple[Row, ...]:
    """A row for each group. Those of too few firms show no figure, nor does the next smallest when it would tell theirs
    by what is left of the whole."""
    order = sorted(groups, key=_firms)
    hidden = [one for one in order if _firms(one) < FEWEST]
    if hidden and sum(_firms(one) for one in hidden) < FEWEST:
        hidden = order[: len(hidden) + 1]
    return tuple(_group(name_of(str(one["group"])), one, one in hidden) for one in groups)


def _firms(one: Mapping[str, Any]) -> int:
    """The firms of a group; a reading each where the report does not count them."""
    return one.get("firms", one["rows"])


def _group(name: Words | str, one: Mapping[str, Any], hidden: bool) -> Row:
    if hidden:
        few = _firms(one) < FEWEST
        told = say("3 미만", "under 3") if few else say("가림", "hidden")
        return Row(name, (told, NOTHING, NOTHING, NOTHING, NOTHING), hidden=True)
    return Row(
        name,
        (
            f"{one['rows']:,}",
            figure(one.get("mae")),
            figure(one.get("champion_mae")),
            share(one.get("over")),
            share(one.get("under")),
        ),
    )


def _class(one: Mapping[str, Any]) -> Row:
    rows = one["rows"]
    few = rows < FEWEST_CALIBRATION_ROWS
    covered = say("자료 부족", "too few") if few else share(one.get("covered"))
    size = NOTHING if few or one.get("size") is None else f"{one['size']:.2f}"
    return Row(Tier[one["tier"]].label, (f"{rows:,}", covered, size), hidden=few)


def main_metric(report: Mapping[str, Any]) -> tuple[str, str]:
    """The ordinal error of a model and of the champion at its time, for a table of many models."""
    found = _map(report, "metrics")
    return figure(_map(found, "model").get("mae")), figure(_map(found, "champion").get("mae"))


def figure(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"


def signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def percent(value: float) -> str:
    return f"{100 * value:.0f}%"


def share(value: float | None) -> str:
    return NOTHING if value is None else f"{100 * value:.1f}%"


def _map(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return found.get(name) or {}


def _list(found: Mapping[str, Any], name: str) -> Sequence[Any]:
    return found.get(name) or ()


# --- promotion ------------------------------------------------------------------------------------------------------

CRITERIA: dict[str, tuple[Words, Words]] = {
    "evidence": (
        say("배운 결정이 충분함", "Enough to learn from"),
        say(
            "제안을 보기 전에 낸 결정 1,000건 이상, 또는 위원 3명 이상이 본 신청 300건 이상",
            "At least 1,000 blind decisions, or 300 files judged by three or more",
        ),
    ),
    "mae": (
        say("지금보다 덜 틀림", "Errs less than the champion"),
        say(
            "순서 오차의 차이를 짝지어 다시 뽑은 구간의 아래 끝이 0보다 큼",
            "The lower end of the paired bootstrap interval of the difference in ordinal error is above 0",
        ),
    ),
    "monotone": (
        say("올리면 내려가지 않음", "Never falls when an answer rises"),
        say("답을 올렸는데 유형이 내려간 경우가 0건", "No raise of an answer lowered a tier"),
    ),
    "fair": (
        say("뒤처진 집단이 더 뒤처지지 않음", "The worst group falls no further behind"),
        say(
            "지역·규모·업종 가운데 가장 나쁜 집단과의 차이가 지금보다 크지 않음. 괄호는 확실히 커진 만큼이며, 0 이하면 커졌다고 할 수 없음",
            "The gap of the worst group by region, size or industry is not larger than the champion's. In brackets what it has "
            "surely grown by; at 0 or less nobody can say that it has",
        ),
    ),
    "calibrated": (
        say("말한 확률이 맞음", "Its probabilities hold"),
        say("보정한 확률 오차(ECE)가 0.03 이하", "Debiased calibration error (ECE) of 0.03 at most"),
    ),
}
"""Source: docs/scorer.md, promotion by a person."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One condition of promotion. needed, seen: ready to print."""

    name: Words | str
    explained: Words | str
    needed: str
    seen: str
    met: bool


@dataclass(frozen=True, slots=True)
class Interval:
    """How much smaller the error is than the champion's, drawn on a line whose middle is zero.

    low, middle, high : as printed; left, width, point : per cent of the line
    """

    low: str
    middle: str
    high: str
    left: float
    width: float
    point: float
    above_zero: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """The promotion report of a version; `criteria` is empty when none was made."""

    criteria: tuple[Criterion, ...]
    interval: Interval | None
    against: str

    @property
    def ok(self) -> bool:
        return bool(self.criteria) and all(one.met for one in self.criteria)

    @property
    def missing(self) -> tuple[Criterion, ...]:
        return tuple(one for one in self.criteria if not one.met)


def promotion(report: Mapping[str, Any]) -> Verdict:
    """Lay out {"criteria": [{"code", "needed", "seen", "met"}, …], "interval": {"low", "middle", "high"}, "against": name}.

    interval: of the champion's ordinal error minus the model's; above zero is better
    """
    interval = _map(report, "interval")
    return Verdict(
        tuple(
            Criterion(
                *CRITERIA.get(one["code"], (one["code"], "")),
                str(one["needed"]),
                str(one["seen"]).replace("-", "−"),
                bool(one["met"]),
            )
            for one in _list(report, "criteria")
        ),
        _interval(interval["low"], interval["middle"], interval["high"]) if interval else None,
        report.get("against") or "",
    )


def _interval(low: float, middle: float, high: float) -> Interval:
    reach = max(abs(low), abs(high), 1e-9) * 1.2

    def place(value: float) -> float:
        return round(50 + 50 * value / reach, 2)

    return Interval(
        *(f"{value:+.3f}".replace("-", "−") for value in (low, middle, high)),
        left=place(low),
        width=round(max(place(high) - place(low), 0.5), 2),
        point=place(middle),
        above_zero=low > 0,
    )
