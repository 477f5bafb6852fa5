"""Screens of the scorer, by task: the pre-check; a person's explanation; the model desk; try-outs; long work; monitoring."""

from __future__ import annotations

from portal.scoring import bp
from portal.scoring.gates import points
from portal.scoring.views import explanations, guide, jobs, models, monitoring, precheck, tabs, whatif  # noqa: F401

bp.add_app_template_filter(points)
