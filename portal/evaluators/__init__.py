"""평가위원 풀: who may judge: qualification, absence, capacity, expertise, and how somebody leaves the pool.

Persons: a candidate applies, an operator of the agency decides on the papers, an evaluator keeps the own entry up to
date. Words: Membership 위원 등록 (one for each person), Ground 자격 요건, Career 경력 (what conflicts are computed from),
Absence 부재 기간, PoolMember: what the assignment reads.
Status: DRAFT → APPLIED → ACTIVE → REMOVED; an application that is refused or given back can be mended and handed in again.
A candidate becomes an evaluator only by the operator's approval; with a removal the role, the sessions and the seats end.
Whoever was made an evaluator without an entry (before there was a pool) counts with the defaults until they write one.

Events: `evaluator.applied`, `evaluator.approved`, `evaluator.refused`, `evaluator.removed` (membership_id, person_id),
`evaluator.profile_changed` (person_id).
"""

from __future__ import annotations

from portal.evaluators import rules

PERMISSIONS = rules.PERMISSIONS
