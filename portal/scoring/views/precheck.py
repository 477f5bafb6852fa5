"""The public pre-check: twelve questions, a range, nothing kept."""

from __future__ import annotations

from flask import current_app, render_template, request, url_for

from portal.profiles import questionnaire
from portal.reference import queries as reference
from portal.scoring import bp, precheck
from portal.scoring.forms import precheck_form
from portal.scoring.gates import SYSTEM_LEVELS
from portal.web.guard import current_actor, public
from portal.web.pages import address


@bp.get("/precheck", endpoint="precheck")
@public
def precheck_page():
    questions = questionnaire.load()
    form = precheck_form(questions.version)(request.args)
    answered = any(code in request.args for code in questions.precheck)
    if answered and "edit" not in request.args and form.validate():
        answers = {code: int(form[code].data) for code in questions.precheck}
        found = precheck.estimate(answers, questions.version)
        return render_template(
            "scoring/precheck_result.html",
            found=found,
            questions=questions,
            answers=answers,
            technologies=reference.technology_names(),
            system_levels=SYSTEM_LEVELS,
            edit_url=address(edit=1),
            start_url=_start_url(),
        )
    return render_template("scoring/precheck.html", form=form, questions=questions)


def _start_url() -> str:
    """Where the full diagnosis begins: signing up, or the questionnaire for who is signed in."""
    if current_actor().is_signed_in and "profiles.diagnosis" in current_app.view_functions:
        return url_for("profiles.diagnosis")
    return url_for("accounts.sign_up")
