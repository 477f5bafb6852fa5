"""What the scorer has to say while a firm fills in an application: the tier's unmet conditions and their cures.

Hung into the application's check page through its list of advisors, because that page stands below the scorer. Advice
never bars a submission: the firm may apply for another tier than the suggested one.
"""

from __future__ import annotations

from portal.applications import advice as applications
from portal.applications import questions
from portal.applications.advice import Advice
from portal.applications.models import Application
from portal.base.access import Actor
from portal.base.words import Words, say
from portal.desk.tasks import link
from portal.profiles import queries as profiles
from portal.scoring import queries as scoring
from portal.scoring.gates import Finding, judge
from portal.scoring.instrument import load

# Where each gate can be mended: by the answers of the diagnosis, or on a page of the application itself.
BY_ANSWERS = frozenset({"G1", "G2", "G3", "G5", "G6", "G7"})


def on_gates(actor: Actor, application: Application) -> list[Advice]:
    """The unmet conditions of the tier applied for, judged on the newest finished diagnosis and the draft as it is."""
    version = profiles.latest_version(application.organisation_id)
    if application.tier is None or version is None:
        return []
    snapshot = profiles.diagnosis_snapshot(version.id)
    found = load(snapshot["instrument"]).assess(snapshot["answers"], snapshot["evidence"])
    judged = judge(found, scoring.facts_of(application))
    return [
        Advice(
            text=say(
                f"{application.tier.label.ko} · {finding.name.ko}: {finding.sentence.ko}",
                f"{application.tier.label.en} · {finding.name.en}: {finding.sentence.en}",
            ),
            cure=_cure(finding),
            url=(link("profiles.diagnosis") or "") if finding.gate in BY_ANSWERS else "",
        )
        for finding in judged.unmet(application.tier)
    ]


def _cure(finding: Finding) -> Words | None:
    if finding.code != "G0_EXCLUDED":
        return finding.cure
    cures = [one.cure for code in finding.values["codes"] if (one := questions.exclusion(code))]
    return say(" ".join(cure.ko for cure in cures), " ".join(cure.en for cure in cures)) if cures else finding.cure


applications.ADVISORS.append(on_gates)
