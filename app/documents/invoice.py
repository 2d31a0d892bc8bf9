"""Invoices and credit notes: the frozen snapshot as a document, and the document as a PDF.

The snapshot is what `app.desk.invoices` stored when it issued the document: head, lines, seller, buyer, and what was
paid by then. Integers are minor units, rates basis points. `render` draws nothing that is not in it, so the original
comes out the same for ever; a later print is a COPY that adds its date and the present state.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.numbers import format_decimal

from app import money
from app.documents.sheet import BOTTOM, INK, LEFT, LINE, OK, RIGHT, TEXT2, TEXT3, TINT, TOP, Sheet
from app.documents.words import _, speaking

#: How a document that is issued now is drawn. Layout 2 has the center's picture, texts at head and foot, and a text of
#: its own below the sums; layout 3 says names, addresses and lines whole, in the buyer's language, with
#: the currency in the tax table, a price of one that multiplies up and what a line costs less than the list price.
#: What was issued in an earlier one is drawn in it for ever.
LAYOUT_VERSION = 3

#: The sums are the last of a page, and may come nearer to its foot than lines do.
_SUMS_BOTTOM = BOTTOM - 12


@dataclass(frozen=True)
class Less:
    """One reduction of a price, in minor units; its rule's name, share in basis points and code, where one gave it."""

    minor: int
    name: str = ""
    percent_bp: int = 0
    code: str = ""


@dataclass(frozen=True)
class Discount:
    """How a line came to its price: the list price for all of it in minor units, as it was `quoted` ("net", "gross").

    `of_whole`: the line is an installment, and this is about the whole course.
    """

    list_minor: int
    quoted: str
    less: tuple[Less, ...]
    of_whole: bool = False

    @classmethod
    def read(cls, frozen: dict[str, Any]) -> Discount:
        """From a line of a snapshot."""
        less = tuple(Less(**{name: one[name] for name in Less.__dataclass_fields__}) for one in frozen["less"])
        return cls(frozen["list_minor"], frozen["quoted"], less, bool(frozen["of_whole"]))


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
    discount: Discount | None = None

    @classmethod
    def read(cls, frozen: dict[str, Any], layout: int) -> Line:
        """From a snapshot; what lines cost less is said from layout 3 on."""
        values = {name: frozen[name] for name in cls.__dataclass_fields__ if name != "discount"}
        said = frozen.get("discount") if layout >= 3 else None
        return cls(**values, discount=Discount.read(said) if said else None)


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
    note: str = ""
    layout: int = LAYOUT_VERSION
    head_text: str = ""
    foot_text: str = ""
    logo_sha256: str = ""
    logo: bytes = field(default=b"", repr=False)

    @classmethod
    def from_snapshot(cls, snapshot: str, layout: int = LAYOUT_VERSION) -> InvoiceDocument:
        """Read what was frozen, to be drawn in a layout. KeyError if it is not a snapshot of an invoice."""
        whole = json.loads(snapshot)
        head = whole["head"]
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
            lines=tuple(Line.read(line, layout) for line in whole["lines"]),
            paid=tuple(whole["paid"]),
            note=whole.get("note", "") if layout >= 2 else "",
            layout=layout,
            head_text=whole.get("head_text", "") if layout >= 2 else "",
            foot_text=whole.get("foot_text", "") if layout >= 2 else "",
            logo_sha256=whole.get("logo", "") if layout >= 2 else "",
        )

    @property
    def spoken(self) -> str:
        """The language of its words: the buyer's, which the first layouts knew for days and amounts alone."""
        return self.language if self.layout >= 3 else "en"

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


def render(document: InvoiceDocument, copy: CopyState | None = None, *, preview: bool = False) -> bytes:
    """The document as PDF; a `preview` says on every page that it was not issued, and has no code to pay by."""
    with speaking(document.spoken):
        return Painter(document, copy, preview=preview).paint()


