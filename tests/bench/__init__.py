"""Figures of the portal: `make bench` prints them beside their aims; nothing is asserted. docs/figures.md keeps a run."""
