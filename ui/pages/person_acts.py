"""What is done with a whole person: from the menu of the panel, and from the command bar by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QWidget

from app import store
from app.desk import identity
from app.lists import billing, find
from app.lists import people as roster
from app.text import N_, _
from ui.context import Context
from ui.dialogs.find import FindStudent
from ui.pages import line_acts

#: key, how it is said in a menu, how with a name, icon.
ACTS: tuple[tuple[str, str, str, str], ...] = (
    ("book", N_("Book a slot…"), N_("Book a slot for {name}"), "calendar-plus"),
    ("bill", N_("Invoice to be paid later…"), N_("Invoice to {name}, to be paid later"), "receipt-text"),
    ("sell", N_("Sell a product, to be paid later…"), N_("Sell {name} a product, to be paid later"), "package"),
    ("waive", N_("Waive what is open…"), N_("Waive something that {name} owes"), "hand-coins"),
    ("replan", N_("Plan installments…"), N_("Plan the installments of {name}"), "calendar-days"),
    (
        "transfer",
        N_("Transfer to another course or group…"),
        N_("Transfer {name} to another course or group"),
        "arrow-right",
    ),
    ("move_money", N_("Move money to another line…"), N_("Move money that {name} paid"), "arrow-left-right"),
    ("cancel", N_("Cancel an enrollment…"), N_("Cancel an enrollment of {name}"), "ban"),
    ("return", N_("Return a product…"), N_("Take a product back from {name}"), "package"),
    ("credit", N_("Credit note for an invoice…"), N_("Credit an invoice of {name}"), "receipt-text"),
    ("payout", N_("Pay out credit…"), N_("Pay out the credit of {name}"), "coins"),
    ("merge", N_("Merge with another record…"), N_("Merge {name} with another record"), "users"),
    ("leave", N_("Leaves the center…"), N_("{name} leaves the center"), "log-out"),
    ("give", N_("Everything about this person…"), N_("Everything about {name} in one file"), "file-text"),
    ("erase", N_("Erase on request…"), N_("Erase {name} on request"), "user-x"),
)


def act(key: str, context: Context, parent: QWidget, student_id: int) -> None:
    """Begin one of `ACTS` for a student."""
    _BEGIN[key](context, parent, student_id)


def _book(context: Context, parent: QWidget, student_id: int) -> None:
    from ui.dialogs.book import BookSlot

    found = roster.page([student_id]).get(student_id)
    if found is not None:
        BookSlot(context, parent, student_id, found.name).open()


def _bill(context: Context, parent: QWidget, student_id: int) -> None:
    from ui.dialogs.bill import bill

    bill(context, parent, student_id)


def _sell(context: Context, parent: QWidget, student_id: int) -> None:
    from ui.dialogs.sell import SellDialog

    found = roster.page([student_id]).get(student_id)
    if found is not None:
        SellDialog(context, parent, [(student_id, found.name)], billing.payer_of(student_id)).open()


def _credit(context: Context, parent: QWidget, student_id: int) -> None:
    line_acts.credit(context, parent, find.creditable(student_id))


def _merge(context: Context, parent: QWidget, student_id: int) -> None:
    finder = FindStudent(context, parent, _("Who is the same person?"), but=identity.root(student_id))
    finder.chosen.connect(partial(merge_two, context, parent, student_id))
    finder.open()


def merge_two(context: Context, parent: QWidget, stays: int, other: int) -> None:
    """The dialog over two records that are known."""
    from ui.dialogs.merge import MergeDialog

    dialog = MergeDialog(context, parent, stays, other)
    dialog.merged.connect(partial(context.navigate.emit, "students"))
    dialog.open()


def _pay_out(context: Context, parent: QWidget, student_id: int) -> None:
    from ui.dialogs.pay_out import PayOutDialog

    PayOutDialog(context, parent, student_id).open()


def _leave(context: Context, parent: QWidget, student_id: int) -> None:
    from ui.dialogs.leave import LeaveDialog

    LeaveDialog(context, parent, student_id).open()


def _give(context: Context, parent: QWidget, student_id: int) -> None:
    from ui.dialogs.export_person import ExportPerson

    ExportPerson(context, parent, student_id).open()


def _erase(context: Context, parent: QWidget, student_id: int) -> None:
    from ui.dialogs.erase import EraseDialog

    EraseDialog(context, parent, student_id, store.data_folder()).open()


_BEGIN: dict[str, Callable[[Context, QWidget, int], None]] = {
    "book": _book,
    "waive": partial(line_acts.begin, "waive"),
    "replan": partial(line_acts.begin, "replan"),
    "transfer": partial(line_acts.begin, "transfer"),
    "move_money": partial(line_acts.begin, "move_money"),
    "cancel": partial(line_acts.begin, "cancel"),
    "return": partial(line_acts.begin, "return"),
    "credit": _credit,
    "sell": _sell,
    "payout": _pay_out,
    "bill": _bill,
    "merge": _merge,
    "leave": _leave,
    "give": _give,
    "erase": _erase,
}
