"""What a check found, as people read it: rule by rule in words, by name, with what it means and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app import __version__, clock, store, text
from app.store import checks, repair
from app.store.checks import Broken, Progress, Stopped
from app.store.names import names_of
from app.text import N_, _, ngettext

__all__ = ["Finding", "Soundness", "Stopped", "examine", "report", "rule_words"]

#: As many names of a rule are told.
MOST_NAMES = 20

_TABLES = {
    "file": N_("the file itself"),
    "users": N_("people"),
    "payers": N_("payers"),
    "courses": N_("courses"),
    "products": N_("products"),
    "courses_enrolled": N_("enrollments"),
    "product_enrolled": N_("sales"),
    "payments": N_("payments"),
    "student_payments": N_("money put to use"),
    "invoices": N_("invoices"),
    "invoice_lines": N_("invoice lines"),
    "installments": N_("installments"),
    "tills": N_("tills"),
    "series": N_("number series"),
    "settings": N_("settings"),
    "sessions": N_("sessions"),
    "slots": N_("slots"),
    "slot_enrolled": N_("seats"),
    "session_instructor": N_("instructors of sessions"),
    "slot_instructor": N_("instructors of slots"),
    "notifications": N_("notifications"),
    "mail_queue": N_("mails"),
    "mail_attempts": N_("tries of mails"),
    "timeline": N_("timeline entries"),
    "notes": N_("notes"),
    "operations": N_("operations"),
    "changes": N_("the record of changes"),
    "current_operation": N_("the open operation"),
}


@dataclass(frozen=True)
class Finding:
    """One broken rule: its words, the tables, how many rows (`more` where there are more than were counted), the
    first of them by name, details for support, what it means and what to do, and whether it can be made anew.
    """

    rule: str
    says: str
    tables: tuple[str, ...]
    count: int
    more: bool
    names: tuple[str, ...]
    details: tuple[str, ...]
    means: str
    todo: str
    mendable: bool


#: The finding that stands for every rule that could not be proven.
UNREAD = "file.unread"


@dataclass(frozen=True)
class Soundness:
    """A check of the whole file: when, how many rules, every broken row, the broken rules in words, and the kinds that
    a repair makes anew.

    Rules that could not be proven, because a part of the file cannot be read, are one finding, `UNREAD`, and the first:
    one bad page would otherwise look like many wrong sums.
    """

    at: str
    rules: int
    broken: tuple[Broken, ...]
    findings: tuple[Finding, ...]
    kinds: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether every rule holds."""
        return not self.findings

    @property
    def unread(self) -> int:
        """How many rules could not be proven."""
        return sum(one.count for one in self.findings if one.rule == UNREAD)


def examine(progress: Progress | None = None, stop: Callable[[], bool] = lambda: False) -> Soundness:
    """Prove every rule over the open file and say in words what was found. Stopped if `stop` says so."""
    broken = checks.run(progress, stop)
    planned = repair.plan(store.db.connection(), broken)
    mendable = frozenset().union(*planned.values())
    groups: dict[str, list[Broken]] = {}
    unread = [one for one in broken if one.unproven and one not in mendable]
    if unread:
        groups[UNREAD] = unread
    for one in broken:
        if one not in unread:
            groups.setdefault(one.rule, []).append(one)
    found = tuple(_finding(rule, rows, mendable) for rule, rows in groups.items())
    return Soundness(clock.stamp(), len(checks.RULES), tuple(broken), found, tuple(planned))


def rule_words(name: str) -> str:
    """A rule, or what is being made anew, as people read it."""
    if name == UNREAD:
        return text.sentence("check.unread", {})
    rule = checks.RULES.get(name)
    return _(rule.meaning) if rule is not None else text.sentence(name, {})


def _finding(rule: str, rows: list[Broken], mendable: frozenset[Broken]) -> Finding:
    by_table: dict[str, list[int]] = {}
    for one in rows:
        by_table.setdefault(one.table, []).append(one.row_id)
    connection = store.db.connection()
    names: list[str] = []
    for table, ids in by_table.items():
        known = names_of(connection, table, ids)
        names += [known[row_id] for row_id in ids if row_id in known]
    return Finding(
        rule,
        rule_words(rule),
        tuple(_(_TABLES.get(table, table)) for table in by_table),
        len(rows),
        len(rows) >= checks.MOST_ROWS,
        tuple(dict.fromkeys(names))[:MOST_NAMES],
        tuple(str(one) for one in rows),
        _about("means", rule),
        _about("next", rule),
        all(one in mendable for one in rows),
    )


def _about(what: str, rule: str) -> str:
    own, area = f"check.{what}.{rule}", f"check.{what}.{rule.split('.')[0]}"
    return text.sentence(own if own in text.messages() else area, {})


def summary(found: Soundness, at: str) -> str:
    """How many rules are broken and how many could not be proven; `at` is the moment in words."""
    broken = len([one for one in found.findings if one.rule != UNREAD])
    said = []
    if broken:
        counted = ngettext("{n} rule of {of} is broken, {at}.", "{n} rules of {of} are broken, {at}.", broken)
        said.append(counted.format(n=broken, of=found.rules, at=at))
    if found.unread:
        counted = ngettext(
            "{n} rule of {of} could not be proven, {at}.", "{n} rules of {of} could not be proven, {at}.", found.unread
        )
        said.append(counted.format(n=found.unread, of=found.rules, at=at))
    return " ".join(said)


def rows_words(finding: Finding) -> str:
    """How many rows of which tables."""
    if finding.rule == UNREAD:
        said = ngettext("{n} rule could not be proven.", "{n} rules could not be proven.", finding.count)
        return said.format(n=finding.count)
    said = ngettext("{n} row", "{n} rows", finding.count).format(n=finding.count)
    if finding.more:
        said = _("{n} rows or more").format(n=finding.count)
    return f"{said} · {', '.join(finding.tables)}"


def report(found: Soundness) -> str:
    """The whole as a text to keep or to send to support: words first, what only support reads at the end."""
    lines = [_("Deskbell: check of the data file"), text.show(found.at, "stamp"), ""]
    if found.sound:
        lines.append(_("All {n} rules hold.").format(n=found.rules))
        return "\n".join([*lines, ""])
    lines += [
        summary(found, text.show(found.at, "stamp")),
        _("This report names people and numbers of your center: send it only to whom you trust."),
        "",
    ]
    for number, one in enumerate(found.findings, start=1):
        lines += [
            f"{number}. {one.says}",
            f"   {_('Broken in')}: {rows_words(one)}",
            *([f"   {_('Named')}: {'; '.join(one.names)}"] if one.names else []),
            f"   {_('What it means')}: {one.means}",
            f"   {_('What to do')}: {one.todo}",
            "",
        ]
    lines += ["-" * 60, _("For support"), f"Deskbell {__version__}"]
    lines += [f"  {detail}" for one in found.findings for detail in one.details]
    return "\n".join([*lines, ""])
