"""Official figures as benchmark lines; read from the file once, because nobody edits them on a screen."""

from __future__ import annotations

from functools import cache

from portal.reference.loading import Figure, read_statistics


@cache
def _figures() -> dict[tuple[str, str], Figure]:
    newest: dict[tuple[str, str], Figure] = {}
    for figure in sorted(read_statistics(), key=lambda figure: figure.year):
        newest[figure.measure, figure.group] = figure
    return newest


def figure(measure: str, group: str = "all") -> Figure:
    """The newest official figure of a measure ("adoption") for a group ("small", a region key, a code).

    Raises: KeyError when there is none.
    """
    return _figures()[measure, group]


def figures(measure: str) -> dict[str, Figure]:
    """All groups of a measure, group → figure."""
    return {group: found for (name, group), found in _figures().items() if name == measure}
