"""People, their organisations, roles, consents and sign-ins."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_security import AsaList, RoleMixin, UserMixin
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.rules import OrganisationKind, Role, needs_second_factor
from portal.base import clock
from portal.base.db import BigId, Keyed, Stamped, UtcDateTime, Versioned, db, enum_type
from portal.base.words import Words


class Organisation(Keyed, Stamped, Versioned, db.Model):
    """A company, a supplier, an agency or a partner; one row for each 사업자등록번호 and kind."""

    __tablename__ = "organisation"

    kind: Mapped[OrganisationKind] = mapped_column(enum_type(OrganisationKind))
    name: Mapped[str] = mapped_column(sa.String(120))
    # 10 digits, no hyphens; agencies of the demo have none
    registration_number: Mapped[str | None] = mapped_column(sa.String(10))
    # key of reference.Region (시도 of an operator, 시군구 of a firm)
    region: Mapped[str | None] = mapped_column(sa.String(60))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (sa.UniqueConstraint("registration_number", "kind"),)


person_role = sa.Table(
    "person_role",
    db.metadata,
    sa.Column("person_id", sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("role_id", sa.ForeignKey("role.id", ondelete="CASCADE"), primary_key=True),
)


class RoleRow(RoleMixin, db.Model):
    __tablename__ = "role"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)
    description: Mapped[str | None] = mapped_column(sa.String(255))
    permissions: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(AsaList()))


class Person(Keyed, UserMixin, db.Model):
    """An account. Columns without a comment are the ones that Flask-Security asks for."""

    __tablename__ = "person"

    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    password: Mapped[str | None] = mapped_column(sa.String(255))
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(sa.String(64), unique=True, default=lambda: secrets.token_hex(32))
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tf_primary_method: Mapped[str | None] = mapped_column(sa.String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(sa.String(255))
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(AsaList()))
    create_datetime: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    update_datetime: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, onupdate=clock.now)
    # our own
    name: Mapped[str] = mapped_column(sa.String(60))
    phone: Mapped[str | None] = mapped_column(sa.String(20))  # E.164
    language: Mapped[str] = mapped_column(sa.String(2), default="ko")
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)

    organisation: Mapped[Organisation | None] = relationship(lazy="joined")
    roles: Mapped[list[RoleRow]] = relationship(secondary=person_role, lazy="selectin")

    @property
    def role_names(self) -> frozenset[str]:
        return frozenset(role.name for role in self.roles)

    @property
    def role_labels(self) -> list[Words]:
        return [Role(role.name).label for role in self.roles]

    def check_tf_required(self, tf_setup_methods: list[Any], tf_fresh: bool) -> tuple[bool, list[Any]]:
        """The second step is asked of who sees other people's cases, and of who set it up by choice."""
        return needs_second_factor(self.role_names) or len(tf_setup_methods) > 0, tf_setup_methods

    def check_tf_required_setup(self) -> bool:
        return needs_second_factor(self.role_names)


class SignIn(db.Model):
    """One session of one person; ending the row ends the session at its next request."""

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), index=True)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # browser family and system in words, not the full header
    device: Mapped[str] = mapped_column(sa.String(80), default="")

    person: Mapped[Person] = relationship()


class Consent(db.Model):
    """What a person agreed to, in which version, when, and when it was taken back. Never changed, only ended."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(sa.String(40))
    text_version: Mapped[str] = mapped_column(sa.String(20))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
