"""The files of learned models: named by their hash, written whole or not at all, read only when the hash is right.

A model is two files: a skops file (the scikit-learn object, only ever opened by the worker and the command line) and
a card (JSON, evaluated by `card` in plain Python: what speaks in a web request). Nothing here is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from portal.base.access import RuleBroken
from portal.scoring.card import Card, CardRefused
from portal.scoring.models import Suggestion
from portal.scoring.record import CHAMPION
from portal.scoring.voice import Speaker

_folder: Path | None = None


class Damaged(RuleBroken):
    """A file that may not speak: model_missing, model_damaged (another hash), model_format (nothing we wrote)."""


def configure(folder: Path) -> None:
    """Say where models are kept."""
    global _folder
    _folder = folder


def folder() -> Path:
    if _folder is None:
        raise RuntimeError("the folder of the models is not set yet")
    return _folder


def put(content: bytes, suffix: str) -> str:
    """Write a file under its hash; on disk whole before anybody can read its name. Returns: the SHA-256."""
    sha256 = hashlib.sha256(content).hexdigest()
    target = folder() / f"{sha256}{suffix}"
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{target.name}.{os.getpid()}.part")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, target)
    return sha256


def get(sha256: str, suffix: str) -> bytes:
    """The bytes of a file. Raises: Damaged when it is missing or not what its name says."""
    try:
        content = (folder() / f"{sha256}{suffix}").read_bytes()
    except OSError:
        raise Damaged("model_missing", sha256=sha256[:12]) from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Damaged("model_damaged", sha256=sha256[:12])
    return content


def get_json(sha256: str) -> dict[str, Any]:
    """A JSON file of ours. Raises: Damaged."""
    try:
        found = json.loads(get(sha256, ".json"))
    except ValueError:
        raise Damaged("model_format", sha256=sha256[:12]) from None
    if not isinstance(found, dict):
        raise Damaged("model_format", sha256=sha256[:12])
    return found


def speaker(name: str, card_sha256: str) -> Speaker:
    """The model as it speaks in a request; read once per process and folder. Raises: Damaged."""
    return _speaker(folder(), name, card_sha256)


def speaker_of(suggestion: Suggestion) -> Speaker | None:
    """The learned model that made a suggestion, retired or not; None: the instrument did. Raises: Damaged."""
    return None if suggestion.model == CHAMPION else speaker(suggestion.model, suggestion.model_hash)


@lru_cache(maxsize=16)
def _speaker(_folder: Path, name: str, card_sha256: str) -> Speaker:
    try:
        return Speaker(name, card_sha256, Card(get_json(card_sha256)))
    except CardRefused:
        raise Damaged("model_format", sha256=card_sha256[:12]) from None


TRUSTED = frozenset(
    {
        "portal.scoring.estimators.OrdinalLogit",
        "portal.scoring.estimators.MonotoneOrdinalBoosting",
        "portal.scoring.estimators._Ramps",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    }
)
"""Every type that a skops file of ours may hold beside those that skops itself holds for harmless."""


def pack(estimator: Any) -> bytes:
    """A fitted estimator as a skops file; in the worker only."""
    from skops.io import dumps  # brings scikit-learn

    return dumps(estimator)


def unpack(artefact_sha256: str) -> Any:
    """The estimator of a skops file; in the worker only. Raises: Damaged, for a type that is not `TRUSTED` too."""
    from skops.io import get_untrusted_types, loads

    content = get(artefact_sha256, ".skops")
    try:
        if set(get_untrusted_types(data=content)) - TRUSTED:
            raise Damaged("model_format", sha256=artefact_sha256[:12])
        return loads(content, trusted=sorted(TRUSTED))
    except RuleBroken:
        raise
    except Exception:  # a zip of anything else: skops, zipfile and json each complain in their own way
        raise Damaged("model_format", sha256=artefact_sha256[:12]) from None


def check(card_sha256: str, artefact_sha256: str) -> None:
    """Read both files of a model anew. Raises: Damaged."""
    get(artefact_sha256, ".skops")
    _speaker.__wrapped__(folder(), "", card_sha256)


def forget() -> None:
    """Read every file anew when it is next needed."""
    _speaker.cache_clear()
