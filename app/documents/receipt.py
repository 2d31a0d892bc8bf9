"""The receipt of a payment, on an 80 mm roll or on A4: what the money was for, the tax in it, given and change.

Black only: a roll printer knows no grey. Amounts are minor units, rates basis points.
"""

from __future__ import annotations

import hashlib
import io
import string
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from app import money
from app.documents.words import _, speaking

#: Millimeters as points; the roll is 80 mm wide.
_ROLL, _MARGIN = 226.77, 13.0
_INK, _QUIET = (0.078, 0.133, 0.169), (0.337, 0.412, 0.451)


@dataclass(frozen=True)
class ReceiptLine:
    """Money put on one line: what it is for, and the rate of the tax in it."""

    title: str
    detail: str
    amount_minor: int
    rate_bp: int
    tax_category: str


@dataclass(frozen=True)
class ReceiptDocument:
    """A completed payment as it is handed over. `at` and `next_slot` are finished words in the reader's notation.

    `credit_minor` is the part that stays as credit; `refunds` the number of the payment that a refund gives back.
    `head_text`, `foot_text` and `logo` (a PNG or JPEG) are the center's own; `cashier` who took the money.
    `payer` is who paid where it is not the student; `student` is "" where it was for several, whom the lines name.
    """

    number: str
    at: str
    till: str
    student: str
    currency: str
    language: str
    seller_name: str
    seller_address: str
    seller_tax_id: str
    method: str
    amount_minor: int
    given_minor: int | None
    credit_minor: int
    lines: tuple[ReceiptLine, ...]
    refunds: str = ""
    note: str = ""
    next_slot: str = ""
    cashier: str = ""
    head_text: str = ""
    foot_text: str = ""
    logo: bytes = field(default=b"", repr=False)
    payer: str = ""

    @property
    def taxes(self) -> list[tuple[str, int, str, money.Split]]:
        """(letter, rate, category, sums) of every rate, highest first."""
        sums: dict[tuple[int, str], int] = {}
        for line in self.lines:
            key = (line.rate_bp, line.tax_category)
            sums[key] = sums.get(key, 0) + line.amount_minor
        ordered = sorted(sums.items(), key=lambda item: (-item[0][0], item[0][1]))
        return [
            (string.ascii_uppercase[index % 26], rate, category, money.split_gross(gross, rate))
            for index, ((rate, category), gross) in enumerate(ordered)
        ]

    @property
    def letters(self) -> dict[tuple[int, str], str]:
        """(rate, category) → the letter by which a line points at its rate."""
        return {(rate, category): letter for letter, rate, category, _split in self.taxes}

    @property
    def check_code(self) -> str:
        """What the code on the paper says: number, amount, and a digest of what was paid and for what.

        What a later print may say otherwise (the next slot) and what the center adds of its own are no part of it.
        """
        facts = asdict(replace(self, next_slot="", logo=b""))
        for name in ("cashier", "head_text", "foot_text", "logo"):
            del facts[name]
        if not self.payer:
            del facts["payer"]
        digest = hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
        return f"DESKBELL {self.number} {money.to_major(self.amount_minor, self.currency)} {self.currency} {digest}"


def render(document: ReceiptDocument, *, paper: str = "roll", copy_on: str = "") -> bytes:
    """The receipt as PDF on `paper`, "roll" or "a4"; with `copy_on` (a finished date) it says COPY."""
    with speaking(document.language):
        measured = _Painter(document, paper, copy_on, None)
        measured.paint()
        return _Painter(document, paper, copy_on, measured.used).paint()


def draw(document: ReceiptDocument, canvas: Any) -> None:
    """The receipt as further A4 pages of a canvas that holds several documents."""
    with speaking(document.language):
        measured = _Painter(document, "a4", "", None)
        measured.paint()
        _Painter(document, "a4", "", measured.used, canvas).paint()


