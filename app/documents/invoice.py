"""Invoices and credit notes: the frozen snapshot as a document, and the document as a PDF.

The snapshot is what `app.desk.invoices` stored when it issued the document: head, lines, seller, buyer, and what was
paid by then. Integers are minor units, rates basis points. `render` draws nothing that is not in it, so the original
comes out the same for ever; a later print is a COPY that adds its date and the present state.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from babel.dates import format_date

from app import money
from app.text import _

LAYOUT_VERSION = 1

_INK, _TEXT2, _TEXT3 = (0.078, 0.133, 0.169), (0.247, 0.322, 0.365), (0.337, 0.412, 0.451)
_LINE, _BRASS, _TINT, _OK = (0.863, 0.890, 0.894), (0.929, 0.698, 0.235), (0.988, 0.953, 0.875), (0.059, 0.404, 0.286)
_LEFT, _RIGHT, _TOP, _BOTTOM = 48.0, 547.0, 794.0, 92.0


@dataclass(frozen=True)
class Line:
    """One line as it was frozen."""

    position: int
    title: str
    detail: str
    quantity: int
    unit_net_minor: int
    rate_bp: int
    tax_category: str
    exemption_reason: str
    net_minor: int
    tax_minor: int
    gross_minor: int


@dataclass(frozen=True)
class TaxSum:
    """The sums of one rate or one exemption."""

    rate_bp: int
    tax_category: str
    exemption_reason: str
    net_minor: int
    tax_minor: int
    gross_minor: int


@dataclass(frozen=True)
class InvoiceDocument:
    """A frozen invoice or credit note."""

    kind: str
    label: str
    refers_to_label: str
    issued_on: str
    due_on: str
    service_from: str | None
    service_to: str | None
    currency: str
    language: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    seller: dict[str, Any]
    buyer: dict[str, Any]
    lines: tuple[Line, ...]
    paid: tuple[dict[str, Any], ...]

    @classmethod
    def from_snapshot(cls, snapshot: str) -> InvoiceDocument:
        """Read what was frozen. KeyError if it is not a snapshot of an invoice."""
        whole = json.loads(snapshot)
        head = whole["head"]
        names = Line.__dataclass_fields__
        return cls(
            kind=head["kind"],
            label=head["label"],
            refers_to_label=whole.get("refers_to_label", ""),
            issued_on=head["issued_on"],
            due_on=head["due_on"],
            service_from=head.get("service_from"),
            service_to=head.get("service_to"),
            currency=head["currency"],
            language=head["language"],
            net_minor=head["net_minor"],
            tax_minor=head["tax_minor"],
            gross_minor=head["gross_minor"],
            seller=whole["seller"],
            buyer=whole["buyer"],
            lines=tuple(Line(**{name: line[name] for name in names}) for line in whole["lines"]),
            paid=tuple(whole["paid"]),
        )

    @property
    def taxes(self) -> list[TaxSum]:
        """The lines summed by rate and exemption, highest rate first."""
        sums: dict[tuple[int, str, str], list[int]] = {}
        for line in self.lines:
            key = (line.rate_bp, line.tax_category, line.exemption_reason)
            entry = sums.setdefault(key, [0, 0, 0])
            for index, value in enumerate((line.net_minor, line.tax_minor, line.gross_minor)):
                entry[index] += value
        return [TaxSum(*key, *values) for key, values in sorted(sums.items(), key=lambda item: -item[0][0])]

    @property
    def paid_minor(self) -> int:
        """What was paid when the document was issued."""
        return sum(int(part["amount_minor"]) for part in self.paid)


@dataclass(frozen=True)
class CopyState:
    """What a later print adds: its date and what is paid by then."""

    printed_on: str
    paid_minor: int
    credited_by: str = ""


def render(document: InvoiceDocument, copy: CopyState | None = None) -> bytes:
    """The document as PDF. It is laid out twice: the first pass draws nothing and counts the pages."""
    pages = _Painter(document, copy, pages=0).paint()[1]
    return _Painter(document, copy, pages=pages).paint()[0]


class _Nowhere:
    """A canvas that swallows what is drawn on it."""

    def __getattr__(self, name: str) -> Any:
        return _swallow


def _swallow(*_args: Any, **_kwargs: Any) -> Any:
    return _Nowhere()


@lru_cache(maxsize=16)
def _epc_code(name: str, iban: str, bic: str, amount_minor: int, text: str) -> Any | None:
    """The EPC code of a SEPA transfer, None where the account is not one."""
    from decimal import Decimal

    import segno.helpers

    try:
        return segno.helpers.make_epc_qr(
            name=name, iban=iban, bic=bic or None, amount=Decimal(amount_minor) / 100, text=text
        )
    except ValueError:
        return None


class _Painter:
    """Draws one document. Positions are PDF points from the lower left corner of an A4 page."""

    def __init__(self, document: InvoiceDocument, copy: CopyState | None, pages: int) -> None:
        from reportlab.lib.pagesizes import A4
        from reportlab.pdfgen.canvas import Canvas

        from app.documents import type as setting

        self.type = setting
        setting.fonts()
        self.d, self.copy, self.pages = document, copy, pages
        self.buffer = io.BytesIO()
        self.c: Any = _Nowhere()
        if pages:
            self.c = Canvas(
                self.buffer, pagesize=A4, invariant=1, initialFontName=setting.REGULAR, lang=document.language
            )
        self.c.setTitle(f"{self._title()} {document.label}")
        self.c.setAuthor(document.seller.get("legal_name") or document.seller.get("name", ""))
        self.page = 1
        self.y = _TOP

    # -- helpers

    def text(
        self, x: float, y: float, words: str, size: float = 9, font: str = "", color: Any = _INK, align: str = "left"
    ) -> None:
        if self.pages:
            self.c.setFillColorRGB(*color)
            self.type.draw(self.c, x, y, words, font or self.type.REGULAR, size, align)

    def rule(
        self, y: float, left: float = _LEFT, right: float = _RIGHT, width: float = 0.5, color: Any = _LINE
    ) -> None:
        self.c.setStrokeColorRGB(*color)
        self.c.setLineWidth(width)
        self.c.line(left, y, right, y)

    def plain(self, minor: int) -> str:
        words = money.format_plain(minor, self.d.currency, self.d.language)
        return words.replace("-", "−")

    def day(self, iso: str, pattern: str = "d MMMM y") -> str:
        return str(format_date(date.fromisoformat(iso), pattern, locale=self.d.language.replace("-", "_")))

    def span(self, first: str, last: str) -> str:
        """Two days; what they have in common is said once, and months are short where the line has no room."""
        if first == last:
            return self.day(first)
        start = "d" if first[:7] == last[:7] else "d MMMM" if first[:4] == last[:4] else "d MMMM y"
        said = f"{self.day(first, start)} – {self.day(last)}"
        if self.type.width(said, self.type.REGULAR, 9.2) <= 150:
            return said
        return f"{self.day(first, start.replace('MMMM', 'MMM'))} – {self.day(last, 'd MMM y')}"

    def rate(self, part: Line | TaxSum) -> str:
        if part.tax_category == "E":
            return _("exempt") + " " + self.footmark(part.exemption_reason)
        whole, rest = divmod(part.rate_bp, 100)
        return (f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)) + " %"

    def footmark(self, reason: str) -> str:
        reasons = list(dict.fromkeys(line.exemption_reason for line in self.d.lines if line.tax_category == "E"))
        return "¹²³⁴⁵⁶⁷⁸⁹"[min(reasons.index(reason), 8)]

    def _title(self) -> str:
        return _("Credit note") if self.d.kind == "credit_note" else _("Invoice")

    # -- the whole

    def paint(self) -> tuple[bytes, int]:
        self._head()
        self._parties()
        self._lines()
        self._sums()
        self._foot()
        self.c.showPage()
        self.c.save()
        return self.buffer.getvalue(), self.page

    def _head(self) -> None:
        seller = self.d.seller
        bold, y = self.type.BOLD, _TOP
        name = seller.get("legal_name") or seller.get("name", "")
        self.text(_RIGHT, y, self.type.shorten(name, bold, 10, 300), 10, bold, align="right")
        address = " · ".join(part.strip() for part in seller.get("address", "").splitlines() if part.strip())
        reach = " · ".join(filter(None, (seller.get("phone"), seller.get("email"))))
        for words in filter(None, (address, reach)):
            y -= 14
            self.text(_RIGHT, y, self.type.shorten(words, self.type.REGULAR, 9, 300), 9, color=_TEXT2, align="right")
        self._emblem()
        self.rule(741, width=1.8, color=_INK)
        self.rule(741, left=475, width=1.8, color=_BRASS)
        if self.copy is not None:
            self.text(_LEFT + 118, _TOP - 20, _("COPY"), 17, bold, _TEXT3)
            self.text(_LEFT + 118, _TOP - 32, self.day(self.copy.printed_on), 8, color=_TEXT3)
        self.y = 741

    def _emblem(self) -> None:
        """Three arches: the house mark until a center has its own picture."""
        self.c.setStrokeColorRGB(*_INK)
        self.c.setLineWidth(2.6)
        self.c.setLineCap(1)
        self.c.line(_LEFT + 2, 789, _LEFT + 75, 789)
        self.c.line(_LEFT + 2, 768, _LEFT + 75, 768)
        for index in range(3):
            left = _LEFT + 7 + index * 21.5
            path = self.c.beginPath()
            path.moveTo(left, 768)
            path.lineTo(left, 777)
            path.arcTo(left, 767, left + 19, 786, 180, -180)
            path.lineTo(left + 19, 768)
            self.c.drawPath(path)
        self.c.setLineCap(0)

    def _parties(self) -> None:
        semibold, buyer = self.type.SEMIBOLD, self.d.buyer
        self.text(_LEFT, 706, _("Bill to"), 8.5, semibold, _TEXT2)
        y = 687.0
        for index, words in enumerate(self.type.wrap(buyer["name"], self.type.BOLD, 10, 260)[:3]):
            self.text(_LEFT, y - 14 * index, words, 10, self.type.BOLD)
            last = y - 14 * index
        y = last
        for words in [part for part in buyer.get("address", "").splitlines() if part.strip()][:5]:
            y -= 15
            self.text(_LEFT, y, self.type.shorten(words.strip(), self.type.REGULAR, 9.2, 260), 9.2)
        if buyer.get("tax_id"):
            y -= 15
            self.text(_LEFT, y, _("VAT ID") + f" {buyer['tax_id']}", 8.8, color=_TEXT3)
        self.text(343, 694, self._title(), 24, self.type.BOLD)
        rows = [(_("Number"), self.d.label, True), (_("Issued"), self.day(self.d.issued_on), False)]
        if self.d.service_from:
            rows.append((_("Service"), self.span(self.d.service_from, self.d.service_to or self.d.service_from), False))
        if self.d.kind == "invoice":
            rows.append((_("Pay by"), self.day(self.d.due_on), True))
        else:
            rows.append((_("Refers to invoice"), self.d.refers_to_label, True))
        at = 669.0
        for label, words, strong in rows:
            self.text(343, at, label, 9.2, color=_TEXT3)
            self.text(_RIGHT, at, words, 9.2, semibold if strong else "", align="right")
            at -= 17.2
        self.y = min(y, at) - 28

    def _column_head(self) -> None:
        sign = money.format(0, self.d.currency, self.d.language)
        sign = "".join(char for char in sign if not char.isdigit() and char not in ".,").strip()
        for x, words, align in (
            (_LEFT, "#", "left"),
            (_LEFT + 27, _("What"), "left"),
            (354, _("Qty"), "right"),
            (419, _("Unit net") + f" {sign}", "right"),
            (481, _("VAT"), "right"),
            (_RIGHT, _("Net") + f" {sign}", "right"),
        ):
            self.text(x, self.y, words, 8.5, self.type.SEMIBOLD, _TEXT2, align)
        self.y -= 9
        self.rule(self.y, width=1, color=_INK)
        self.y -= 18

    def _lines(self) -> None:
        self._column_head()
        carried = 0
        for line in self.d.lines:
            title = self.type.wrap(line.title, self.type.SEMIBOLD, 9.2, 232)[:4]
            detail = self.type.wrap(line.detail, self.type.REGULAR, 8.2, 232)[:4] if line.detail else []
            needed = 12.5 * (len(title) + len(detail)) + 15
            if self.y - needed < _BOTTOM + 20:
                self.text(419, self.y, _("Carried over"), 8.5, self.type.SEMIBOLD, _TEXT2, "right")
                self.text(_RIGHT, self.y, self.plain(carried), 9.2, self.type.SEMIBOLD, align="right")
                self._next_page()
                self._column_head()
                self.text(_LEFT + 27, self.y, _("Carried over"), 8.5, color=_TEXT2)
                self.text(_RIGHT, self.y, self.plain(carried), 9.2, align="right")
                self.y -= 18
            self._line(line, title, detail)
            carried += line.net_minor

    def _line(self, line: Line, title: list[str], detail: list[str]) -> None:
        self.text(_LEFT, self.y, str(line.position), 9.2, color=_TEXT3)
        for x, words, font in (
            (354, str(line.quantity), ""),
            (419, self.plain(line.unit_net_minor), ""),
            (481, self.rate(line), ""),
            (_RIGHT, self.plain(line.net_minor), self.type.SEMIBOLD),
        ):
            self.text(x, self.y, words, 9.2, font, align="right")
        for words in title:
            self.text(_LEFT + 27, self.y, words, 9.2, self.type.SEMIBOLD)
            self.y -= 12.5
        for words in detail:
            self.text(_LEFT + 27, self.y, words, 8.2, color=_TEXT3)
            self.y -= 12.5
        self.y -= 2
        self.rule(self.y)
        self.y -= 17

    def _state(self) -> tuple[int, int]:
        """(paid, still open) as this print says it."""
        paid = self.copy.paid_minor if self.copy is not None else self.d.paid_minor
        settled = self.d.kind == "credit_note" or bool(self.copy and self.copy.credited_by)
        return paid, 0 if settled else self.d.gross_minor - paid

    def _sums(self) -> None:
        """Tax table, totals, stamp and code: one block that is never split."""
        reasons = list(dict.fromkeys(line.exemption_reason for line in self.d.lines if line.tax_category == "E"))
        paid, still_open = self._state()
        code = self._payment_code(still_open)
        height = 34 + 16 * max(len(self.d.taxes) + 2 + len(reasons), 6) + (122 if code is not None else 0) + 8
        if self.y - height < _BOTTOM:
            self._next_page()
        top = self.y - 6
        left_end = self._tax_table(top, reasons)
        right_end = self._totals(top, paid, still_open)
        self.y = min(left_end, right_end) - 10
        if code is not None:
            self._code_box(code, still_open)

    def _tax_table(self, y: float, reasons: list[str]) -> float:
        self.text(_LEFT, y, _("Tax"), 8.5, self.type.SEMIBOLD, _TEXT2)
        y -= 18
        columns = (171.0, 221.0, 284.0)
        for x, words in zip(columns, (_("Net"), _("VAT"), _("Gross")), strict=True):
            self.text(x, y, words, 8.5, color=_TEXT2, align="right")
        y -= 6
        for tax in self.d.taxes:
            self.rule(y, right=284)
            y -= 11
            self.text(_LEFT, y, self.rate(tax), 8.8)
            for x, amount in zip(columns, (tax.net_minor, tax.tax_minor, tax.gross_minor), strict=True):
                self.text(x, y, self.plain(amount), 8.8, align="right")
            y -= 6
        y -= 8
        for reason in reasons:
            for words in self.type.wrap(f"{self.footmark(reason)} {reason}", self.type.REGULAR, 8.2, 250):
                self.text(_LEFT, y, words, 8.2, color=_TEXT2)
                y -= 12
        return y - self._stamp(y)

    def _stamp(self, y: float) -> float:
        paid, still_open = self._state()
        if self.d.kind == "credit_note" or paid <= 0:
            return 0
        words = _("PAID") if still_open <= 0 else _("PART PAID")
        on = self.copy.printed_on if self.copy is not None else max(str(part["on"]) for part in self.d.paid)
        detail = f"{money.format(paid, self.d.currency, self.d.language)} · {self.day(on)}"
        self.c.saveState()
        self.c.translate(_LEFT + 31, y - 40)
        self.c.rotate(4)
        self.c.setStrokeColorRGB(*_OK)
        self.c.setLineWidth(1.4)
        wide = max(self.type.width(detail, self.type.SEMIBOLD, 8.5), self.type.width(words, self.type.BOLD, 12)) + 26
        self.c.roundRect(0, 0, wide, 34, 5)
        self.text(wide / 2, 18.5, words, 12, self.type.BOLD, _OK, "center")
        self.text(wide / 2, 7, detail, 8.5, self.type.SEMIBOLD, _OK, "center")
        self.c.restoreState()
        return 48

    def _totals(self, y: float, paid: int, still_open: int) -> float:
        for label, amount in ((_("Net"), self.d.net_minor), (_("VAT"), self.d.tax_minor)):
            self.text(343, y, label, 9.2, color=_TEXT2)
            self.text(_RIGHT, y, self.plain(amount), 9.2, self.type.SEMIBOLD, align="right")
            y -= 19
        self.rule(y + 8, left=343, width=1, color=_INK)
        y -= 10
        self.text(343, y, _("Total"), 9.5, self.type.BOLD)
        total = money.format(self.d.gross_minor, self.d.currency, self.d.language)
        self.text(_RIGHT, y - 1, total, 15, self.type.BOLD, align="right")
        y -= 23
        if self.d.kind == "credit_note":
            return y
        if self.copy is None:
            for part in self.d.paid:
                words = _("Paid") + f" {self.day(part['on'])}, {_(str(part['method']))}"
                self.text(343, y, words, 8.8, color=_TEXT2)
                self.text(_RIGHT, y, self.plain(-int(part["amount_minor"])), 9.2, align="right")
                y -= 17
        elif paid:
            self.text(343, y, _("Paid by") + f" {self.day(self.copy.printed_on)}", 8.8, color=_TEXT2)
            self.text(_RIGHT, y, self.plain(-paid), 9.2, align="right")
            y -= 17
        if self.copy is not None and self.copy.credited_by:
            self.text(343, y, _("Credited by") + f" {self.copy.credited_by}", 8.8, color=_TEXT2)
            y -= 17
        y -= 5
        self.c.setFillColorRGB(*_TINT)
        self.c.roundRect(336, y - 9, 218, 26, 4, stroke=0, fill=1)
        self.text(343, y, _("Still to pay"), 9.2, self.type.SEMIBOLD)
        amount = money.format(still_open, self.d.currency, self.d.language)
        self.text(_RIGHT, y - 1, amount, 11.5, self.type.BOLD, align="right")
        return y - 20

    def _payment_code(self, still_open: int) -> Any | None:
        """The EPC code of a SEPA transfer of what is open; None where it cannot be (not EUR, no IBAN, nothing open)."""
        iban = self.d.seller.get("iban", "").replace(" ", "")
        if self.d.kind != "invoice" or self.d.currency != "EUR" or not iban or still_open <= 0:
            return None
        name = (self.d.seller.get("legal_name") or self.d.seller.get("name", ""))[:70]
        return _epc_code(name, iban, self.d.seller.get("bic") or "", still_open, f"Invoice {self.d.label}")

    def _code_box(self, code: Any, still_open: int) -> None:
        bottom = self.y - 112
        self.c.setStrokeColorRGB(*_LINE)
        self.c.setLineWidth(0.7)
        self.c.roundRect(_LEFT, bottom, _RIGHT - _LEFT, 110, 6)
        matrix = list(code.matrix)
        cell = 84 / len(matrix)
        self.c.saveState()
        self.c.setFillColorRGB(*_INK)
        self.c.translate(_LEFT + 13, bottom + 97)
        self.c.scale(cell, -cell)
        # One path of unit cells: a thousand single rectangles would cost more than all text of the page.
        code_path = self.c.beginPath()
        for row, cells in enumerate(matrix):
            column = 0
            while column < len(cells):
                end = column
                while end < len(cells) and cells[end]:
                    end += 1
                if end > column:
                    code_path.rect(column, row, end - column, 1)
                column = end + 1
        self.c.drawPath(code_path, stroke=0, fill=1)
        self.c.restoreState()
        amount = money.format(still_open, self.d.currency, self.d.language)
        at = _LEFT + 112
        self.text(
            at,
            bottom + 88,
            _("Pay {amount} by scanning with your bank app").format(amount=amount),
            10,
            self.type.SEMIBOLD,
        )
        seller = self.d.seller
        iban = seller["iban"].replace(" ", "")
        rows = (
            (_("To"), seller.get("legal_name") or seller.get("name", "")),
            (_("IBAN"), " ".join(iban[index : index + 4] for index in range(0, len(iban), 4))),
            (_("Reference"), _("Invoice") + f" {self.d.label}"),
        )
        y = bottom + 68
        for label, words in rows:
            self.text(at, y, label, 8.8, color=_TEXT2)
            self.text(at + 60, y, self.type.shorten(words, self.type.SEMIBOLD, 9, 300), 9, self.type.SEMIBOLD)
            y -= 16
        on = self.copy.printed_on if self.copy is not None else self.d.issued_on
        words = _("EPC code, SEPA transfer in EUR. The amount is what is open on {day}.").format(day=self.day(on))
        self.text(at, y - 2, words, 8.4, color=_TEXT2)
        self.y = bottom - 10

    def _foot(self) -> None:
        seller = self.d.seller
        name = seller.get("legal_name") or seller.get("name", "")
        self.rule(66)
        tax_id = " · ".join(filter(None, (name, _("VAT ID") + f" {seller['tax_id']}" if seller.get("tax_id") else "")))
        self.text(_LEFT, 50, self.type.shorten(tax_id, self.type.REGULAR, 8.2, 380), 8.2, color=_TEXT3)
        if seller.get("register_line"):
            words = self.type.shorten(seller["register_line"], self.type.REGULAR, 8.2, 380)
            self.text(_LEFT, 37, words, 8.2, color=_TEXT3)
        self.text(_RIGHT, 50, f"{self._title()} {self.d.label}", 8.2, color=_TEXT3, align="right")
        words = _("Page {page} of {pages}").format(page=self.page, pages=self.pages or self.page)
        self.text(_RIGHT, 37, words, 8.2, self.type.SEMIBOLD, _TEXT2, "right")

    def _next_page(self) -> None:
        self._foot()
        self.c.showPage()
        self.page += 1
        self._head()
        self.y = 741 - 34
