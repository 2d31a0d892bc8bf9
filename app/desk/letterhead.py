"""What stands on a document besides its figures: the center's picture, and texts at its head and foot by language.

All of it is frozen on a document when it is issued: texts in the snapshot, the picture by its digest. A picture is kept
as long as a document may show it, so another one comes beside it and none goes.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app import store, text
from app.desk import center, people
from app.desk.accounts import Actor, require
from app.errors import UserError
from app.settings import Center
from app.store import Write, images
from app.store.models import Attachment, Change, Setting
from app.store.prepared import prepared

#: The setting that holds texts by language and the digest of the picture in use.
KEY = "documents.letterhead"
TEXT_LIMIT = 600
#: A picture's file has at most 1 MB and so many pixels: what unpacks to more would stop a desk.
MOST_BYTES, MOST_PIXELS = 1_048_576, 12_000_000


@dataclass(frozen=True)
class Texts:
    """What is written at the head and the foot of documents in one language."""

    head: str = ""
    foot: str = ""


@dataclass(frozen=True)
class Sender:
    """The center as it stood at a moment, and what was on its documents."""

    center: Center
    kept: dict[str, Any]

    def on(self, language: str) -> dict[str, Any]:
        """`head_text`, `foot_text` and `logo` of a document in a language, ready to be drawn."""
        said = _in(language, self.kept)
        return {**said, "logo": picture(said["logo"])}


def now() -> Sender:
    """The center as it stands on documents that are made now."""
    return Sender(center.load(), _kept())


# -- reading --------------------------------------------------------------------------------------------------


def texts() -> dict[str, Texts]:
    """Language → texts, as they were typed."""
    return {language: Texts(**said) for language, said in _kept().get("texts", {}).items()}


def logo() -> bytes:
    """The picture in use, b"" where there is none."""
    return picture(_kept().get("logo", ""))


def frozen(language: str) -> dict[str, str]:
    """What a document in a language freezes: its texts, and the digest of the picture; "" for what there is not.

    A language without texts takes those of its tongue ("de" for "de-AT"), then those of the center's first language.
    """
    return _in(language, _kept())


def when(table: str, row_id: int, status: str) -> Sender:
    """Who sent a document when a row of it came to be so: as the record of changes tells it, so that what is kept by
    its rows alone, as a payment is, says for ever what it said when it was handed over.
    """
    story = [one for one in images.of_row(table, row_id) if one.after is not None and one.after["status"] == status]
    if not story:
        return now()
    became = min(one.operation_id for one in story)
    wanted = (Setting.key == KEY) | Setting.key.startswith("center.")
    rows = {
        row.id: (row.key, row.value) for row in Setting.select(Setting.id, Setting.key, Setting.value).where(wanted)
    }
    later: Any = Change.select(Change.row_id, Change.before, Change.after).where(
        Change.table_name == "settings", Change.row_id.in_(list(rows)), Change.operation_id > became
    )
    for settings_id, before, after in later.order_by(Change.id.desc()).tuples():  # the first one after it comes last
        key = rows[settings_id][0]
        # What was brought in from before the center was founded is from the center as it was founded.
        image = before or (after if key != KEY else None)
        rows[settings_id] = (key, json.loads(image)["value"] if image is not None else "{}")
    said = {key: json.loads(value) for key, value in rows.values()}
    return Sender(Center.from_rows(said), said.get(KEY, {}))


def _in(language: str, kept: dict[str, Any]) -> dict[str, str]:
    said = kept.get("texts", {})
    found: dict[str, str] = said.get(language) or said.get(language.split("-")[0]) or next(iter(said.values()), {})
    return {"head_text": found.get("head", ""), "foot_text": found.get("foot", ""), "logo": kept.get("logo", "")}


def picture(sha256: str) -> bytes:
    """A picture by its digest, b"" where it is not there any more."""
    if not sha256:
        return b""
    row = Attachment.get_or_none(Attachment.subject_table == "settings", Attachment.sha256 == sha256)
    return bytes(row.content) if row is not None else b""


def _kept() -> dict[str, Any]:
    found = _setting()
    return dict(json.loads(found[0][0])) if found else {}


@prepared
def _setting() -> Any:
    return Setting.select(Setting.value).where(Setting.key == KEY)


# -- changing -------------------------------------------------------------------------------------------------


def save_texts(actor: Actor, language: str, head: str, foot: str) -> None:
    """Write the texts of a language; both empty take it away. UserErrors beside `language`, `head`, `foot`."""
    require(actor, "settings.edit")
    language = people.check_language(language)
    said = {
        name: text.clean(words, field=name, limit=TEXT_LIMIT, multiline=True)
        for name, words in (("head", head), ("foot", foot))
    }
    with store.write("Change texts on documents", actor) as w:
        kept = _kept()
        every = {**kept.get("texts", {}), language: said}
        if not any(said.values()):
            del every[language]
        _save(w, {**kept, "texts": every})


def set_logo(actor: Actor, file_name: str, content: bytes) -> None:
    """Put a picture on documents from now on; b"" takes it off. What was issued keeps what it had.

    UserErrors beside `logo`: `letterhead.too_large`, `letterhead.no_picture`, `letterhead.too_many_pixels`.
    """
    require(actor, "settings.edit")
    media_type = _media_type(content) if content else ""
    name = text.clean(file_name, field="logo")
    digest = hashlib.sha256(content).hexdigest() if content else ""
    with store.write("Choose picture on documents", actor) as w:
        if content and not picture(digest):
            w.insert(
                Attachment, subject_table="settings", subject_id=0, file_name=name, media_type=media_type,
                size=len(content), sha256=digest, content=content,
            )  # fmt: skip
        _save(w, {**_kept(), "logo": digest})


@lru_cache(maxsize=8)
def _media_type(content: bytes) -> str:
    """image/png or image/jpeg, read to its end, so that what is put on paper later can be."""
    from PIL import Image

    if len(content) > MOST_BYTES:
        raise UserError("letterhead.too_large", "logo")
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as opened:
            wide, high, kind = opened.width, opened.height, str(opened.format)
            if wide * high > MOST_PIXELS:
                raise UserError("letterhead.too_many_pixels", "logo", wide=wide, high=high)
            opened.load()
    except UserError:
        raise
    except Exception as error:  # Pillow raises whatever its codecs do
        raise UserError("letterhead.no_picture", "logo") from error
    return f"image/{kind.lower()}"


def _save(w: Write, kept: dict[str, Any]) -> None:
    encoded = json.dumps(kept, ensure_ascii=False, sort_keys=False)
    row = Setting.get_or_none(Setting.key == KEY)
    if row is None:
        w.insert(Setting, key=KEY, value=encoded)
    elif row.value != encoded:
        w.update(Setting, row.id, value=encoded)
