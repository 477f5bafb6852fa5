"""The model desk: which model speaks, what each version is worth, and the acts of people upon them."""

from __future__ import annotations

from collections.abc import Sequence

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from portal.base import marks
from portal.base.access import NotVisible, RuleBroken
from portal.base.words import Words, say
from portal.reference import queries as reference
from portal.reference.rules import SIZE_LABELS, SizeClass
from portal.scoring import bp, champions, dossier, monitoring, population, queries, record, service
from portal.scoring.forms import ReasonForm, RescoreForm, TrainForm
from portal.scoring.gates import RULE_VERSION
from portal.scoring.instrument import load
from portal.scoring.measures import Light
from portal.scoring.models import ModelEvent, ModelVersion
from portal.scoring.rules import JobKind, JobState, ModelAct, ModelState
from portal.web.charts import against_promise
from portal.web.forms import OnceForm, refuse
from portal.web.guard import current_actor, may, requires

UNKNOWN = "unknown"
"""A group whose name nobody gave, as a model's report calls it."""
SHOWN = 10
"""Items of the drift that a page lists, the most shifted first."""


@bp.get("/operator/models")
@requires("scoring:model:read")
def models():
    actor, champion = current_actor(), queries.champion()
    events = queries.model_events(actor)
    since = _since(champion, events)
    return render_template(
        "scoring/models.html",
        models=queries.models(actor),
        champion=champion,
        since=since,
        fallen=since is not None and since.act is ModelAct.REFUSED,
        instrument=load(),
        rules=RULE_VERSION,
        events=events,
        jobs=queries.jobs(actor, limit=5),
        main_metric=dossier.main_metric,
    )


def _since(champion: ModelVersion | None, events: Sequence[ModelEvent]) -> ModelEvent | None:
    """The act since which this one speaks; None: the instrument, from the beginning."""
    for event in events:
        if event.act in (ModelAct.PROMOTED, ModelAct.ROLLED_BACK):
            return event
        if event.act is ModelAct.REFUSED and champion is None and _spoke(event, events):
            return event
    return None


def _spoke(refused: ModelEvent, events: Sequence[ModelEvent]) -> bool:
    """Whether a model was the champion when its file was refused."""
    acts = (ModelAct.PROMOTED, ModelAct.ROLLED_BACK)
    last = next((one for one in events if one.id < refused.id and one.act in acts), None)
    return last is not None and last.model_id == refused.model_id


@bp.get("/operator/models/<key>")
@requires("scoring:model:read")
def model(key: str):
    row = _load(key)
    sheet = dossier.sheet(row.facts, group_names(), group_places())
    plot = against_promise(sheet.points, promised=_("모형이 말한 확률"), seen=_("실제 비율")) if sheet.points else None
    drift = monitoring.drift_since(current_actor(), (row.trained_from, row.trained_until))
    return render_template(
        "scoring/model.html",
        model=row,
        sheet=sheet,
        plot=plot,
        drift=drift,
        light=Light(drift["light"]),
        shifted=sorted(drift["items"], key=lambda one: -one["psi"])[:SHOWN],
        titles={code: item.title for code, item in load().questions.items.items()},
        Light=Light,
        events=queries.model_events(current_actor(), row.id),
    )


@bp.get("/operator/models/<key>/promotion")
@requires("scoring:model:read")
def promotion(key: str):
    return _promotion_page(_load(key), ReasonForm())


@bp.post("/operator/models/<key>/promotion")
@requires("scoring:model:manage")
def promote(key: str):
    row, form = _load(key), ReasonForm()
    if form.validate_on_submit():
        try:
            champions.promote(current_actor(), key, form.reason.data, once_key=form.once.data)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("%(name)s을(를) 채택했습니다. 이제부터 새 제안은 이 모형이 합니다.", name=row.name), "success")
            return redirect(url_for(".models"))
    return _promotion_page(row, form)


def _promotion_page(row: ModelVersion, form: ReasonForm):
    champion = queries.champion()
    return render_template(
        "scoring/model_promotion.html",
        model=row,
        form=form,
        verdict=dossier.promotion(row.facts),
        champion=champion,
        # a report made against another champion says nothing about this one
        stale=row.facts.get("against_sha256", record.CHAMPION)
        != (champion.card_sha256 if champion else record.CHAMPION),
        only_demo=row.synthetic and not marks.is_demo(),
        again=OnceForm(formdata=None),
        is_challenger=row.state is ModelState.CHALLENGER,
        may_promote=may(current_actor(), "scoring:model:manage"),
    )