def draw(document: InvoiceDocument, canvas: Any) -> None:
    """The original as further pages of a canvas that holds several documents."""
    with speaking(document.spoken):
        Painter(document, None, onto=canvas).paint()


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


class Painter(Sheet):
    """Draws one document."""

    def __init__(
        self, document: InvoiceDocument, copy: CopyState | None, *, preview: bool = False, onto: Any = None
    ) -> None:
        self.d, self.copy, self.preview = document, copy, preview
        printed_on = copy.printed_on if copy is not None else ""
        super().__init__(
            self.heading(), document.label, document.seller, document.currency, document.language, printed_on, onto,
            document.logo,
        )  # fmt: skip
        self.spoken = document.layout >= 3

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

    def heading(self) -> str:
        """What the document is, in large type."""
        return _("Credit note") if self.d.kind == "credit_note" else _("Invoice")

    def addressed(self) -> str:
        """What stands above the name of whom it is for."""
        return _("Bill to")

    def head(self) -> None:
        """The head of the center; on a preview, that it is one."""
        super().head()
        if self.preview:
            self.text(LEFT + 118, TOP - 20, _("PREVIEW"), 17, self.type.BOLD, TEXT3)
            self.text(LEFT + 118, TOP - 32, _("Not issued yet: this is no invoice."), 8, color=TEXT3)

    def paint(self) -> bytes:
        self.head()
        self._parties()
        self._lines()
        self._sums()
        self.words(self.d.note)
        self.words(self.d.foot_text)
        return self.end()

    def _parties(self) -> None:
        semibold, buyer = self.type.SEMIBOLD, self.d.buyer
        self.text(LEFT, 706, self.addressed(), 8.5, semibold, TEXT2)
        y = 687.0
        for index, words in enumerate(self.type.wrap(buyer["name"], self.type.BOLD, 10, 260)[: self._most(3)]):
            self.text(LEFT, y - 14 * index, words, 10, self.type.BOLD)
            last = y - 14 * index
        y = last
        for part in [part.strip() for part in buyer.get("address", "").splitlines() if part.strip()][: self._most(5)]:
            y = self._address_line(y, part)
        if buyer.get("tax_id"):
            y -= 15
            self.text(LEFT, y, _("VAT ID") + f" {buyer['tax_id']}", 8.8, color=TEXT3)
        self.text(343, 694, self.heading(), 24, self.type.BOLD)
        at = 669.0
        for label, words, strong in self.facts():
            self.text(343, at, label, 9.2, color=TEXT3)
            self.text(RIGHT, at, words, 9.2, semibold if strong else "", align="right")
            at -= 17.2
        self.y = min(y, at) - 28
        if self.d.head_text:
            self.y += 6
            self.words(self.d.head_text)
            self.y -= 12

    def facts(self) -> list[tuple[str, str, bool]]:
        """(label, words, strong) of what stands below the title."""
        rows = [(_("Number"), self.d.label, True), (_("Issued"), self.day(self.d.issued_on), False)]
        if self.d.service_from:
            rows.append((_("Service"), self.span(self.d.service_from, self.d.service_to or self.d.service_from), False))
        if self.d.kind == "invoice":
            rows.append((_("Pay by"), self.day(self.d.due_on), True))
        else:
            rows.append((_("Refers to invoice"), self.d.refers_to_label, True))
        return rows

    def _most(self, lines: int) -> int | None:
        """How many lines of a long text earlier layouts had; None for all of them."""
        return lines if self.d.layout < 3 else None

    def _address_line(self, y: float, part: str) -> float:
        if self.d.layout < 3:
            said = [self.type.shorten(part, self.type.REGULAR, 9.2, 260)]
        else:
            said = self.type.wrap(part, self.type.REGULAR, 9.2, 260)
        for words in said:
            y -= 15
            self.text(LEFT, y, words, 9.2)
        return y

    def _sign(self) -> str:
        """The sign of the currency, for the heads of columns."""
        sign = money.format(0, self.d.currency, self.d.language)
        return "".join(char for char in sign if not char.isdigit() and char not in ".,").strip()

    def _column_head(self) -> None:
        sign = self._sign()
        for x, words, align in (
            (LEFT, "#", "left"),
            (LEFT + 27, _("What"), "left"),
            (354, _("Qty"), "right"),
            (419, _("Unit net") + f" {sign}", "right"),
            (481, _("VAT"), "right"),
            (RIGHT, _("Net") + f" {sign}", "right"),
        ):
            self.text(x, self.y, words, 8.5, self.type.SEMIBOLD, TEXT2, align)
        self.y -= 9
        self.rule(self.y, width=1, color=INK)
        self.y -= 18

    def _lines(self) -> None:
        self._column_head()
        carried = 0
        for line in self.d.lines:
            title = self.type.wrap(line.title, self.type.SEMIBOLD, 9.2, 232)[: self._most(4)]
            detail = self.type.wrap(line.detail, self.type.REGULAR, 8.2, 232)[: self._most(4)] if line.detail else []
            less = self.type.wrap(self._less(line), self.type.REGULAR, 8.2, 470) if line.discount is not None else []
            if self.d.layout < 3:
                needed = 12.5 * (len(title) + len(detail)) + 15
            else:
                needed = 12.0 * len(title) + 11 * (len(detail) + len(less))
            if self.y - needed < BOTTOM + 20:
                self.text(419, self.y, _("Carried over"), 8.5, self.type.SEMIBOLD, TEXT2, "right")
                self.text(RIGHT, self.y, self.plain(carried), 9.2, self.type.SEMIBOLD, align="right")
                self.next_page()
                self._column_head()
                self.text(LEFT + 27, self.y, _("Carried over"), 8.5, color=TEXT2)
                self.text(RIGHT, self.y, self.plain(carried), 9.2, align="right")
                self.y -= 18
            self._line(line, title, detail + less)
            carried += line.net_minor

    def _unit(self, line: Line) -> str:
        """The price of one, with as many digits as it takes to multiply up to the line's net (EN 16931, BT-146)."""
        if self.d.layout < 3 or line.unit_net_minor * line.quantity == line.net_minor:
            return self.plain(line.unit_net_minor)
        more = 2 if line.quantity < 100 else 4
        scaled = Decimal(money.divide_half_up(line.net_minor * 10**more, line.quantity))
        digits = money.precision(self.d.currency) + more
        said = format_decimal(scaled.scaleb(-digits), "#,##0." + "0" * digits, locale=self._locale())
        return str(said).replace("-", "−")

    def _line(self, line: Line, title: list[str], detail: list[str]) -> None:
        self.text(LEFT, self.y, str(line.position), 9.2, color=TEXT3)
        for x, words, font in (
            (354, str(line.quantity), ""),
            (419, self._unit(line), ""),
            (481, self.rate(line), ""),
            (RIGHT, self.plain(line.net_minor), self.type.SEMIBOLD),
        ):
            self.text(x, self.y, words, 9.2, font, align="right")
        of_title, of_detail, above, below = (12.5, 12.5, -2.0, 17.0) if self.d.layout < 3 else (12.0, 11.0, 0.5, 15.5)
        for words in title:
            self.text(LEFT + 27, self.y, words, 9.2, self.type.SEMIBOLD)
            self.y -= of_title
        for words in detail:
            self.text(LEFT + 27, self.y, words, 8.2, color=TEXT3)
            self.y -= of_detail
        self.y += above
        self.rule(self.y)
        self.y -= below

    def _less(self, line: Line) -> str:
        """What a line cost before, what it costs less, and why. A list price for several is said for one of them."""
        said = line.discount
        assert said is not None
        listed = money.format(said.list_minor, self.d.currency, self.d.language)
        if line.quantity > 1 and said.list_minor % line.quantity == 0:
            one = money.format(said.list_minor // line.quantity, self.d.currency, self.d.language)
            listed = f"{line.quantity} × {one}"
        # The columns are net: only where the price was quoted with its tax the two must not be mixed up.
        with_tax = said.quoted == "gross" and line.rate_bp > 0
        words = (_("List price {list} with VAT") if with_tax else _("List price {list}")).format(list=listed)
        for less in said.less:
            amount = money.format(less.minor, self.d.currency, self.d.language)
            words += ", " + _("less {less} ({why})").format(less=amount, why=self._why(less))
        return _("Whole course") + " · " + words if said.of_whole else words

    def _why(self, less: Less) -> str:
        if not less.name:
            return _("as agreed")
        share = format_decimal(Decimal(less.percent_bp).scaleb(-2), "#,##0.##", locale=self._locale()) + " %"
        code = _("coupon {code}").format(code=less.code) if less.code else ""
        return ", ".join(filter(None, (less.name, share if less.percent_bp else "", code)))

    def _locale(self) -> str:
        return self.d.language.replace("-", "_")

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
        if self.d.layout < 3:
            height = 34.0 + 16 * max(len(self.d.taxes) + 2 + len(reasons), 6) + (122 if code is not None else 0) + 8
            bottom, gap = BOTTOM, 10
        else:
            bottom, gap = _SUMS_BOTTOM, 4
            height = self._sums_height(reasons, paid) + (gap + 112 if code is not None else 0)
        if self.y - height < bottom:
            self.next_page()
        top = self.y - 6
        left_end = self._tax_table(top, reasons)
        right_end = self._totals(top, paid, still_open)
        self.y = min(left_end, right_end) - gap
        if code is not None:
            self._code_box(code, still_open)

    def _sums_height(self, reasons: list[str], paid: int) -> float:
        """How high the tax table with its reasons and stamp is, or the totals beside it, whichever is higher."""
        said = [self.type.wrap(f"{self.footmark(one)} {one}", self.type.REGULAR, 8.2, 250) for one in reasons]
        stamp = 48 if paid > 0 and self.d.kind != "credit_note" else 0
        left = 32 + 17 * len(self.d.taxes) + 12 * sum(len(lines) for lines in said) + stamp
        rows = (paid > 0) + bool(self.copy.credited_by) if self.copy is not None else len(self.d.paid)
        return 6.0 + max(left, 96 + 17 * rows if self.d.kind == "invoice" else 71)

    def _tax_table(self, y: float, reasons: list[str]) -> float:
        self.text(LEFT, y, _("Tax"), 8.5, self.type.SEMIBOLD, TEXT2)
        y -= 18
        columns = (171.0, 221.0, 284.0)
        sign = f" {self._sign()}" if self.d.layout >= 3 else ""
        for x, words in zip(columns, (_("Net"), _("VAT"), _("Gross")), strict=True):
            self.text(x, y, words + sign, 8.5, color=TEXT2, align="right")
        y -= 6
        for tax in self.d.taxes:
            self.rule(y, right=284)
            y -= 11
            self.text(LEFT, y, self.rate(tax), 8.8)
            for x, amount in zip(columns, (tax.net_minor, tax.tax_minor, tax.gross_minor), strict=True):
                self.text(x, y, self.plain(amount), 8.8, align="right")
            y -= 6
        y -= 8
        for reason in reasons:
            for words in self.type.wrap(f"{self.footmark(reason)} {reason}", self.type.REGULAR, 8.2, 250):
                self.text(LEFT, y, words, 8.2, color=TEXT2)
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
        self.c.translate(LEFT + 31, y - 40)
        self.c.rotate(4)
        self.c.setStrokeColorRGB(*OK)
        self.c.setLineWidth(1.4)
        wide = max(self.type.width(detail, self.type.SEMIBOLD, 8.5), self.type.width(words, self.type.BOLD, 12)) + 26
        self.c.roundRect(0, 0, wide, 34, 5)
        self.text(wide / 2, 18.5, words, 12, self.type.BOLD, OK, "center")
        self.text(wide / 2, 7, detail, 8.5, self.type.SEMIBOLD, OK, "center")
        self.c.restoreState()
        return 48

    def _totals(self, y: float, paid: int, still_open: int) -> float:
        for label, amount in ((_("Net"), self.d.net_minor), (_("VAT"), self.d.tax_minor)):
            self.text(343, y, label, 9.2, color=TEXT2)
            self.text(RIGHT, y, self.plain(amount), 9.2, self.type.SEMIBOLD, align="right")
            y -= 19
        self.rule(y + 8, left=343, width=1, color=INK)
        y -= 10
        self.text(343, y, _("Total"), 9.5, self.type.BOLD)
        total = money.format(self.d.gross_minor, self.d.currency, self.d.language)
        self.text(RIGHT, y - 1, total, 15, self.type.BOLD, align="right")
        y -= 23
        if self.d.kind != "invoice":
            return y
        if self.copy is None:
            for part in self.d.paid:
                words = _("Paid") + f" {self.day(part['on'])}, {_(str(part['method']))}"
                self.text(343, y, words, 8.8, color=TEXT2)
                self.text(RIGHT, y, self.plain(-int(part["amount_minor"])), 9.2, align="right")
                y -= 17
        elif paid:
            self.text(343, y, _("Paid by#day") + f" {self.day(self.copy.printed_on)}", 8.8, color=TEXT2)
            self.text(RIGHT, y, self.plain(-paid), 9.2, align="right")
            y -= 17
        if self.copy is not None and self.copy.credited_by:
            self.text(343, y, _("Credited by") + f" {self.copy.credited_by}", 8.8, color=TEXT2)
            y -= 17
        y -= 5
        self.c.setFillColorRGB(*TINT)
        self.c.roundRect(336, y - 9, 218, 26, 4, stroke=0, fill=1)
        self.text(343, y, _("Still to pay"), 9.2, self.type.SEMIBOLD)
        words = money.format(still_open, self.d.currency, self.d.language)
        self.text(RIGHT, y - 1, words, 11.5, self.type.BOLD, align="right")
        return y - 20

    def _payment_code(self, still_open: int) -> Any | None:
        """The EPC code of a SEPA transfer of what is open; None where it cannot be (not EUR, no IBAN, nothing open)."""
        iban = self.d.seller.get("iban", "").replace(" ", "")
        if self.preview or self.d.kind != "invoice" or self.d.currency != "EUR" or not iban or still_open <= 0:
            return None
        if self.d.layout >= 2 and not money.is_iban(iban):
            return None  # the first layout drew a code nobody could pay by
        name = (self.d.seller.get("legal_name") or self.d.seller.get("name", ""))[:70]
        return _epc_code(name, iban, self.d.seller.get("bic") or "", still_open, _("Invoice") + f" {self.d.label}")

    def _code_box(self, code: Any, still_open: int) -> None:
        bottom = self.y - 112
        self.c.setStrokeColorRGB(*LINE)
        self.c.setLineWidth(0.7)
        self.c.roundRect(LEFT, bottom, RIGHT - LEFT, 110, 6)
        self.parts.code(self.c, list(code.matrix), LEFT + 13, bottom + 97, 84, INK)
        amount = money.format(still_open, self.d.currency, self.d.language)
        at = LEFT + 112
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
            self.text(at, y, label, 8.8, color=TEXT2)
            self.text(at + 60, y, self.type.shorten(words, self.type.SEMIBOLD, 9, 300), 9, self.type.SEMIBOLD)
            y -= 16
        on = self.copy.printed_on if self.copy is not None else self.d.issued_on
        words = _("EPC code, SEPA transfer in EUR. The amount is what is open on {day}.").format(day=self.day(on))
        self.text(at, y - 2, words, 8.4, color=TEXT2)
        self.y = bottom - 10
