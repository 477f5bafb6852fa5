"""사업공고: what is offered, when it can be applied for, and how far the country has come.

Persons: everybody reads programmes and calls; operators open, edit and close calls (regional ones their own
region's). Words: Programme 사업, Call 공고, Tier 유형, Level 수준, Target 목표.
Statuses: a call is DRAFT → OPEN (published; upcoming, open or ended by its window) → CLOSED early.
Extra room: `catalogue` (reads and checks `data/programmes.toml`, `documents.toml`, `targets.toml`).
"""
