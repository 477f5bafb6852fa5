"""산정: from a firm's answers to levels, gates and a suggested tier with reasons that it can contest; people decide.

Persons: anyone (pre-check), SME owner (result), evaluator (the suggestion after the own score), operator.
Words  : level (수준, system 0–4 and capability 0–5) is never tier (유형); Suggestion is the machine's output.
Extra rooms: `instrument` answers → levels · `gates` the tiers' conditions · `reasons` why, and the way up ·
`record` canonical inputs, result, replay · `precheck` the twelve-question range · `explanation` a result in words ·
Learned models: `features` columns · `estimators` the learners · `conformal` sets of tiers · `trials` held-out judging ·
`training` challengers · `registry` their files · `card` how one speaks in a request · `champions` who speaks, promoted and
taken back · `voice` a champion among the gates · `dossier` a report as its page shows it.
People: `contests` what a firm may do against a suggestion · `settle` which evidence would decide · `peers` its like.
`work` long jobs · `commands` replay, score, train, models, promote, rollback ·
`batch` many firms at once · `population` everybody's diagnoses · `rescoring` everybody anew · `whatif` a moved cut.
Monitoring: `measures` its arithmetic · `tallies` its counts · `monitoring` a month's figures · `readout` these in words
and tables · `handout` as files.
"""

from __future__ import annotations

from flask import Blueprint, Flask

from portal.base.words import say
from portal.scoring import registry, rules
from portal.scoring.commands import promote_model, replay, roll_back, score, show_models, train_model
from portal.web.pages import NavItem

bp = Blueprint("scoring", __name__)
PERMISSIONS = rules.PERMISSIONS
COMMANDS = [replay, score, train_model, show_models, promote_model, roll_back]
NAV = (
    NavItem(say("3분 진단", "3-minute check"), "scoring.precheck", order=20, unless="desk:home:read"),
    NavItem(
        say("산정기", "Scorer"),
        "scoring.models",
        "scoring:model:read",
        order=60,
        covers=("/operator/jobs", "/operator/what-if", "/operator/monitoring", "/operator/explanations"),
    ),
    NavItem(
        say("설명 요청", "Explanations"),
        "scoring.explanations",
        "scoring:explanation:answer",
        order=60,
        unless="scoring:model:read",
    ),
)


def init_app(app: Flask) -> None:
    registry.configure(app.extensions["settings"].data_dir / "models")


from portal.scoring import views  # noqa: E402, F401  (routes attach themselves to `bp`)
