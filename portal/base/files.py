"""Files: a content-addressed store on disk, written so that a crash leaves neither half a file nor a lost one.

Write protocol (security.md 0): temporary file → fsync → rename → fsync(directory) → row commit. A sweep removes files
that no row names. The type is judged by contents, never by name alone; archives are measured before they are kept.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import unicodedata
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.base import clock
from portal.base.access import RuleBroken
from portal.base.db import BigId, UtcDateTime, db, session

MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
MAX_RATIO = 100
MAX_ENTRIES = 5_000
_CHUNK = 64 * 1024

_root: Path | None = None


@dataclass(frozen=True)
class Kind:
    """A kind of file that may come in: its extensions, media type and how its first bytes look."""

    extensions: tuple[str, ...]
    media_type: str
    magic: tuple[bytes, ...]
    is_zip: bool = False


KINDS = {
    "pdf": Kind((".pdf",), "application/pdf", (b"%PDF-",)),
    "png": Kind((".png",), "image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": Kind((".jpg", ".jpeg"), "image/jpeg", (b"\xff\xd8\xff",)),
    "xlsx": Kind(
        (".xlsx",), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (b"PK\x03\x04",), True
    ),
    "docx": Kind(
        (".docx",), "application/vnd.openxmlformats-officedocument.wordprocessingml.document", (b"PK\x03\x04",), True
    ),
    "pptx": Kind(
        (".pptx",),
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        (b"PK\x03\x04",),
        True,
    ),
    "hwpx": Kind((".hwpx",), "application/hwp+zip", (b"PK\x03\x04",), True),
    "hwp": Kind((".hwp",), "application/x-hwp", (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)),
    "csv": Kind((".csv",), "text/csv", ()),
    "txt": Kind((".txt", ".log"), "text/plain", ()),
}
EVIDENCE_KINDS = ("pdf", "png", "jpg", "xlsx", "docx", "pptx", "hwpx", "hwp", "csv", "txt")

# What a container of each office format must hold: a renamed archive is not a document.
_ZIP_MARKS = {"xlsx": "xl/", "docx": "word/", "pptx": "ppt/", "hwpx": "Contents/"}


class Blob(db.Model):
    """One distinct content. Features keep their own rows (who, for what, under which name) that point here."""

    __tablename__ = "blob"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.String(64), unique=True)
    size: Mapped[int] = mapped_column(sa.BigInteger)
    media_type: Mapped[str] = mapped_column(sa.String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


@dataclass(frozen=True)
class StoredFile:
    blob_id: int
    sha256: str
    size: int
    media_type: str
    filename: str


@dataclass(frozen=True)
class Written:
    """A file that lies in the store and that no row names yet."""

    sha256: str
    size: int
    media_type: str
    filename: str


def configure(root: Path) -> None:
    global _root
    _root = root


def data_folder() -> Path:
    """The folder that the store lies in, where other rooms keep files of their own."""
    if _root is None:
        raise RuntimeError("the file store has no folder yet")
    return _root.parent


def path_of(sha256: str) -> Path:
    if _root is None:
        raise RuntimeError("the file store has no folder yet")
    return _root / sha256[:2] / sha256


def clean_name(filename: str) -> str:
    """The file's own name, NFC, without folders, control characters and direction overrides.

    Raises: RuleBroken("file_name") when nothing usable is left.
    """
    name = unicodedata.normalize("NFC", filename.replace("\\", "/").rsplit("/", 1)[-1])
    name = "".join(char for char in name if unicodedata.category(char) not in ("Cc", "Cf", "Cs")).strip(" .")
    stem, dot, extension = name.rpartition(".")
    if not stem or not dot or not extension:
        raise RuleBroken("file_name")
    return f"{stem[:120]}.{extension[:10]}"


def store(
    stream: IO[bytes],
    filename: str,
    *,
    kinds: tuple[str, ...] = EVIDENCE_KINDS,
    max_bytes: int = MAX_BYTES,
    field: str | None = None,
) -> StoredFile:
    """Take a file in: measured while it streams, typed by contents, on disk and durable before the row commits.

    kinds     : names from `KINDS` that are accepted here
    max_bytes : largest size accepted, bytes
    Returns   : what the caller's own row needs; the `Blob` row is added to the current transaction
    Raises    : RuleBroken file_name, file_empty, file_too_large, file_kind, file_mismatch, file_bomb
    """
    return keep(write(stream, filename, kinds=kinds, max_bytes=max_bytes, field=field))


def write(
    stream: IO[bytes],
    filename: str,
    *,
    kinds: tuple[str, ...] = EVIDENCE_KINDS,
    max_bytes: int = MAX_BYTES,
    field: str | None = None,
) -> Written:
    """The first half of `store`, outside of any transaction: for files that are read before anything is written about
    them. What `keep` never names is swept away. Raises: as `store`."""
    try:
        name = clean_name(filename)
        kind_name = _kind_by_name(name, kinds)
    except RuleBroken as broken:
        raise RuleBroken(broken.code, field, **broken.values) from None
    root = path_of("00").parent.parent
    root.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    handle, temporary = tempfile.mkstemp(dir=root, prefix=".in-")
    try:
        with os.fdopen(handle, "wb") as out:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > max_bytes:
                    raise RuleBroken("file_too_large", field, limit=f"{max_bytes // 1024 // 1024} MB")
                digest.update(chunk)
                out.write(chunk)
            if size == 0:
                raise RuleBroken("file_empty", field)
            sha256 = digest.hexdigest()
            target = path_of(sha256)
            out.flush()
            _check_contents(Path(temporary), kind_name, field)
            if target.exists():  # the same contents are on the disk already, and durable
                os.utime(target)  # young again: a sweep beside us must not take it for a crash's orphan
                Path(temporary).unlink()
            else:
                os.fsync(out.fileno())
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(temporary, target)
                _sync_directory(target.parent)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return Written(sha256, size, KINDS[kind_name].media_type, name)


def keep(written: Written) -> StoredFile:
    """Name a written file in the current transaction."""
    blob = session.scalar(sa.select(Blob).where(Blob.sha256 == written.sha256))
    if blob is None:
        blob = Blob(sha256=written.sha256, size=written.size, media_type=written.media_type)
        session.add(blob)
        session.flush()
    return StoredFile(blob.id, written.sha256, written.size, blob.media_type, written.filename)


def _kind_by_name(name: str, kinds: tuple[str, ...]) -> str:
    extension = "." + name.rpartition(".")[2].lower()
    for kind in kinds:
        if extension in KINDS[kind].extensions:
            return kind
    raise RuleBroken("file_kind", kinds=", ".join(KINDS[kind].extensions[0][1:].upper() for kind in kinds))


def _check_contents(path: Path, kind_name: str, field: str | None) -> None:
    kind = KINDS[kind_name]
    with path.open("rb") as file:
        head = file.read(4096)
    if kind.magic:
        if not head.startswith(kind.magic):
            raise RuleBroken("file_mismatch", field)
    elif b"\x00" in head or head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(
        (b"<!doctype", b"<html", b"<script", b"<?xml", b"<svg")
    ):
        raise RuleBroken("file_mismatch", field)
    if kind.is_zip:
        _check_archive(path, kind_name, field)


def _check_archive(path: Path, kind_name: str, field: str | None) -> None:
    """Read only the archive's directory: nothing is unpacked in the web process."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise RuleBroken("file_mismatch", field) from None
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(path.stat().st_size, 1)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED_BYTES or unpacked / packed > MAX_RATIO:
        raise RuleBroken("file_bomb", field)
    if not any(entry.filename.startswith(_ZIP_MARKS[kind_name]) for entry in entries):
        raise RuleBroken("file_mismatch", field)


def _sync_directory(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_blob(sha256: str) -> IO[bytes]:
    return path_of(sha256).open("rb")


def sweep(older_than_seconds: int = 3600) -> int:
    """Remove files that no row names (a crash between file and commit). Returns how many."""
    if _root is None or not _root.exists():
        return 0
    known = set(session.scalars(sa.select(Blob.sha256)))
    limit = clock.now().timestamp() - older_than_seconds
    removed = 0
    for path in _root.rglob("*"):
        if path.is_file() and path.name not in known and path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)
            removed += 1
    return removed
