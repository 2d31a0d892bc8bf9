"""A4 sheets that a center sends: its head with the house mark, its foot, which says of how many pages it is.

A document is laid out once and drawn when its pages are counted. Positions are PDF points from the lower left corner
of an A4 page.
"""

from __future__ import annotations

import io
from datetime import date
from typing import Any

from babel.dates import format_date

from app import money
from app.documents import parts
from app.documents.words import _, dated

INK, TEXT2, TEXT3 = (0.078, 0.133, 0.169), (0.247, 0.322, 0.365), (0.337, 0.412, 0.451)
LINE, BRASS, TINT, OK = (0.863, 0.890, 0.894), (0.929, 0.698, 0.235), (0.988, 0.953, 0.875), (0.059, 0.404, 0.286)
LEFT, RIGHT, TOP, BOTTOM = 48.0, 547.0, 794.0, 92.0


class Sheet:
    """The pages of one document. Subclasses fill them; `seller` is who sends, `printed_on` the ISO date of a COPY.

    With a canvas in `onto` they are drawn there, behind what it has already, and whoever made it saves it. `logo` is a
    PNG or JPEG in place of the house mark.
    """

    def __init__(
        self,
        title: str,
        label: str,
        seller: dict[str, Any],
        currency: str,
        language: str,
        printed_on: str,
        onto: Any = None,
        logo: bytes = b"",
    ) -> None:
        from app.documents import type as setting

        self.type, self.parts = setting, parts
        setting.fonts()
        self.title, self.label, self.seller = title, label, seller
        self.currency, self.language, self.printed_on = currency, language, printed_on
        self.onto, self.logo = onto, logo
        self.c: Any = parts.Later()
        if onto is None:
            self.c.setTitle(f"{title} {label}")
            self.c.setAuthor(seller.get("legal_name") or seller.get("name", ""))
        self.page = 1
        self.y = TOP
        #: Whether lines in other scripts say what they read, which documents of the first layouts do not.
        self.spoken = True

    def text(
        self, x: float, y: float, words: str, size: float = 9, font: str = "", color: Any = INK, align: str = "left"
    ) -> None:
        """Draw one line of words."""
        self.c.setFillColorRGB(*color)
        self.type.draw(self.c, x, y, words, font or self.type.REGULAR, size, align, spoken=self.spoken)

    def rule(self, y: float, left: float = LEFT, right: float = RIGHT, width: float = 0.5, color: Any = LINE) -> None:
        """A line across."""
        self.c.setStrokeColorRGB(*color)
        self.c.setLineWidth(width)
        self.c.line(left, y, right, y)

    def plain(self, minor: int) -> str:
        """An amount without its currency, for columns."""
        words = money.format_plain(minor, self.currency, self.language)
        return words.replace("-", "−")

    def day(self, iso: str, pattern: str = "d MMMM y") -> str:
        """A date in the language of the document."""
        return str(format_date(date.fromisoformat(iso), dated(pattern), locale=self.language.replace("-", "_")))

    def head(self) -> None:
        """Who sends, the house mark, COPY where it is one; `y` stands below."""
        seller = self.seller
        bold, y = self.type.BOLD, TOP
        name = seller.get("legal_name") or seller.get("name", "")
        self.text(RIGHT, y, self.type.shorten(name, bold, 10, 300), 10, bold, align="right")
        address = " · ".join(part.strip() for part in seller.get("address", "").splitlines() if part.strip())
        reach = " · ".join(filter(None, (seller.get("phone"), seller.get("email"))))
        for words in filter(None, (address, reach)):
            y -= 14
            self.text(RIGHT, y, self.type.shorten(words, self.type.REGULAR, 9, 300), 9, color=TEXT2, align="right")
        self.emblem()
        self.rule(741, width=1.8, color=INK)
        self.rule(741, left=475, width=1.8, color=BRASS)
        if self.printed_on:
            self.text(LEFT + 118, TOP - 20, _("COPY"), 17, bold, TEXT3)
            self.text(LEFT + 118, TOP - 32, self.day(self.printed_on), 8, color=TEXT3)
        self.y = 741

    def emblem(self) -> None:
        """The center's picture within the room of the house mark and some more, or that mark: three arches."""
        if self.logo:
            self.c.then(lambda canvas: self.parts.picture(canvas, self.logo, LEFT, 750, 110, 44))
            return
        self.c.setStrokeColorRGB(*INK)
        self.c.setLineWidth(2.6)
        self.c.setLineCap(1)
        self.c.line(LEFT + 2, 789, LEFT + 75, 789)
        self.c.line(LEFT + 2, 768, LEFT + 75, 768)
        for index in range(3):
            left = LEFT + 7 + index * 21.5
            path = self.c.beginPath()
            path.moveTo(left, 768)
            path.lineTo(left, 777)
            path.arcTo(left, 767, left + 19, 786, 180, -180)
            path.lineTo(left + 19, 768)
            self.c.drawPath(path)
        self.c.setLineCap(0)

    def words(self, said: str) -> None:
        """A text below what stands there; a long one goes on over the page."""
        if not said:
            return
        self.y -= 6
        for words in self.type.wrap(said, self.type.REGULAR, 9, RIGHT - LEFT):
            if self.y < BOTTOM:
                self.next_page()
            self.text(LEFT, self.y, words, 9, color=TEXT2)
            self.y -= 13

    def _foot(self) -> None:
        seller = self.seller
        name = seller.get("legal_name") or seller.get("name", "")
        self.rule(66)
        tax_id = " · ".join(filter(None, (name, _("VAT ID") + f" {seller['tax_id']}" if seller.get("tax_id") else "")))
        self.text(LEFT, 50, self.type.shorten(tax_id, self.type.REGULAR, 8.2, 380), 8.2, color=TEXT3)
        if seller.get("register_line"):
            words = self.type.shorten(seller["register_line"], self.type.REGULAR, 8.2, 380)
            self.text(LEFT, 37, words, 8.2, color=TEXT3)
        self.text(RIGHT, 50, f"{self.title} {self.label}", 8.2, color=TEXT3, align="right")
        page = self.page
        self.c.setFillColorRGB(*TEXT2)
        self.c.then(lambda canvas: self._number(canvas, page))

    def _number(self, canvas: Any, page: int) -> None:
        words = _("Page {page} of {pages}").format(page=page, pages=self.page)
        self.type.draw(canvas, RIGHT, 37, words, self.type.SEMIBOLD, 8.2, "right", spoken=self.spoken)

    def next_page(self) -> None:
        """Close this page and begin the next."""
        self._foot()
        self.c.showPage()
        self.page += 1
        self.head()
        self.y = 741 - 34

    def end(self) -> bytes:
        """Close the last page; returns the PDF, nothing where it was drawn on somebody else's canvas."""
        from reportlab.lib.pagesizes import A4
        from reportlab.pdfgen.canvas import Canvas

        self._foot()
        self.c.showPage()
        if self.onto is not None:
            self.onto.setPageSize(A4)
            self.c.draw(self.onto)
            return b""
        buffer = io.BytesIO()
        canvas = Canvas(buffer, pagesize=A4, invariant=1, initialFontName=self.type.REGULAR, lang=self.language)
        self.c.draw(canvas)
        canvas.save()
        return buffer.getvalue()
