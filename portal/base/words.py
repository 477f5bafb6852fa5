"""Words in two languages: the domain's own vocabulary prints itself in the language of the moment.

Screens and forms use Flask-Babel's catalogue; what services, rules and stored reasons say (labels of enums,
refusals, reasons) stands here as pairs, because those rooms may not know the web and must say the same thing
in a letter, on the command line and on a screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

LANGUAGES = ("ko", "en")

_language: ContextVar[str] = ContextVar("language", default="ko")


@dataclass(frozen=True)
class Words:
    """One sentence or label in Korean and English; `str()` gives the current language."""

    ko: str
    en: str

    def in_(self, language: str) -> str:
        return self.en if language == "en" else self.ko

    def format(self, **values: object) -> Words:
        """Fill `{name}` places; a value that is itself `Words` is put in by language."""
        return Words(
            self.ko.format(**{name: _in(value, "ko") for name, value in values.items()}),
            self.en.format(**{name: _in(value, "en") for name, value in values.items()}),
        )

    def as_dict(self) -> dict[str, str]:
        return {"ko": self.ko, "en": self.en}

    def __str__(self) -> str:
        return self.in_(_language.get())


def _in(value: object, language: str) -> object:
    return value.in_(language) if isinstance(value, Words) else value


def say(ko: str, en: str) -> Words:
    return Words(ko, en)


def current_language() -> str:
    return _language.get()


def set_language(language: str) -> None:
    """Set the language for the rest of this context (a request, a command)."""
    _language.set(language if language in LANGUAGES else "ko")


@contextmanager
def use_language(language: str) -> Iterator[None]:
    token = _language.set(language if language in LANGUAGES else "ko")
    try:
        yield
    finally:
        _language.reset(token)


_sentences: dict[str, Words] = {}


def define(sentences: Mapping[str, Words]) -> Mapping[str, Words]:
    """Register what refusal and reason codes say. A code means one thing in the whole portal.

    Raises: ValueError when a code is given a second meaning.
    """
    for code, words in sentences.items():
        if _sentences.get(code, words) != words:
            raise ValueError(f"the code {code!r} already says something else")
        _sentences[code] = words
    return sentences


def sentence(code: str, **values: object) -> Words:
    """The sentence of a code; an unknown code says itself, so that nothing is ever silent."""
    words = _sentences.get(code)
    if words is None:
        return Words(code, code)
    return words.format(**values) if values else words


define(
    {
        "no_right": say("이 일을 할 권한이 없습니다.", "You do not have the right to do this."),
        "stale": say(
            "다른 곳에서 먼저 저장된 내용이 있습니다. 두 내용을 비교해 주세요.",
            "Somebody saved this before you. Please compare both versions.",
        ),
        "required": say("꼭 입력해 주세요.", "This is required."),
        "file_empty": say("빈 파일입니다.", "The file is empty."),
        "file_too_large": say("파일은 {limit} 이하여야 합니다.", "The file may be at most {limit}."),
        "file_kind": say(
            "받을 수 없는 파일 형식입니다. 받을 수 있는 형식: {kinds}",
            "This kind of file is not accepted. Accepted: {kinds}",
        ),
        "file_mismatch": say(
            "파일 이름의 확장자와 실제 내용이 다릅니다.",
            "The file's extension does not match its contents.",
        ),
        "file_bomb": say(
            "압축을 풀면 너무 커지는 파일은 받을 수 없습니다.",
            "A file that unpacks to an excessive size is not accepted.",
        ),
        "file_name": say("파일 이름을 바꾸어 다시 올려 주세요.", "Please rename the file and upload it again."),
        "quota_full": say("저장할 수 있는 용량을 다 썼습니다.", "The storage allowance is used up."),
    }
)
