"""`flask portal take-mail`: what the mail server pipes into the portal, one message at a time."""

from __future__ import annotations

import click
from flask.cli import with_appcontext


@click.command("take-mail")
@with_appcontext
def take_mail() -> None:
    """상담 메일의 답장을 표준 입력으로 받습니다 · Take one answer to a consultation's letter from standard input."""
    from portal.consultations import relay

    click.echo(relay.take_in(click.get_binary_stream("stdin").read(relay.MAX_BYTES + 1)).value)


COMMANDS = [take_mail]
