"""Monitoring: who reads it, what is counted, what may not show, and a report that stays as it was made."""

import io
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from portal.base import clock
from portal.base.access import SYSTEM, Forbidden, RuleBroken
from portal.base.audit import AuditRow
from portal.base.db import session, transaction
from portal.base.words import use_language
from portal.programmes.rules import Tier
from portal.scoring import monitoring, queries, record, service, work
from portal.scoring.models import ClaimVerdict, Opinion, ScoringJob, Suggestion
from portal.scoring.readout import lay_out
from portal.scoring.rules import ClaimWord, JobKind, check_month, month_before, span
from tests.factories import evaluation as make
from tests.factories.scoring import a_country
from tests.factories.scoring import suggestion as one_suggestion
