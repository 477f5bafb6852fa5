"""Read the text of a PDF that the portal made, as a reader program would copy it."""

import io

from pypdf import PdfReader
from pypdf.generic import NameObject


def pages_of(data: bytes) -> list[str]:
    """The text of each page without white space (pypdf guesses gaps between glyphs)."""
    reader = PdfReader(io.BytesIO(data))
    for page in reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            # pypdf ignores an embedded code map and then reads one byte at a time; the codes are two bytes,
            # and the file's own ToUnicode table says what each means.
            font.get_object()[NameObject("/Encoding")] = NameObject("/Identity-H")
    return ["".join(page.extract_text().split()) for page in reader.pages]
