"""What the command bar finds for some words, and what Enter does with each: people, payers, papers, slots, commands."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from app import text
from app.lists import find, payers, takings
from app.lists import people as roster
from app.text import _, ngettext
from ui import command_words, words
from ui.command import Result
from ui.pages import line_acts, paper, person_acts

if TYPE_CHECKING:
    from ui.application import Desk


def results(desk: Desk, typed: str) -> list[Result]:
    """What the command bar shows for some words."""
    here = desk.context.center
    asked = command_words.understand(typed, here)
    ids = roster.ids(asked.who, (), here.zone, 5) if asked.who else []
    found = _credits(desk, asked) + _promised(desk, asked, ids)
    act: Callable[[], object]
    for row in (rows[one] for rows in (roster.page(ids),) for one in ids if one in rows):
        facts = " · ".join(filter(None, (row.number, words.when(row.next_slot_at, here), row.courses)))
        said = words.balance(row.balance_minor)[0]
        act = partial(desk.show_student, row.id)
        found.append(Result(_("People"), row.name, facts, act, avatar=row.id, right=said))
    paying = payers.page(payers.find(asked.who, 3, inactive=True)) if asked.who and not asked.verb else {}
    for payer in sorted(paying.values(), key=lambda one: one.name.casefold()):
        many = ngettext("{n} student", "{n} students", payer.people).format(n=payer.people)
        facts = " · ".join(filter(None, (words.payer_kind(payer.kind), payer.email, payer.phone)))
        icon = "building-2" if payer.kind == "company" else "users"
        found.append(Result(_("Who pays"), payer.name, facts, partial(desk.open_payer, payer.id), icon, right=many))
    for invoice in find.invoices(asked.who, ids[:1]) if asked.who else ():
        facts = f"{invoice.buyer} · {words.day(invoice.issued_on, here)}"
        act = partial(paper.show_invoice, desk.window, desk.context, invoice.id, copy=True)
        amount = text.show_money(invoice.gross_minor)
        found.append(Result(_("Invoices"), invoice.label, facts, act, "receipt-text", right=amount))
    for taken in takings.numbered(asked.who) if asked.who else ():
        facts = " · ".join((taken.name, words.state(taken.method), words.state(taken.status.lower())))
        act = partial(desk.open_payment, taken.id, taken.student_id, taken.status == "STARTED")
        amount = text.show_money(taken.amount_minor)
        found.append(Result(_("Payments"), taken.number, facts, act, "banknote", right=amount))
    for slot in find.slots(asked.who) if asked.who else ():
        act = partial(desk.open_record, "slots", slot.id)
        found.append(Result(_("Slots"), slot.title, words.when(slot.start_utc, here), act, slot.icon))
    return found + _commands(desk, typed, ids[:1])


def _credits(desk: Desk, asked: command_words.Asked) -> list[Result]:
    """“credit” and the number of an invoice: the credit note over it, or why there is none."""
    found = []
    fit = find.invoices(asked.who, []) if asked.verb == command_words.CREDIT and asked.who else []
    for invoice in sorted(fit, key=lambda one: (one.label != asked.who, one.kind == "credit_note")):
        act = partial(line_acts.credit, desk.context, desk.window, [invoice])
        said = _("Credit note for {label}").format(label=invoice.label)
        amount = text.show_money(invoice.gross_minor)
        found.append(Result(_("Commands"), said, invoice.buyer, act, "receipt-text", right=amount))
    return found


def _promised(desk: Desk, asked: command_words.Asked, ids: list[int]) -> list[Result]:
    """What Enter will do, where the words say it: a payment or an enrollment of the first who fits."""
    if not asked.verb or not ids:
        return []
    if asked.verb in command_words.ACT_WORDS:
        return _person_acts(desk, asked.verb, ids)
    row = roster.page(ids[:1])[ids[0]]
    if asked.verb == command_words.PAY:
        promise = command_words.payment(asked, row)
        act = partial(desk.pay_prepared, row.id, asked.amount_minor, asked.method or "cash")
    else:
        promise, act = command_words.enrolling(row, desk.context.center), partial(desk.enroll_student, row.id)
    return [Result("", promise.sentence, row.name, act, avatar=row.id, promise=promise)]


def _person_acts(desk: Desk, verb: str, ids: list[int]) -> list[Result]:
    """What is done with a whole person, for each whom the words fit."""
    found = []
    rows = roster.page(ids)
    for key, _said, with_name, icon in person_acts.ACTS:
        for row in (rows[one] for one in ids if one in rows) if key == verb else ():
            act = partial(person_acts.act, key, desk.context, desk.window, row.id)
            found.append(Result(_("Commands"), _(with_name).format(name=row.name), row.number, act, icon))
    return found


def _commands(desk: Desk, typed: str, ids: list[int]) -> list[Result]:
    every: list[tuple[str, str, tuple[str, ...], Callable[[], object]]] = [
        (_("New student"), "user-plus", ("Ctrl", "N"), desk.new_student),
        (_("Import students"), "download", (), desk.import_people),
        (_("Export students"), "file-text", (), desk.export_people),
        (_("Print students, address labels"), "printer", (), desk.print_people),
        (_("New session"), "calendar-plus", (), desk.new_session),
        (_("Families and companies: who pays for others"), "wallet", (), desk.find_payer),
        (_("New payer"), "plus", (), desk.new_payer),
        (_("Open items: what is unpaid and late"), "coins", (), desk.open_items),
        (_("Invoice to be paid later"), "receipt-text", (), desk.bill),
        (_("Documents of a month as PDF"), "file-text", (), desk.documents_of_month),
        (_("Texts and picture on documents"), "pencil", (), desk.on_documents),
        (_("Back up now"), "hard-drive", (), desk.back_up),
        (_("Safe keeping: backups, restore, check"), "history", (), desk.safe_keeping),
        (_("Check and repair the file"), "shield-check", (), desk.check_file),
        (_("Safe keeping: encryption, move to another laptop"), "lock", (), desk.safe_keeping),
        (_("History: take back what was done"), "history", (), desk.history),
        (_("Take back the last thing I did"), "undo-2", ("Ctrl", "Z"), desk.take_back),
        (_("Keys of this page"), "keyboard", ("F1",), desk.help),
        *((entry.title, entry.icon, (), partial(desk.window.go, key)) for key, entry in desk.window.pages.items()),
    ]
    group = _("Commands")
    found = [
        Result(group, name, "", act, icon, keys=keys)
        for name, icon, keys, act in every
        if all(word.casefold() in name.casefold() for word in typed.split())
    ][:4]
    for student in ids:
        name = roster.page([student])[student].name
        paying, enrolling = partial(desk.pay_for, student), partial(desk.enroll_student, student)
        pay = _("Take a payment from {name}").format(name=name)
        found.append(Result(group, pay, _("payment desk"), paying, "banknote", keys=("F4",)))
        enroll = _("Enroll {name}").format(name=name)
        found.append(Result(group, enroll, "", enrolling, "user-plus", keys=("F2",)))
    return found
