"""A statement of account on A4: what was bought and paid between two days, and what is open by age."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app import money
from app.documents.sheet import BOTTOM, INK, LEFT, RIGHT, TEXT2, TEXT3, TINT, Sheet
from app.documents.words import _, ngettext, speaking


@dataclass(frozen=True)
class StatementLine:
    """One movement in finished words; `amount_minor` is negative where less is owed, `balance_minor` what is then."""

    on: str
    title: str
    detail: str
    amount_minor: int
    balance_minor: int


@dataclass(frozen=True)
class OpenLine:
    """One line with money still open."""

    due_on: str
    title: str
    detail: str
    open_minor: int
    days_late: int


@dataclass(frozen=True)
class StatementDocument:
    """An account from one ISO day to another. Integers are minor units; positive balances are owed. `head_text`,
    `foot_text` and `logo` (a PNG or JPEG) are the center's own.
    """

    number: str
    name: str
    address: str
    tax_id: str
    currency: str
    language: str
    seller: dict[str, Any]
    issued_on: str
    first_on: str
    last_on: str
    opening_minor: int
    closing_minor: int
    lines: tuple[StatementLine, ...]
    open_lines: tuple[OpenLine, ...]
    by_age_minor: tuple[int, ...]
    head_text: str = ""
    foot_text: str = ""
    logo: bytes = field(default=b"", repr=False)


def render(document: StatementDocument) -> bytes:
    """The statement as PDF."""
    with speaking(document.language):
        return _Painter(document).paint()


class _Painter(Sheet):
    def __init__(self, document: StatementDocument) -> None:
        self.d = document
        super().__init__(
            _("Statement"), document.number, document.seller, document.currency, document.language, "",
            logo=document.logo,
        )  # fmt: skip

    def paint(self) -> bytes:
        self.head()
        self._parties()
        self._moves()
        self._open()
        self.words(self.d.foot_text)
        return self.end()

    def _parties(self) -> None:
        self.text(LEFT, 706, _("Account of"), 8.5, self.type.SEMIBOLD, TEXT2)
        y = 687.0
        for words in self.type.wrap(self.d.name, self.type.BOLD, 10, 260):
            self.text(LEFT, y, words, 10, self.type.BOLD)
            y -= 14
        for words in [part for part in self.d.address.splitlines() if part.strip()]:
            self.text(LEFT, y, self.type.shorten(words.strip(), self.type.REGULAR, 9.2, 260), 9.2)
            y -= 15
        if self.d.tax_id:
            self.text(LEFT, y, _("VAT ID") + f" {self.d.tax_id}", 8.8, color=TEXT3)
            y -= 15
        self.text(343, 694, _("Statement"), 24, self.type.BOLD)
        closing = self.d.closing_minor
        said = _("To pay") if closing > 0 else _("Credit") if closing < 0 else _("Settled")
        rows = (
            (_("Date"), self.day(self.d.issued_on), False),
            (_("From#day"), self.day(self.d.first_on), False),
            (_("To#day"), self.day(self.d.last_on), False),
            (said, money.format(abs(closing), self.currency, self.language), True),
        )
        at = 669.0
        for label, words, strong in rows:
            self.text(343, at, label, 9.2, color=TEXT3)
            self.text(RIGHT, at, words, 9.2, self.type.SEMIBOLD if strong else "", align="right")
            at -= 17.2
        self.y = min(y, at) - 22
        if self.d.head_text:
            self.words(self.d.head_text)
            self.y -= 12

    def _columns(self, heads: tuple[tuple[float, str, str], ...]) -> None:
        for x, words, align in heads:
            self.text(x, self.y, words, 8.5, self.type.SEMIBOLD, TEXT2, align)
        self.y -= 9
        self.rule(self.y, width=1, color=INK)
        self.y -= 16

    def _move_heads(self) -> None:
        self._columns(
            (
                (LEFT, _("Date"), "left"), (LEFT + 84, _("What"), "left"), (400, _("Charged"), "right"),
                (474, _("Paid"), "right"), (RIGHT, _("Balance"), "right"),
            )
        )  # fmt: skip

    def _moves(self) -> None:
        self._move_heads()
        self.text(LEFT + 84, self.y, _("Balance before"), 9, color=TEXT2)
        self.text(RIGHT, self.y, self.plain(self.d.opening_minor), 9, self.type.SEMIBOLD, align="right")
        self._under()
        for line in self.d.lines:
            title = self.type.wrap(line.title, self.type.REGULAR, 9, 236)
            detail = self.type.wrap(line.detail, self.type.REGULAR, 7.8, 236) if line.detail else []
            if self.y - 11 * len(title) - 10 * max(0, len(detail) - 1) - 14 < BOTTOM:
                self.next_page()
                self._move_heads()
            self.text(LEFT, self.y, self._short(line.on), 8.6, color=TEXT2)
            column = 400 if line.amount_minor > 0 else 474
            self.text(column, self.y, self.plain(abs(line.amount_minor)), 9, align="right")
            self.text(RIGHT, self.y, self.plain(line.balance_minor), 9, self.type.SEMIBOLD, align="right")
            for words in title:
                self.text(LEFT + 84, self.y, words, 9)
                self.y -= 11
            for words in detail:
                self.text(LEFT + 84, self.y, words, 7.8, color=TEXT3)
                self.y -= 10
            self.y += 10
            self._under()
        self.text(LEFT + 84, self.y, _("Balance on {day}").format(day=self.day(self.d.last_on)), 9.2, self.type.BOLD)
        amount = money.format(self.d.closing_minor, self.currency, self.language).replace("-", "−")
        self.text(RIGHT, self.y, amount, 11, self.type.BOLD, align="right")
        self.y -= 30

    def _short(self, iso: str) -> str:
        """A day within its column, its month cut where it would leave it."""
        said = self.day(iso)
        return said if self.type.width(said, self.type.REGULAR, 8.6) <= 80 else self.day(iso, "d MMM y")

    def _under(self) -> None:
        self.y -= 6
        self.rule(self.y)
        self.y -= 14

    def _open(self) -> None:
        if not self.d.open_lines:
            return
        if self.y - 110 < BOTTOM:
            self.next_page()
        self.text(LEFT, self.y, _("Open on {day}").format(day=self.day(self.d.issued_on)), 11, self.type.BOLD)
        self.y -= 20
        self._ages()
        self._open_heads()
        for line in self.d.open_lines:
            title = self.type.wrap(
                f"{line.title} · {line.detail}" if line.detail else line.title, self.type.REGULAR, 9, 250
            )
            if self.y - 19 - 11 * len(title) < BOTTOM:
                self.next_page()
                self._open_heads()
            said = _("not due yet")
            if line.days_late:
                said = ngettext("{n} day late", "{n} days late", line.days_late).format(n=line.days_late)
            self.text(LEFT, self.y, self._short(line.due_on), 8.6, color=TEXT2)
            self.text(474, self.y, said, 8.6, color=TEXT2, align="right")
            self.text(RIGHT, self.y, self.plain(line.open_minor), 9, self.type.SEMIBOLD, align="right")
            for number, words in enumerate(title):
                self.y -= 11 if number else 0
                self.text(LEFT + 84, self.y, words, 9)
            self._under()

    def _open_heads(self) -> None:
        self._columns(
            (
                (LEFT, _("Due"), "left"), (LEFT + 84, _("What"), "left"), (474, _("Age"), "right"),
                (RIGHT, _("Open"), "right"),
            )
        )  # fmt: skip

    def _ages(self) -> None:
        self.c.setFillColorRGB(*TINT)
        self.c.roundRect(LEFT - 7, self.y - 27, RIGHT - LEFT + 14, 40, 4, stroke=0, fill=1)
        heads = (_("Not due"), _("1–30 days"), _("31–60 days"), _("61–90 days"), _("Over 90 days"))
        wide = (RIGHT - LEFT) / len(heads)
        for index, (head, amount) in enumerate(zip(heads, self.d.by_age_minor, strict=True)):
            self.text(LEFT + wide * index, self.y, head, 8, color=TEXT2)
            self.text(LEFT + wide * index, self.y - 16, self.plain(amount), 10, self.type.SEMIBOLD)
        self.y -= 52