class _Painter:
    """Draws downward from the top: `used` points so far. Without a height it measures only. What would have to be made
    smaller to stand on one sheet of A4 goes on over several.
    """

    def __init__(
        self, document: ReceiptDocument, paper: str, copy_on: str, height: float | None, onto: Any = None
    ) -> None:
        from reportlab.lib.pagesizes import A4
        from reportlab.pdfgen.canvas import Canvas

        from app.documents import parts
        from app.documents import type as setting

        self.type, self.parts = setting, parts
        setting.fonts()
        self.d, self.copy_on = document, copy_on
        self.buffer = io.BytesIO()
        self.used = 0.0
        self.paged, self.page = False, 1
        self.c: Any = parts.Nowhere()
        self.height = height or 0.0
        if height is not None:
            size = (_ROLL, height) if paper == "roll" else A4
            self.c = onto
            if onto is None:
                self.c = Canvas(
                    self.buffer, pagesize=size, invariant=1, initialFontName=setting.REGULAR, lang=document.language
                )
            else:
                onto.setPageSize(size)
            if paper != "roll":
                # The same strip, larger, at the top middle of the sheet.
                self.paged = height > A4[1] - 72
                self.height = min(height, A4[1] - 72)
                self.scale = min(1.5, (A4[1] - 72) / self.height)
                self.sheet = A4
                self._to_the_middle()
        self.own, self.roll = onto is None, paper == "roll"
        if self.own:
            self.c.setTitle(f"{self._title()} {document.number}")
            self.c.setAuthor(document.seller_name)
        self.c.setFillColorRGB(*_INK)
        self.c.setStrokeColorRGB(*_INK)

    def _to_the_middle(self) -> None:
        wide, high = self.sheet
        self.c.translate((wide - _ROLL * self.scale) / 2, high - 36 - self.height * self.scale)
        self.c.scale(self.scale, self.scale)

    def _room(self, needed: float) -> None:
        """Go on on the next sheet where less than `needed` points are left of this one."""
        if not self.paged or self.used + needed <= self.height:
            return
        self.c.showPage()
        self._to_the_middle()
        self.page += 1
        self.used = 20
        self.c.setFillColorRGB(*_INK)
        self.c.setStrokeColorRGB(*_INK)
        self._row(f"{self._title()} {self.d.number}", _("Page {page}").format(page=self.page), 7.8)
        self._dashes()

    @property
    def y(self) -> float:
        return self.height - self.used

    def _title(self) -> str:
        return _("Refund") if self.d.refunds else _("Receipt")

    def _text(self, x: float, words: str, size: float, font: str = "", color: Any = _INK, align: str = "left") -> None:
        if self.height:
            self.c.setFillColorRGB(*color)
            self.type.draw(self.c, x, self.y, words, font or self.type.REGULAR, size, align)

    def _row(self, left: str, right: str, size: float = 8.6, *, strong: str = "", step: float = 13.2) -> None:
        """Words at both ends: the right ones whole, the left ones as far as there is room."""
        self.used += step
        bold = self.type.SEMIBOLD
        fonts = (bold if "left" in strong else self.type.REGULAR, bold if "right" in strong else self.type.REGULAR)
        end = _ROLL - _MARGIN
        right = self.type.shorten(right, fonts[1], size, end - _MARGIN - 40)
        room = end - _MARGIN - self.type.width(right, fonts[1], size) - 6
        self._text(_MARGIN, self.type.shorten(left, fonts[0], size, room), size, fonts[0])
        self._text(end, right, size, fonts[1], align="right")

    def _middle(self, words: str, size: float, font: str = "", step: float = 13.2, color: Any = _INK) -> None:
        for line in self.type.wrap(words, font or self.type.REGULAR, size, _ROLL - 2 * _MARGIN):
            self._room(step + 12)
            self.used += step
            self._text(_ROLL / 2, line, size, font, color, "center")

    def _dashes(self) -> None:
        self.used += 8
        self.c.setLineWidth(0.7)
        self.c.setDash(3, 2)
        self.c.line(_MARGIN, self.y, _ROLL - _MARGIN, self.y)
        self.c.setDash()
        self.used += 3

    def _plain(self, minor: int) -> str:
        return money.format_plain(minor, self.d.currency, self.d.language)

    def paint(self) -> bytes:
        d, bold = self.d, self.type.BOLD
        self._emblem()
        self._middle(d.seller_name, 11, bold, 15)
        if d.seller_address:
            self._middle(", ".join(part.strip() for part in d.seller_address.splitlines() if part.strip()), 8.6)
        if d.seller_tax_id:
            self._middle(_("VAT ID") + f" {d.seller_tax_id}", 8.6)
        self._words(d.head_text)
        self._dashes()
        if self.copy_on:
            self._middle(_("COPY") + f" · {self.copy_on}", 8.6, self.type.SEMIBOLD)
        self._row(self._title(), d.number, strong="right")
        self._row(d.at, " · ".join(filter(None, (d.till, d.cashier))))
        self._whom(_("Received from"), d.payer)
        self._whom(_("For"), d.student)
        if d.refunds:
            self._row(_("Gives back"), d.refunds)
        self._dashes()
        self._lines()
        self._sums()
        self._foot()
        self.used += 22
        self.c.showPage()
        if self.own:
            self.c.save()
        return self.buffer.getvalue()

    def _emblem(self) -> None:
        """The center's picture, in black on a roll, or the house mark."""
        if self.d.logo:
            self.used = 60
            box = (_MARGIN, self.y, _ROLL - 2 * _MARGIN, 44.0)
            if self.height:
                self.parts.picture(self.c, self.d.logo, *box, roll=self.roll, middle=True)
        else:
            self.used = 40
            self.parts.emblem(self.c, (_ROLL - 55) / 2, self.y, 0.72)
        self.used += 4

    def _words(self, said: str) -> None:
        """A text of the center, in the middle, with its own breaks."""
        if said:
            self.used += 4
            self._middle(said, 8.6, step=12)

    def _whom(self, label: str, name: str) -> None:
        """Somebody's name; one without room beside its label stands whole below it."""
        if not name:
            return
        room = _ROLL - 2 * _MARGIN
        if self.type.width(name, self.type.REGULAR, 8.6) <= room - self.type.width(label, self.type.REGULAR, 8.6) - 12:
            self._row(label, name)
            return
        self._row(label, "")
        for words in self.type.wrap(name, self.type.REGULAR, 8.6, room):
            self.used += 11
            self._text(_ROLL - _MARGIN, words, 8.6, align="right")

    def _lines(self) -> None:
        letters = self.d.letters
        for line in self.d.lines:
            amount = f"{self._plain(line.amount_minor)} {letters[line.rate_bp, line.tax_category]}"
            titles = self.type.wrap(line.title, self.type.REGULAR, 8.8, _ROLL - 2 * _MARGIN - 70)
            details = self.type.wrap(line.detail, self.type.REGULAR, 7.8, _ROLL - 2 * _MARGIN)
            self._room(14 + 11 * len(titles) + 10.5 * len(details))
            self._row(titles[0], amount, 8.8, strong="right", step=14)
            for more in titles[1:]:
                self.used += 11
                self._text(_MARGIN, more, 8.8)
            for more in details:
                if more:
                    self.used += 10.5
                    self._text(_MARGIN, more, 7.8, color=_QUIET)
        if self.d.credit_minor:
            self._row(_("Kept as your credit"), self._plain(self.d.credit_minor), 8.8, strong="right", step=14)
        if self.d.lines or self.d.credit_minor:
            self._dashes()

    def _sums(self) -> None:
        d = self.d
        self._room(80 + 12 * (len(d.taxes) + 1))
        self.used += 18
        total = money.format(d.amount_minor, d.currency, d.language)
        self._text(_MARGIN, _("Total"), 14, self.type.BOLD)
        self._text(_ROLL - _MARGIN, total, 14, self.type.BOLD, align="right")
        self.used += 2
        if d.given_minor is not None:
            self._row(_("Cash given"), self._plain(d.given_minor), strong="right", step=14)
            self._row(_("Change"), self._plain(d.given_minor - d.amount_minor), strong="right")
        else:
            self._row(_("Given back by") if d.refunds else _("Paid by"), d.method, strong="right", step=14)
        self._dashes()
        if not d.taxes:
            return
        ends = (_MARGIN + 95, _MARGIN + 145, _ROLL - _MARGIN)
        self.used += 12
        for x, words in zip(ends, (_("Net"), _("VAT"), _("Gross")), strict=True):
            self._text(x, words, 7.8, align="right")
        for letter, rate, category, split in d.taxes:
            self.used += 12
            self._text(_MARGIN, f"{letter} {self._rate(rate, category)}", 7.8)
            for x, amount in zip(ends, (split.net_minor, split.tax_minor, split.gross_minor), strict=True):
                self._text(x, self._plain(amount), 7.8, align="right")
        self._dashes()

    def _rate(self, rate_bp: int, category: str) -> str:
        if category == "E":
            return _("exempt")
        whole, rest = divmod(rate_bp, 100)
        return (f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)) + " %"

    def _foot(self) -> None:
        import segno

        d = self.d
        words = _("PAID BACK") if d.refunds else _("PAID")
        self._room(150)
        self.used += 26
        wide = max(70.0, self.type.width(words, self.type.BOLD, 12) + 24)
        self.c.setLineWidth(1.3)
        self.c.roundRect((_ROLL - wide) / 2, self.y, wide, 22, 4)
        self.used -= 6.5
        self._text(_ROLL / 2, words, 12, self.type.BOLD, align="center")
        self.used += 6.5 + 10
        matrix = list(segno.make(d.check_code, error="m").matrix)
        self.parts.code(self.c, matrix, (_ROLL - 70) / 2, self.y, 70, _INK)
        self.used += 70
        self._middle(_("Check code of this receipt"), 7.8, color=_QUIET)
        if d.note:
            self._middle(d.note, 8.6, step=15)
        self._words(d.foot_text)
        thanks = _("Thank you.")
        if d.next_slot:
            thanks += " " + _("Next: {when}").format(when=d.next_slot)
        self._middle(thanks, 8.6, step=16)
