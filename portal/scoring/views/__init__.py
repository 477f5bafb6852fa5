"""Screens of the scorer, by task: the pre-check; a person's explanation of a suggestion."""

from __future__ import annotations

from portal.scoring.views import precheck  # noqa: F401
