"""What is done with a whole person: from the menu of the panel, and from the command bar by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QWidget

from app import store
from app.text import N_, _
from ui.context import Context
from ui.dialogs.find import FindStudent

#: key, how it is said in a menu, how with a name, icon.
ACTS: tuple[tuple[str, str, str, str], ...] = (
    ("merge", N_("Merge with another record…"), N_("Merge {name} with another record"), "users"),
    ("leave", N_("Leaves the center…"), N_("{name} leaves the center"), "log-out"),
    ("give", N_("Everything about this person…"), N_("Everything about {name} in one file"), "file-text"),
    ("erase", N_("Erase on request…"), N_("Erase {name} on request"), "user-x"),
    ("bill", N_("Invoice to be paid later…"), N_("Invoice to {name}, to be paid later"), "receipt-text"),
)


def act(key: str, context: Context, parent: QWidget, student_id: int) -> None:
    """Begin one of `ACTS` for a student."""
    _BEGIN[key](context, parent, student_id)


def _bill(context: Context, parent: QWidget, student_id: int) -> None:
    from ui.dialogs.bill import bill

    bill(context, parent, student_id)


def _merge(context: Context, parent: QWidget, student_id: int) -> None:
    finder = FindStudent(context, parent, _("Who is the same person?"))
    finder.chosen.connect(partial(merge_two, context, parent, student_id))
    finder.open()


def merge_two(context: Context, parent: QWidget, stays: int, other: int) -> None:
    """The dialog over two records that are known."""
    from ui.dialogs.merge import MergeDialog

    dialog = MergeDialog(context, parent, stays, other)
    dialog.merged.connect(partial(context.navigate.emit, "students"))
    dialog.open()


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
    "bill": _bill,
    "merge": _merge,
    "leave": _leave,
    "give": _give,
    "erase": _erase,
}
