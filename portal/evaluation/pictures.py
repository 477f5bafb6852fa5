"""Pictures without what the camera wrote into them: place, time, owner and maker go, how it was held stays.

Only the container is read, never the picture itself: nothing is decoded in the web process.
"""

from __future__ import annotations

import struct

_JPEG, _PNG = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
_KEPT_CHUNKS = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs"}
)
_ORIENTATION = 0x0112


def without_traces(content: bytes) -> bytes:
    """The same picture with only its pixels, colours and orientation; what is no JPEG or PNG comes back as it is.

    Raises: ValueError for a container that breaks off
    """
    try:
        if content.startswith(_JPEG):
            return _jpeg(content)
        if content.startswith(_PNG):
            return _png(content)
    except (struct.error, IndexError) as broken:
        raise ValueError("the picture breaks off") from broken
    return content


def _jpeg(content: bytes) -> bytes:
    out, at, orientation = [], 2, 1
    while True:
        if content[at] != 0xFF:
            raise ValueError("the picture breaks off")
        marker = content[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker == 0xDA:  # the pixels begin: the rest is the picture
            out.append(content[at:])
            break
        (length,) = struct.unpack(">H", content[at + 2 : at + 4])
        if length < 2 or at + 2 + length > len(content):
            raise ValueError("the picture breaks off")
        segment = content[at : at + 2 + length]
        if marker == 0xE1 and segment[4:10] == b"Exif\x00\x00":
            orientation = _orientation(segment[10:])
        # APP0 (JFIF), APP2 (colours) and APP14 (Adobe's colour order) say how to show it; the rest of APPn and COM talk
        elif (marker == 0xE2 and segment[4:16] == b"ICC_PROFILE\x00") or not (
            0xE1 <= marker <= 0xED or marker in (0xEF, 0xFE)
        ):
            out.append(segment)
        at += 2 + length
    return _JPEG + (_exif(orientation) if orientation != 1 else b"") + b"".join(out)


def _orientation(tiff: bytes) -> int:
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack(order + "I", tiff[4:8])
        (count,) = struct.unpack(order + "H", tiff[start : start + 2])
        for n in range(min(count, 500)):
            entry = tiff[start + 2 + 12 * n : start + 14 + 12 * n]
            tag, kind = struct.unpack(order + "HH", entry[:4])
            if tag == _ORIENTATION and kind == 3:
                (value,) = struct.unpack(order + "H", entry[8:10])
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def _exif(orientation: int) -> bytes:
    """A block that says nothing but how the picture was held."""
    tiff = b"MM\x00\x2a" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, orientation, 0, 0)
    body = b"Exif\x00\x00" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _png(content: bytes) -> bytes:
    out, at = [_PNG], len(_PNG)
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        name = content[at + 4 : at + 8]
        if at + 12 + length > len(content):
            raise ValueError("the picture breaks off")
        if name in _KEPT_CHUNKS:
            out.append(content[at : at + 12 + length])
        at += 12 + length
        if name == b"IEND":
            break
    return b"".join(out)
