"""How a page works, in a few paragraphs: the texts of `resources/help`, one file a page and language."""

from __future__ import annotations

from app import paths


def paragraphs(topic: str, language: str = "en") -> list[str]:
    """The paragraphs about a page in a language, in English where that language has none yet; [] without a text."""
    for spoken in (language, "en"):
        path = paths.resources() / "help" / spoken / f"{topic}.txt"
        if path.is_file():
            return [" ".join(part.split()) for part in path.read_text("utf-8").split("\n\n") if part.strip()]
    return []
