"""Tables of the reference data; rows are referred to by their code or key, never by number."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.base.db import BigId, db, enum_type
from portal.base.words import Words, say
from portal.reference.rules import KSIC_LEVELS, RegionLevel, TechnologyFamily, is_valid_on


class Ksic(db.Model):
    """One industry of section C in one revision of the classification."""

    __tablename__ = "ksic"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    revision: Mapped[int]
    code: Mapped[str] = mapped_column(sa.String(5))
    ko: Mapped[str] = mapped_column(sa.String(200))
    en: Mapped[str] = mapped_column(sa.String(200), default="")

    __table_args__ = (sa.UniqueConstraint("revision", "code"),)

    @property
    def level(self) -> str:
        return KSIC_LEVELS[len(self.code)]

    @property
    def label(self) -> Words:
        return say(self.ko, self.en or self.ko)


class Region(db.Model):
    """A 시도 or a 시군구, with the days on which it exists."""

    __tablename__ = "region"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(60), unique=True)
    level: Mapped[RegionLevel] = mapped_column(enum_type(RegionLevel))
    parent: Mapped[str] = mapped_column(sa.String(60), default="", index=True)
    ko: Mapped[str] = mapped_column(sa.String(60))
    en: Mapped[str] = mapped_column(sa.String(80))
    official_code: Mapped[str] = mapped_column(sa.String(5), default="")
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    # keys of the regions that took over, separated by spaces
    successors: Mapped[str] = mapped_column(sa.String(200), default="")
    rank: Mapped[int]

    @property
    def label(self) -> Words:
        return say(self.ko, self.en)

    def is_valid_on(self, day: date) -> bool:
        return is_valid_on(self.valid_from, self.valid_to, day)


class Technology(db.Model):
    """A technology, the capability levels it lifts and what people call it."""

    __tablename__ = "technology"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True)
    family: Mapped[TechnologyFamily] = mapped_column(enum_type(TechnologyFamily))
    ko: Mapped[str] = mapped_column(sa.String(80))
    en: Mapped[str] = mapped_column(sa.String(80))
    level_from: Mapped[int | None]
    level_to: Mapped[int | None]
    # diagnosis items and synonyms: lists kept as in the file, read through the properties
    items_text: Mapped[str] = mapped_column(sa.String(80), default="")
    synonyms_ko_text: Mapped[str] = mapped_column(sa.Text, default="")
    synonyms_en_text: Mapped[str] = mapped_column(sa.Text, default="")
    rank: Mapped[int]

    @property
    def label(self) -> Words:
        return say(self.ko, self.en)

    @property
    def items(self) -> tuple[str, ...]:
        return tuple(self.items_text.split())

    @property
    def synonyms_ko(self) -> tuple[str, ...]:
        return tuple(part for part in self.synonyms_ko_text.split(";") if part)

    @property
    def synonyms_en(self) -> tuple[str, ...]:
        return tuple(part for part in self.synonyms_en_text.split(";") if part)

    @property
    def words(self) -> tuple[str, ...]:
        """Every name of the technology, for search."""
        return (self.code, self.ko, self.en, *self.synonyms_ko, *self.synonyms_en)
