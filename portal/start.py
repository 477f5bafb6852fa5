"""Bringing a database to life: migrations, reference data, roles, and on request the demo country."""

from __future__ import annotations

import click

from portal.accounts import service as accounts
from portal.accounts.rules import Role
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
        raise click.ClickException("the demo country is not built yet")
