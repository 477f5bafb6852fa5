"""Bringing a database to life: migrations, reference data, roles, and on request the demo country."""

from __future__ import annotations

import secrets

import click
from flask import current_app

from portal.accounts import service as accounts
from portal.accounts.queries import accounts_exist
from portal.accounts.rules import Role
from portal.base import marks
from portal.base.access import SYSTEM
from portal.base.db import transaction
from portal.programmes import service as programmes
from portal.reference import service as reference
from portal.reference.loading import BrokenData


def load() -> None:
    """Roles, reference data and the programme catalogue into existing tables; safe to run again."""
    with transaction():
        for role in Role:
            accounts.role_row(role)
    reference.load_all(SYSTEM)
    programmes.load_catalogue(SYSTEM)


def prepare(*, demo: bool) -> None:
    """Migrate to the newest schema and load the reference data; safe to run again.

    demo: also build the synthetic country; only on a database that holds nobody yet
    """
    from flask_migrate import upgrade

    upgrade()
    try:
        load()
    except BrokenData as broken:
        raise click.ClickException(f"기준정보가 잘못되었습니다 · the reference data is broken\n{broken}") from None
    click.echo("데이터베이스가 준비되었습니다 · the database is ready")
    if demo:
        _demo()


def _demo() -> None:
    """The demo country and the accounts of its cast; a database that holds people already is left as it is."""
    from flask_security import hash_password
    from flask_security.proxies import _security

    from portal.demo import country

    if marks.is_demo():
        click.echo("예시 나라가 이미 있습니다 · the demo country is already there")
        return
    if accounts_exist():
        raise click.ClickException(
            "이미 쓰고 있는 데이터베이스입니다. 예시 나라는 빈 데이터베이스에만 만듭니다. · "
            "This database is in use. The demo country is only built on an empty one."
        )
    password = current_app.extensions["settings"].demo_password or secrets.token_urlsafe(9)
    with current_app.test_request_context():
        country.build(hash_password(password), _security.totp_factory.generate_totp_secret)
    click.echo("\n예시 계정 · demo accounts (합성, 비밀번호 password: " + password + ")\n")
    for who, (name, roles) in country.CAST.items():
        labels = ", ".join(f"{role.label.ko} {role.label.en}" for role in sorted(roles))
        click.echo(f"  {who}@{country.DOMAIN:<14} {name}  {labels}")
    click.echo(f"  operator.gyeonggi@{country.DOMAIN}  경기 지역 운영기관 Regional operator")
    click.echo(f"  sang@{country.DOMAIN}  주관기관(대기업) Partner")
    click.echo("\n평가위원·위원장·운영기관·감사의 2단계 인증 번호는 예시 모드에서 화면이 채워 줍니다.")
    click.echo("In demo mode the screen fills in the second factor.\n")
