"""Reading the demo's mailbox."""

from __future__ import annotations

import sqlalchemy as sa

from portal.base import marks
from portal.base.access import NotVisible
from portal.base.db import session
from portal.base.mail import Mail
from portal.base.paging import Page, paginate


def _only_in_a_demo() -> None:
    """Letters carry links that open accounts: outside of a demo nobody reads them here."""
    if not marks.is_demo():
        raise NotVisible


def letters(to: str | None, page: int) -> Page[Mail]:
    """public: the demo's letters, newest first; `to` narrows them to one address. Raises NotVisible elsewhere."""
    _only_in_a_demo()
    select = sa.select(Mail).order_by(Mail.id.desc())
    if to:
        select = select.where(Mail.to == to.strip().lower())
    return paginate(select, page, 20)


def letter(mail_id: int) -> Mail:
    """public: one letter of the demo. Raises NotVisible elsewhere and when there is none."""
    _only_in_a_demo()
    row = session.get(Mail, mail_id)
    if row is None:
        raise NotVisible
    return row