@bp.post("/operator/models/<key>/judge")
@requires("scoring:model:manage")
def judge(key: str):
    """Compare a challenger with what speaks now; the worker does it."""
    row, form = _load(key), OnceForm()
    if row.state is ModelState.CHALLENGER and form.validate_on_submit():
        job = service.ask_job(current_actor(), JobKind.TRAIN, {"again": row.key}, once_key=form.once.data)
        return redirect(url_for(".job", key=job.key))
    return redirect(url_for(".promotion", key=key))


@bp.route("/operator/models/roll-back", methods=["GET", "POST"])
@requires("scoring:model:manage")
def roll_back():
    actor, champion = current_actor(), queries.champion()
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            champions.roll_back(actor, form.reason.data, once_key=form.once.data)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("되돌렸습니다. 이제부터 새 제안은 이전 것이 합니다."), "success")
            return redirect(url_for(".models"))
    return render_template(
        "scoring/model_roll_back.html",
        form=form,
        champion=champion,
        before=queries.champion_before(),
        instrument=load(),
    )


@bp.route("/operator/models/<key>/retire", methods=["GET", "POST"])
@requires("scoring:model:manage")
def retire(key: str):
    row, form = _load(key), ReasonForm()
    if form.validate_on_submit():
        try:
            champions.retire(current_actor(), key, form.reason.data, once_key=form.once.data)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("%(name)s을(를) 물렸습니다.", name=row.name), "success")
            return redirect(url_for(".models"))
    return render_template("scoring/model_retire.html", model=row, form=form)


@bp.route("/operator/models/train", methods=["GET", "POST"])
@requires("scoring:model:manage")
def train():
    form = TrainForm()
    if form.validate_on_submit():
        asked = {"kind": form.kind.data, "note": (form.note.data or "").strip()}
        try:
            job = service.ask_job(current_actor(), JobKind.TRAIN, asked, once_key=form.once.data)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            return redirect(url_for(".job", key=job.key))
    return render_template("scoring/model_train.html", form=form, waiting=_open_job(JobKind.TRAIN))


@bp.route("/operator/models/rescore", methods=["GET", "POST"])
@requires("scoring:model:manage")
def rescore():
    form = RescoreForm()
    if form.validate_on_submit():
        try:
            job = service.ask_job(current_actor(), JobKind.SCORE_ALL, {}, once_key=form.once.data)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            return redirect(url_for(".job", key=job.key))
    return render_template(
        "scoring/rescore.html",
        form=form,
        firms=population.firms_with_versions(),
        champion=queries.champion(),
        instrument=load(),
        rules=RULE_VERSION,
        waiting=_open_job(JobKind.SCORE_ALL),
    )


def _load(key: str) -> ModelVersion:
    row = queries.model_by_key(current_actor(), key)
    if row is None:
        raise NotVisible
    return row


def _open_job(kind: JobKind):
    """The same work that somebody asked for and that has not ended yet."""
    open_ = (JobState.WAITING, JobState.RUNNING)
    return next((job for job in queries.jobs(current_actor(), kind) if job.state in open_), None)


def group_names():
    """(axis, code) → the name of a region, a size class or an industry's division."""
    regions = {row.key: row.label for row in reference.regions_on()}
    divisions = {row.code: row.label for row in reference.ksic_rows(2, reference.newest_revision())}

    def name_of(axis: str, code: str) -> Words | str:
        if code == UNKNOWN:
            return say("모름", "Unknown")
        if axis == "size" and code in list(SizeClass):
            return SIZE_LABELS[SizeClass(code)]
        return {"region": regions, "industry": divisions}.get(axis, {}).get(code, code)

    return name_of


def group_places():
    """(axis, code) → where it stands in the order that people know; what is unknown comes last."""
    known = {"region": [row.key for row in reference.regions_on()], "size": [str(size) for size in SizeClass]}

    def place_of(axis: str, code: str) -> tuple[bool, int, str]:
        order = known.get(axis, [])
        return code == UNKNOWN, order.index(code) if code in order else len(order), code

    return place_of
