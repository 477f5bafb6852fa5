"""Screens of accounts: signing up, the way in, one's own account, colleagues, sessions."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, session, url_for
from flask_babel import gettext as _
from flask_security import hash_password
from flask_security.confirmable import send_confirmation_instructions

from portal.accounts import bp, queries, service
from portal.accounts.forms import ColleagueForm, InvitationForm, PersonForm, SignUpForm
from portal.accounts.rules import PURPOSES, OrganisationKind
from portal.base import words
from portal.base.access import RuleBroken
from portal.web.forms import refuse
from portal.web.guard import current_actor, public, requires
from portal.web.limits import limiter


@bp.route("/sign-up", methods=["GET", "POST"])
@public
@limiter.limit("60/hour", methods=["POST"])
def sign_up():
    form = SignUpForm()
    if form.validate_on_submit():
        try:
            person = service.sign_up(
                kind=OrganisationKind(form.kind.data),
                registration_number=form.registration_number.data,
                organisation_name=form.organisation_name.data.strip(),
                email=form.email.data,
                name=form.name.data.strip(),
                phone=form.phone.data,
                password_hash=hash_password(form.password.data),
                consents=form.consents(),
            )
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            if person is not None:
                send_confirmation_instructions(person)
            session["signed_up_email"] = form.email.data.strip()
            return redirect(url_for("accounts.check_mail"))
    return render_template("accounts/sign_up.html", form=form, purposes=PURPOSES)


@bp.get("/sign-up/mail")
@public
def check_mail():
    return render_template("accounts/check_mail.html", email=session.get("signed_up_email"))


@bp.get("/arrived")
@requires("accounts:own:read")
def arrived():
    """After sign-in: back to the page that asked for it (kept on our side), else home."""
    return redirect(session.pop("after_sign_in", None) or url_for("desk.home"))


@bp.route("/invitation/<token>", methods=["GET", "POST"])
@public
@limiter.limit("60/hour", methods=["POST"])
def invitation(token: str):
    try:
        person = service.invited_person(token)
    except RuleBroken as broken:
        return render_template("accounts/invitation_ended.html", reason=words.sentence(broken.code)), 410
    form = InvitationForm(obj=person)
    if form.validate_on_submit():
        try:
            service.accept_invitation(
                token,
                name=form.name.data.strip(),
                password_hash=hash_password(form.password.data),
                consents=form.consents(),
            )
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("가입을 마쳤습니다. 로그인해 주세요."), "success")
            return redirect(url_for("security.login"))
    return render_template("accounts/invitation.html", form=form, person=person, purposes=PURPOSES)


@bp.route("/account", methods=["GET", "POST"])
@requires("accounts:own:read")
def account():
    actor = current_actor()
    person = queries.own_account(actor)
    form = PersonForm(obj=person)
    if form.validate_on_submit():
        try:
            service.edit_person(
                actor, name=form.name.data.strip(), phone=form.phone.data or "", language=form.language.data
            )
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("저장했습니다."), "success")
            return redirect(url_for("accounts.account"))
    return render_template(
        "accounts/account.html",
        form=form,
        person=person,
        sign_ins=queries.own_sign_ins(actor),
        current_sign_in=g.get("sign_in_id"),
        purposes=PURPOSES,
        consents=queries.own_consents(actor),
    )


@bp.post("/account/sessions/<int:sign_in_id>/end")
@requires("accounts:own:edit")
def end_session(sign_in_id: int):
    service.end_session(current_actor(), sign_in_id)
    flash(_("그 기기의 접속을 끝냈습니다."), "success")
    return redirect(url_for("accounts.account"))


@bp.post("/account/consents/<code>/<any(give, withdraw):act>")
@requires("accounts:own:edit")
def consent(code: str, act: str):
    service.change_consent(current_actor(), code, act == "give")
    flash(_("동의 내용을 바꾸었습니다."), "success")
    return redirect(url_for("accounts.account"))


@bp.route("/colleagues", methods=["GET", "POST"])
@requires("accounts:colleague:manage")
def colleagues():
    actor = current_actor()
    form = ColleagueForm()
    if form.validate_on_submit():
        try:
            service.invite_colleague(actor, email=form.email.data, name=form.name.data.strip())
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("초대 메일을 보냈습니다."), "success")
            return redirect(url_for("accounts.colleagues"))
    return render_template("accounts/colleagues.html", form=form, people=queries.members(actor.organisation_id))


@bp.post("/colleagues/<key>/remove")
@requires("accounts:colleague:manage")
def remove_colleague(key: str):
    service.remove_colleague(current_actor(), key)
    flash(_("계정을 닫았습니다. 열려 있던 접속도 모두 끝났습니다."), "success")
    return redirect(url_for("accounts.colleagues"))
