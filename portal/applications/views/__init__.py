"""Screens of applications, by who sits before them: the firm's form (wizard) and case, the operator, the supplier."""

from __future__ import annotations

from portal.applications.views import cases, checking, consortium, participation, wizard  # noqa: F401
