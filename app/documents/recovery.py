"""The page with a recovery code: frozen dataclass → PDF bytes. It is to lie in a safe, not beside the laptop."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from app.documents.sheet import INK, TEXT3
from app.text import _

mm = 72 / 25.4
_LINE = (0.627, 0.424, 0.043)
_LEFT, _WIDE = 25 * mm, 160 * mm


@dataclass(frozen=True)
class Page:
    """What stands on the page: whose, the code, what the key is called, and the day."""

    center: str
    language: str
    code: str = field(repr=False)
    key_id: str = ""
    made_on: str = ""


def render(page: Page) -> bytes:
    """The page as PDF; the same page gives the same bytes."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    from app.documents import type as setting

    setting.fonts()
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1, initialFontName=setting.REGULAR, lang=page.language)
    title = _("Recovery code")
    canvas.setTitle(f"{title} {page.key_id}")
    canvas.setAuthor(page.center)
    y = A4[1] - 40 * mm
    canvas.setFillColorRGB(*INK)
    setting.draw(canvas, _LEFT, y, title, setting.BOLD, 24)
    y -= 9 * mm
    setting.draw(canvas, _LEFT, y, setting.shorten(page.center, setting.MEDIUM, 12, _WIDE), setting.MEDIUM, 12)
    y -= 6 * mm
    canvas.setFillColorRGB(*TEXT3)
    said = _("Key {key_id} · {day}").format(key_id=page.key_id, day=page.made_on)
    setting.draw(canvas, _LEFT, y, said, setting.REGULAR, 10)
    y -= 14 * mm
    groups = page.code.split("-")
    for start in range(0, len(groups), 3):
        canvas.setFillColorRGB(*INK)
        for column, group in enumerate(groups[start : start + 3]):
            x = _LEFT + column * 52 * mm
            canvas.setFillColorRGB(*TEXT3)
            setting.draw(canvas, x + 7 * mm, y, str(start + column + 1), setting.REGULAR, 9, "right")
            canvas.setFillColorRGB(*INK)
            canvas.setFont(setting.SEMIBOLD, 18)
            canvas.drawString(x + 10 * mm, y, group, charSpace=5)
        y -= 12 * mm
    y -= 2 * mm
    canvas.setStrokeColorRGB(*_LINE)
    canvas.setLineWidth(1)
    canvas.line(_LEFT, y, _LEFT + _WIDE, y)
    y -= 9 * mm
    canvas.setFillColorRGB(*INK)
    for paragraph in (
        _("This code opens the center's file and its backups on any computer."),
        _("Deskbell asks for it where the computer does not have the key: on a new one, or after it was set up again."),
        _("Keep this page in a safe or with a person of trust, away from the computer, and make no photograph of it."),
        _("Without the key and without this page nobody can open the file, its makers included."),
        _("I, L, O and U are not used; 0 and 1 are digits. The last letter of each group checks the group."),
    ):
        for line in setting.wrap(paragraph, setting.REGULAR, 11, _WIDE):
            setting.draw(canvas, _LEFT, y, line, setting.REGULAR, 11)
            y -= 5.5 * mm
        y -= 3 * mm
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()
