"""What can become of each operation that has a name: how it is taken back, with which right, and if not, why.

Exact: the rows become what they were. Counter: money and documents get a counter-entry, for they are kept for ever.
Refused: a sentence says what to do instead. A test holds this list against every `store.write` of the program.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app import text

TAKE_BACK = "Take back"
BRING_BACK = "Bring back record"


@dataclass(frozen=True)
class Kind:
    """`way` is exact, counter or refused; `why` the message key of a refusal. Ctrl+Z passes over quiet ones."""

    way: str
    right: str = ""
    why: str = ""
    quiet: bool = False


def _exact(right: str, *, quiet: bool = False) -> Kind:
    return Kind("exact", right, quiet=quiet)


def _counter(right: str) -> Kind:
    return Kind("counter", right)


def _refused(why: str) -> Kind:
    return Kind("refused", why=f"undo.{why}", quiet=True)


def _final(why: str) -> Kind:
    """What a hand did and no Ctrl+Z takes back: it says so, and does not reach for something older instead."""
    return Kind("refused", why=f"undo.{why}")


_PROGRAM = _refused("by_program")

LABELS: dict[str, Kind] = {
    "Add student": _exact("people.edit"),
    "Edit student": _exact("people.edit"),
    "Import students": _exact("people.import"),
    "Merge records": _exact("people.merge"),
    "Student leaves": _exact("people.edit"),
    "Add staff": _exact("people.staff"),
    "Add payer": _exact("people.edit"),
    "Edit payer": _exact("people.edit"),
    "Add note": _exact("people.note"),
    "Edit note": _exact("people.note"),
    "Pin note": _exact("people.note"),
    "Remove note": _exact("people.note"),
    "Attach file": _exact("people.note"),
    "Remove file": _exact("people.note"),
    "Add course": _exact("catalog.edit"),
    "Edit course": _exact("catalog.edit"),
    "Add product": _exact("catalog.edit"),
    "Edit product": _exact("catalog.edit"),
    "Restock": _exact("catalog.edit"),
    "Add resource": _exact("catalog.edit"),
    "Edit resource": _exact("catalog.edit"),
    "Change settings": _exact("settings.edit"),
    "Change texts on documents": _exact("settings.edit"),
    "Choose picture on documents": _final("picture"),
    "Add tax rate": _exact("settings.edit"),
    "Switch tax rate": _exact("settings.edit"),
    "Add discount rule": _exact("settings.edit"),
    "Edit discount rule": _exact("settings.edit"),
    "Switch discount rule": _exact("settings.edit"),
    "Save mail account": _exact("settings.edit"),
    "Choose second place": _exact("keeping.settings"),
    "Book seat": _exact("schedule.book"),
    "Book session": _exact("schedule.book"),
    "Hold seat": _exact("schedule.book"),
    "Put on waiting list": _exact("schedule.book"),
    "Give seat back": _exact("schedule.book"),
    "Offer seat": _exact("schedule.book"),
    "Mark attendance": _exact("schedule.attend"),
    "Plan session": _exact("schedule.plan"),
    "Move slot": _exact("schedule.plan"),
    "Cancel slot": _exact("schedule.plan"),
    "Arrange list": _exact("desk.arrange", quiet=True),
    "Save view": _exact("desk.arrange"),
    "Rename view": _exact("desk.arrange"),
    "Remove view": _exact("desk.arrange"),
    "Mark read": _exact("inbox.work", quiet=True),
    "Mark unread": _exact("inbox.work", quiet=True),
    "Mark done": _exact("inbox.work"),
    "Mark not done": _exact("inbox.work"),
    "Assign": _exact("inbox.work"),
    "Snooze": _exact("inbox.work"),
    "Write mail": _exact("mail.write"),
    "Write mails": _exact("mail.write"),
    "Mail document": _exact("mail.write"),
    "Remind": _exact("mail.write"),
    "Note promise": _exact("payment.take"),
    "Promise kept": _exact("payment.take"),
    "Withdraw promise": _exact("payment.take"),
    "Hold mail": _exact("mail.settle"),
    "Cancel mail": _exact("mail.settle"),
    "Try mail now": _exact("mail.settle"),
    "Edit mail address": _exact("mail.settle"),
    "Offer quote": _exact("enrollment.create"),
    "Withdraw quote": _exact("enrollment.create"),
    "Cancel enrollment": _exact("enrollment.cancel"),
    "Return product": _exact("enrollment.cancel"),
    TAKE_BACK: _exact("undo.own"),
    BRING_BACK: _exact("undo.own"),
    "Enroll student": _counter("enrollment.create"),
    "Enroll several": _counter("enrollment.create"),
    "Sell products": _counter("sale.create"),
    "Complete payment": _counter("payment.take"),
    "Use credit": _counter("payment.take"),
    "Issue invoice": _counter("invoice.issue"),
    "Move cash": _counter("till.move"),
    "Erase person": _final("erased"),
    "Start payment": _refused("started"),
    "Payment failed": _refused("failed"),
    "Refund": _final("refunded"),
    "Pay out credit": _final("refunded"),
    "Waive": _final("waived"),
    "Plan installments": _final("planned"),
    "Transfer place": _final("transferred"),
    "Move money": _final("money_moved"),
    "Credit invoice": _final("credited"),
    "Open till": _final("till_opened"),
    "Close till": _final("till_closed"),
    "Settle uncertain mail": _final("mail_settled"),
    "Found the center": _refused("first_rows"),
    "Restore backup": _refused("restored"),
    "Switch encryption on": _refused("encryption"),
    "Switch encryption off": _refused("encryption"),
    "Repair guards": _refused("repaired"),
    "Repair index": _refused("repaired"),
    "Repair search index": _refused("repaired"),
    "Repair open operation": _refused("repaired"),
    "Repair balances": _refused("repaired"),
    "Repair next slots": _refused("repaired"),
    "Repair seats taken": _refused("repaired"),
    "Repair course progress": _refused("repaired"),
    "Second place seen": _PROGRAM,
    "Ask for the second place": _PROGRAM,
    "Report a broken rule": _PROGRAM,
    "Roll the day forward": _PROGRAM,
    "Build mails": _PROGRAM,
    "Claim mails": _PROGRAM,
    "Mail leaves": _PROGRAM,
    "Settle mail": _PROGRAM,
    "Give mails back": _PROGRAM,
    "Recover mails": _PROGRAM,
}


def kind(label: str) -> Kind:
    """What can become of an operation; one that this program does not know is left alone."""
    return LABELS.get(label, _refused("unknown"))


def key(label: str) -> str:
    """The message key of a label; the label itself where this program has no sentence for it."""
    found = "operation." + re.sub(r"\W+", "_", label.lower()).strip("_")
    return found if found in text.messages() else label
