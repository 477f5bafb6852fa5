"""The files of learned models: content-addressed, written whole or not at all, read only when their hash is right."""

from __future__ import annotations

from pathlib import Path

_folder: Path | None = None


def configure(folder: Path) -> None:
    """Say where models are kept."""
    global _folder
    _folder = folder


def folder() -> Path:
    if _folder is None:
        raise RuntimeError("the folder of the models is not set yet")
    return _folder
