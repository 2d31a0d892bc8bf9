"""What typed words ask for: who, what to do, how much, by what. Nothing here does anything."""

from __future__ import annotations

from dataclasses import dataclass

from app import clock, money, text
from app.desk import payments, till
from app.errors import UserError
from app.lists import people as roster
from app.settings import Center
from app.text import N_, _

PAY, ENROLL, CREDIT = "pay", "enroll", "credit"

#: Words for what is done with a whole person (`person_acts.ACTS`), by their key.
ACT_WORDS = {
    "book": N_("book"), "bill": N_("invoice"), "waive": N_("waive"), "replan": N_("plan"), "transfer": N_("transfer"),
    "move_money": N_("move"), "payout": N_("payout"), "sell": N_("sell"), "cancel": N_("cancel"),
    "return": N_("return"), "credit": N_("credit"),
    "merge": N_("merge"), "leave": N_("leave"), "give": N_("everything"), "erase": N_("erase"),
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """Typed words taken apart. `who` is what is left to look for; `amount_minor` and `method` belong to a payment."""

    who: str
    verb: str = ""
    amount_minor: int | None = None
    method: str = ""


@dataclass(frozen=True)
class Promise:
    """What Enter will do, in one sentence, with the figures before and after."""

    sentence: str
    detail: str
    figures: tuple[tuple[str, str], ...] = ()


def understand(typed: str, center: Center) -> Asked:
    """Take words apart. Without a verb all of them are looked for, as they always were."""
    verbs = {_("pay").casefold(): PAY, _("enroll").casefold(): ENROLL}
    verbs.update({_(word).casefold(): key for key, word in ACT_WORDS.items()})
    methods = {_("cash").casefold(): "cash", _("card").casefold(): "card", _("transfer").casefold(): "transfer"}
    said = [verbs[word.casefold()] for word in typed.split() if word.casefold() in verbs]
    verb = PAY if PAY in said else said[0] if said else ""  # “transfer” is also a way to pay
    if not verb:
        return Asked(typed.strip())
    who, amount, method = [], None, ""
    for word in typed.split():
        folded = word.casefold()
        if verb == PAY and folded in methods:
            method = methods[folded]
            continue
        if folded in verbs:
            continue
        found = _amount(word, center) if verb == PAY and amount is None else None
        if found is None:
            who.append(word)
        else:
            amount = found
    if not who and verb in ACT_WORDS:
        return Asked(typed.strip())  # a word alone may as well be somebody's name
    return Asked(" ".join(who), verb, amount, method)


def _amount(word: str, center: Center) -> int | None:
    """An amount, None where the word is none: a part of a name or of a phone number is looked for."""
    if not any(char.isdigit() for char in word) or word.startswith(("+", "0")):
        return None
    try:
        found = money.parse(word.strip("€$£"), center.currency, center.locale)
    except UserError:
        return None
    return found if found > 0 else None


def payment(asked: Asked, student: roster.Row) -> Promise:
    """What taking this payment means. The desk opens with it prepared; it is booked there, not here."""
    dues = payments.owed(student.id)
    owed = sum(due.open_minor for due in dues)
    amount = asked.amount_minor if asked.amount_minor is not None else owed
    method = asked.method or "cash"
    said = {
        "cash": _("Take {amount} in cash from {name}"), "card": _("Take {amount} by card from {name}"),
        "transfer": _("Take {amount} by transfer from {name}"),
    }[method]  # fmt: skip
    if not amount:
        return Promise(_("Take a payment from {name}").format(name=student.name), _("Nothing is owed."))
    back = max(amount - owed, 0) if method == "cash" and owed else 0
    left, more = owed - (amount - back), amount - back - owed
    first = dues[0].invoice_label or dues[0].title if dues else ""
    detail = _("Goes to the oldest open line, {what}.").format(what=first) if dues else _("Nothing is owed.")
    figures = [(_("Open now"), owed), (_("This payment"), amount - back)]
    figures.append((_("Stays as credit"), more) if more > 0 else (_("Left after"), left))
    if back:
        figures.append((_("Give back"), back))
    state = till.current()
    if method == "cash" and state is not None:
        figures.append((_("Till after"), state.expected_minor + amount - back))
    shown = tuple((label, text.show_money(minor)) for label, minor in figures)
    return Promise(said.format(amount=text.show_money(amount - back), name=student.name), detail, shown)


def enrolling(student: roster.Row, center: Center) -> Promise:
    """The enroll dialog for someone."""
    age = roster.age(getattr(roster.overview(student.id), "date_of_birth", None), center.zone)
    facts = (student.number, _("{n} years").format(n=age) if age is not None else "", student.courses)
    today = clock.local_date(center.zone).isoformat()
    late = sum(due.open_minor for due in payments.owed(student.id) if due.due_on < today)
    owes = _("{amount} late").format(amount=text.show_money(late)) if late else ""
    return Promise(_("Enroll {name}").format(name=student.name), " · ".join(filter(None, (*facts, owes))))
