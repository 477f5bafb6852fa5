"""Commands of accounts: inviting those who can't sign up alone."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from portal.accounts import service
from portal.accounts.rules import Role
from portal.base import words
from portal.base.access import SYSTEM, RuleBroken


@click.command("add-person")
@click.option("--email", required=True, help="로그인 이메일 · e-mail")
@click.option("--name", required=True, help="이름 · name")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]), help="역할 · role")
@click.option("--agency", default="", help="소속 기관 이름 · agency (operators, auditors)")
@click.option("--region", default=None, help="지역 운영기관의 시도 키 · province key of a regional operator")
@with_appcontext
def add_person(email: str, name: str, role: str, agency: str, region: str | None) -> None:
    """운영기관·평가위원·감사를 초대합니다 · Invite an operator, evaluator, chair or auditor by letter."""
    try:
        person = service.invite_person(SYSTEM, email=email, name=name, role=Role(role), agency=agency, region=region)
    except RuleBroken as broken:
        sentence = words.sentence(broken.code, **broken.values)
        raise click.ClickException(f"{sentence.ko} · {sentence.en}") from None
    click.echo(f"초대 메일을 보냈습니다 · invitation queued: {person.email}")


COMMANDS = [add_person]
