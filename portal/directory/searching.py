"""One page of the directory: what is asked, what is found, what each facet would leave, and why each row is there.

The index finds and counts; the rows themselves are read through `queries.public`, so that what is not public now is
shown to nobody whatever an index says.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

import sqlalchemy as sa

from portal.accounts.models import Organisation
from portal.base import clock
from portal.base.access import Actor
from portal.base.db import session
from portal.base.paging import Page
from portal.base.words import Words, say
from portal.directory import queries, shelf
from portal.directory import thesaurus as words
from portal.directory.facets import LABELS, Layout
from portal.directory.models import Listing, TrackRecord
from portal.directory.queries import Names
from portal.directory.rules import GREY_AFTER, NATIONWIDE

PAGE_SIZE = 12
SORTS = ("best", "record", "lead", "name")
MOST_SUGGESTED = 3
_SHOWN_CODE = 40


@dataclass(frozen=True)
class Asked:
    """What a visitor asks of the directory; the address of the page holds all of it.

    chosen: facet → codes of its values
    """

    text: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str = ""


@dataclass(frozen=True)
class FacetValue:
    code: str
    label: Words
    count: int
    is_chosen: bool


@dataclass(frozen=True)
class Found:
    """One page of the directory.

    why      : listing id → why it is in the list
    ignored  : codes that no facet has: left out, and said
    read_as  : technologies that the text was read as
    technologies: codes of those chosen and of those read, in this order
    suggested: texts to try where nothing was found
    """

    page: Page[Listing]
    facets: Mapping[str, Sequence[FacetValue]]
    why: Mapping[int, Sequence[Words]]
    names: Names
    asked: Asked
    was_cut: bool = False
    ignored: tuple[str, ...] = ()
    read_as: tuple[Words, ...] = ()
    technologies: tuple[str, ...] = ()
    suggested: tuple[str, ...] = ()


def search(actor: Actor, asked: Asked, number: int = 1) -> Found:
    """One page of public listings for a typed text and facets.

    Facets: values of one facet widen (or), different facets narrow (and); each count says how many listings the page
    would hold with that value alone in its facet, all else as it stands.
    Notes : the order is total and depends on nothing but the asked and the listings; a constant number of queries.
    """
    names = Names()
    layout = Layout(names)
    asked, ignored = _known(asked, layout)
    thesaurus = shelf.thesaurus()
    question = words.read(asked.text, thesaurus)
    index = shelf.index(layout)
    read = [code for codes in question.technologies for code in sorted(codes)]
    signs = [words.sign_of(code) for code in read]
    typed = " ".join([*signs, *question.words])
    chosen = {
        layout.facets.index(facet): [layout.numbers[facet, code] for code in codes]
        for facet, codes in asked.chosen.items()
    }
    if asked.sort == "best":
        found = index.find(typed, chosen=chosen, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
        if not found.ids and found.total:  # beyond the last page
            number = -(-found.total // PAGE_SIZE)
            found = index.find(typed, chosen=chosen, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
        wanted: Sequence[int] = found.ids
    else:
        found = index.find(typed, chosen=chosen, limit=len(index))
        number = min(number, max(1, -(-found.total // PAGE_SIZE)))
        wanted = _in_order(actor, None if found.total == len(index) else found.ids, asked.sort, number)
    rows = {row.id: row for row in queries.public_rows(actor, wanted)} if wanted else {}
    page = Page([rows[key] for key in wanted if key in rows], found.total, number, PAGE_SIZE)
    said = {row.id: index.terms(" ".join(question.words), row.id) for row in page.items} if question.words else {}
    # only a text that names a technology can be in the list for naming it
    known = thesaurus if question.technologies else None
    spoken = {row.id: shelf.mentioned(row, known) if known else [] for row in page.items}
    return Found(
        page=page,
        facets=_facets(layout, found.counts, asked),
        why={row.id: _why(row, question, said.get(row.id, ()), spoken[row.id], asked, names) for row in page.items},
        names=names,
        asked=asked,
        was_cut=question.was_cut,
        ignored=ignored,
        read_as=tuple(names.technology(code) for code in read),
        technologies=(*asked.chosen.get("technology", ()), *read),
        suggested=() if found.total or question.is_empty else _suggested(question, thesaurus, names),
    )


def _known(asked: Asked, layout: Layout) -> tuple[Asked, tuple[str, ...]]:
    """Drop facets and values that do not exist."""
    kept: dict[str, tuple[str, ...]] = {}
    ignored: list[str] = []
    for facet, codes in asked.chosen.items():
        there = tuple(dict.fromkeys(code for code in codes if (facet, code) in layout.numbers))
        ignored += [code[:_SHOWN_CODE] for code in dict.fromkeys(codes) if code not in there]
        if there:
            kept[facet] = there
    has_text = bool(asked.text.strip())
    sort = asked.sort if asked.sort in SORTS and (has_text or asked.sort != "best") else "best" if has_text else "name"
    return Asked(asked.text, {facet: kept[facet] for facet in LABELS if facet in kept}, sort), tuple(ignored)


def _in_order(actor: Actor, ids: Collection[int] | None, sort: str, number: int) -> Sequence[int]:
    """The listings of one page in another order than the best first. ids: None for all that are public."""
    builds = sa.select(sa.func.count()).where(TrackRecord.listing_id == Listing.id).scalar_subquery()
    is_free = sa.and_(Listing.open_slots > 0, Listing.last_confirmed_at > clock.now() - GREY_AFTER)
    orders: dict[str, list[sa.ColumnElement[object]]] = {
        "record": [builds.desc()],
        "lead": [sa.case((is_free, 0), else_=1), sa.func.coalesce(Listing.lead_weeks, 999)],
        "name": [],
    }
    wanted = (
        queries.public(actor)
        .with_only_columns(Listing.id)
        .join(Organisation, Organisation.id == Listing.organisation_id)
    )
    if ids is not None:
        wanted = wanted.where(Listing.id.in_(ids))
    page = (
        wanted.order_by(*orders[sort], Organisation.name, Listing.id).limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)
    )
    return session.scalars(page).all()


def _facets(layout: Layout, counts: Sequence[int], asked: Asked) -> dict[str, list[FacetValue]]:
    """Values that anything would be left with, and those chosen; of the groups of industry only the chosen ones."""
    facets: dict[str, list[FacetValue]] = {facet: [] for facet in layout.facets}
    for value, count in zip(layout.values, counts, strict=True):
        is_chosen = value.code in asked.chosen.get(value.facet, ())
        is_fine = value.facet == "sector" and len(value.code) > 2
        if is_chosen or (count and not is_fine):
            facets[value.facet].append(FacetValue(value.code, value.label, count, is_chosen))
    return facets


def _suggested(question: words.Question, thesaurus: words.Thesaurus, names: Names) -> tuple[str, ...]:
    """Names of technologies that are written nearly like what was typed."""
    typed = "".join(question.words)
    near = get_close_matches(typed, thesaurus.names, n=MOST_SUGGESTED, cutoff=0.6)
    codes = dict.fromkeys(code for name in near for codes in thesaurus.find(name)[0] for code in sorted(codes))
    return tuple(str(names.technology(code)) for code in codes)


def _why(
    row: Listing,
    question: words.Question,
    held: Sequence[str],
    spoken: Sequence[frozenset[str]],
    asked: Asked,
    names: Names,
) -> list[Words]:
    """Why a listing is in the list, in sentences.

    held: the words of the question that it holds; spoken: the technologies that its own words name
    """
    said = []
    own = say("{name}: 스스로 적은 수준 {level}", "{name}: level {level} by its own account")
    named = say("소개에서 {name}을(를) 다룹니다", "Its text speaks of {name}")
    proven = say("{name}: 확인된 실적 {n}건", "{name}: verified builds, {n}")
    asked_for = [code for codes in question.technologies for code in sorted(codes)]
    for code in dict.fromkeys([*asked_for, *asked.chosen.get("technology", ())]):
        builds = sum(code in record.technologies for record in row.records)
        if builds:
            said.append(proven.format(name=names.technology(code), n=builds))
        elif code in row.capabilities:
            said.append(own.format(name=names.technology(code), level=row.capabilities[code]))
        elif any(code in codes for codes in spoken):
            said.append(named.format(name=names.technology(code)))
    if held:
        said.append(say("‘{words}’ 포함", "Contains “{words}”").format(words=", ".join(held)))
    for key in asked.chosen.get("region", ()):
        if key in row.regions:
            said.append(say("{name} 서비스", "Serves {name}").format(name=names.region(key)))
        elif NATIONWIDE in row.regions:
            said.append(say("전국 서비스", "Serves the whole country"))
            break
    for code in asked.chosen.get("sector", ()):
        builds = sum(record.ksic.startswith(code) for record in row.records)
        if builds:
            said.append(say("{name} 실적 {n}건", "{n} builds in {name}").format(name=names.sector(code), n=builds))
    if not said and question.words:
        said.append(say("이름이나 소개의 글자가 비슷합니다", "Its name or text is written nearly like it"))
    return said
