"""Deskbell without a window: for a support person, and for scripts.

Exit 0 means done, 1 that a rule is broken or input was refused, 2 wrong usage. Messages go to standard error.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app import __version__, paths, store, text
from app.errors import DeskError, EnvironmentFault, UserError
from app.exchange import dates


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The command line; `command` is None where the window is meant. Exits with 2 on wrong usage."""
    parser = argparse.ArgumentParser(prog="deskbell", description="The front desk of a training center.")
    parser.add_argument("--version", action="version", version=f"Deskbell {__version__}")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="the center's folder")
    said = "the recovery code of an encrypted center, where the keyring does not have its key (or DESKBELL_KEY_FILE)"
    parser.add_argument("--key-file", type=Path, metavar="F", help=said)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    demo = commands.add_parser("demo", help="fill an empty data folder with a believable center")
    demo.add_argument("--students", type=int, default=300, metavar="N")
    demo.add_argument("--seed", type=int, default=1, metavar="S")
    check = commands.add_parser("check", help="prove every rule over the file; a line per broken one")
    check.add_argument("--json", action="store_true")
    check.add_argument("--report", type=Path, metavar="FILE", help="write what was found in words and by name")
    repair = commands.add_parser(
        "repair", help="make anew what can be (search index, kept columns, guards), after a copy"
    )
    repair.add_argument("--report", type=Path, metavar="FILE", help="write what stays, in words and by name")
    backup = commands.add_parser("backup", help="a verified copy of everything")
    backup.add_argument("file", type=Path)
    said = "encrypt under the passphrase in F; without it, one ending in .deskbell asks on the terminal"
    backup.add_argument("--passphrase-file", type=Path, metavar="F", help=said)
    restore = commands.add_parser("restore", help="put a verified copy in place; the present file is kept aside")
    restore.add_argument("file", type=Path)
    restore.add_argument("--passphrase-file", type=Path, metavar="F", help="the passphrase that opens the file")
    invoice = commands.add_parser("invoice", help="an invoice as PDF")
    invoice.add_argument("number")
    invoice.add_argument("--out", type=Path, required=True, metavar="FILE")
    invoice.add_argument("--copy", action="store_true", help="a dated COPY with the present state")
    month = commands.add_parser("invoices", help="all documents of a month as PDF: a file of each, or one of all")
    month.add_argument("--month", required=True, metavar="YYYY-MM")
    month.add_argument("--out", type=Path, required=True, metavar="DIR", help="a folder, or a file that ends in .pdf")
    month.add_argument("--receipts", action="store_true", help="the receipts of the month's payments, too")
    month.add_argument("--json", action="store_true")
    mail = commands.add_parser("mail", help="the mail queue")
    mail.add_argument("action", choices=("status", "send"))
    mail.add_argument("--json", action="store_true")
    imported = commands.add_parser("import", help="bring in a list: CSV, XLSX or vCard; every line is checked first")
    imported.add_argument("kind", choices=("students",))
    imported.add_argument("file", type=Path)
    imported.add_argument("--dry-run", action="store_true", help="check and say what would be done; write nothing")
    imported.add_argument("--update", action="store_true", help="change those who are there by what the list says")
    imported.add_argument("--skip-wrong", action="store_true", help="leave wrong lines out, do not refuse the list")
    imported.add_argument("--dates", choices=dates.STYLES, default="", help="how dates are written, if none tells")
    imported.add_argument("--json", action="store_true")
    exported = commands.add_parser("export", help="write a list: CSV, XLSX or vCard, as the file's ending says")
    exported.add_argument("kind", choices=("students",))
    exported.add_argument("file", type=Path)
    exported.add_argument("--search", default="", metavar="WORDS", help="only those whom all words fit")
    commands.add_parser("self-test", help="the installed program proves itself, without a network")
    return parser.parse_args(argv)


def run(options: argparse.Namespace) -> int:
    """Do a command; returns the exit code."""
    actions: dict[str, Callable[[argparse.Namespace, Path], int]] = {
        "demo": _demo,
        "check": _check,
        "repair": _repair,
        "backup": _backup,
        "restore": _restore,
        "invoice": _invoice,
        "invoices": _invoices,
        "mail": _mail,
        "import": _import,
        "export": _export,
        "self-test": _self_test,
    }
    data_dir = options.data_dir or paths.last_data_dir() or paths.default_data_dir()
    try:
        know_key(options.key_file)
        return actions[options.command](options, data_dir)
    except DeskError as error:
        print(text.sentence(error), file=sys.stderr)
        return 1


def know_key(key_file: Path | None) -> None:
    """Know the key of an encrypted center from its recovery code in a file, for as long as the program runs."""
    named = key_file or (Path(os.environ["DESKBELL_KEY_FILE"]) if os.environ.get("DESKBELL_KEY_FILE") else None)
    if named is not None:
        store.know_code(_read(named))


@contextmanager
def _center(data_dir: Path, *, alone: bool) -> Any:
    """The center open for a command; `alone` where it writes, which no window may see happen behind its back.

    To bring an older file up is to write, too: a window of the former version may have it open.
    """
    older = not alone and store.is_older(data_dir)
    if alone or older:
        try:
            store.claim_folder(data_dir)
        except EnvironmentFault as taken:
            if older and taken.key == "store.in_use":
                raise EnvironmentFault("cli.older_in_use", path=str(data_dir)) from taken
            raise
    try:
        store.open_center(data_dir)
        try:
            use_center_defaults()
            yield
        except Exception as error:
            from app.store import damage

            fault = damage.explain(error)
            if fault is error:
                raise
            raise fault from error
        finally:
            store.close_center()
    finally:
        if alone or older:
            store.release_folder()


def use_center_defaults() -> None:
    """Let sentences use the open center's currency, locale and zone."""
    from app.desk import center

    here = center.load()
    text.use_defaults(here.currency, here.locale, here.zone)


def _demo(options: argparse.Namespace, data_dir: Path) -> int:
    from app import demo

    store.claim_folder(data_dir)
    try:
        demo.fill(data_dir, students=options.students, seed=options.seed)
    finally:
        store.release_folder()
    print(f"A demo center with {options.students} students is in {data_dir}.")
    return 0


def _check(options: argparse.Namespace, data_dir: Path) -> int:
    from app.lists import soundness

    with _center(data_dir, alone=False):
        found = soundness.examine()
        if options.report is not None:
            _write_report(options.report, found)
    broken = found.broken
    if options.json:
        rows = [{"rule": b.rule, "table": b.table, "row": b.row_id, "detail": b.detail} for b in broken]
        print(json.dumps({"rules": found.rules, "broken": rows}, ensure_ascii=False, indent=2))
    else:
        for one in broken:
            print(one)
        print(f"{found.rules} rules, {len(broken)} broken rows.")
    return 1 if broken else 0


def _repair(options: argparse.Namespace, data_dir: Path) -> int:
    from app.desk import repairs
    from app.desk.accounts import SYSTEM
    from app.lists import soundness

    with _center(data_dir, alone=True):
        made = repairs.repair(SYSTEM)
        left = soundness.examine()
        if options.report is not None:
            _write_report(options.report, left)
    if made.copy is not None:
        print(f"The file as it was is kept as {made.copy.path}.")
    for kind, count in made.done.items():
        print(f"{soundness.rule_words(f'repair.{kind}')}: {count}")
    for _kind, error in made.failed:
        print(text.sentence(error), file=sys.stderr)
    for one in left.findings:
        print(f"{one.says}: {soundness.rows_words(one)}", file=sys.stderr)
    print("Every rule holds." if left.sound else f"{len(left.findings)} broken rules stay.")
    return 0 if left.sound else 1


def _write_report(path: Path, found: Any) -> None:
    from app.errors import EnvironmentFault
    from app.lists import soundness

    try:
        path.write_text(soundness.report(found), "utf-8")
    except OSError as error:
        raise EnvironmentFault("cli.cannot_write", path=str(path)) from error


def _backup(options: argparse.Namespace, data_dir: Path) -> int:
    from app.desk import secrecy
    from app.desk.accounts import SYSTEM
    from app.store import backup

    sealed = options.passphrase_file is not None or options.file.suffix == secrecy.ENDING
    words = _passphrase(options, twice=True) if sealed else ""
    with _center(data_dir, alone=False):
        size = secrecy.make_file(SYSTEM, data_dir, options.file, words) if sealed else backup.make(options.file)
    print(f"{options.file}: {size / 1e6:.1f} MB, verified.")
    return 0


def _passphrase(options: argparse.Namespace, *, twice: bool) -> str:
    """The passphrase out of its file or from the terminal; never out of the arguments, which others can see."""
    from app.desk import secrecy

    if options.passphrase_file is not None:
        return _read(options.passphrase_file)
    if not sys.stdin.isatty():
        raise UserError("secrecy.passphrase_needed", "passphrase", path=str(options.file))
    words = getpass.getpass("Passphrase: ")
    return secrecy.passphrase(words, getpass.getpass("Again: ")) if twice else words


def _read(path: Path) -> str:
    """A secret that stands in a file."""
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise EnvironmentFault("cli.cannot_read", path=str(path)) from error


def _restore(options: argparse.Namespace, data_dir: Path) -> int:
    from app.desk import keeping, secrecy
    from app.desk.accounts import SYSTEM

    if options.passphrase_file is not None or secrecy.is_sealed(options.file):
        secrecy.unlock(options.file, _passphrase(options, twice=False))
    store.claim_folder(data_dir)
    try:
        aside = keeping.restore(SYSTEM, options.file, data_dir)
    finally:
        store.release_folder()
    print(f"Restored. The file that was there is kept as {aside}." if aside else "Restored.")
    return 0


def _invoice(options: argparse.Namespace, data_dir: Path) -> int:
    from app.desk import papers

    with _center(data_dir, alone=False):
        _name, content = papers.invoice_pdf(papers.find_invoice(options.number), copy=options.copy)
    try:
        options.out.write_bytes(content)
    except OSError as error:
        raise EnvironmentFault("cli.cannot_write", path=str(options.out)) from error
    return 0


def _invoices(options: argparse.Namespace, data_dir: Path) -> int:
    from app.desk.accounts import SYSTEM
    from app.exchange import batch

    write = batch.write_one if options.out.suffix.lower() == ".pdf" else batch.write_folder
    with _center(data_dir, alone=False):
        count = write(SYSTEM, options.month, options.out, with_receipts=options.receipts)
    print(json.dumps({"documents": count}) if options.json else f"{options.out}: {count} documents.")
    return 0


def _mail(options: argparse.Namespace, data_dir: Path) -> int:
    from app.desk import papers
    from app.lists import mail as mail_list
    from app.mail.worker import MailRunner

    sending = options.action == "send"
    with _center(data_dir, alone=sending):
        done: dict[str, int] = {}
        if sending:
            runner = MailRunner(papers.resolve)
            runner.start()
            done = runner.run_once(threading.Event())
            runner.close()
            if runner.state.name != "idle":
                print(f"{runner.state.name}: {runner.state.words}", file=sys.stderr)
        states = mail_list.states()
    if options.json:
        print(json.dumps({"sent_now": done, "states": states}))
    else:
        for name, count in states.items():
            print(f"{name:10} {count}")
    return 0 if not sending or runner.state.name == "idle" else 1


def _import(options: argparse.Namespace, data_dir: Path) -> int:
    """Check a list and bring it in; nothing is written while a line is wrong, unless those are left out."""
    from app.desk.accounts import SYSTEM
    from app.exchange import checking, columns, importing, reading
    from app.lists import known

    table = reading.read(options.file)
    with _center(data_dir, alone=not options.dry_run):
        before = known.imported_before(table.sha256)
        if before is not None:
            print(text.sentence("exchange.again", {"at": before[0], "people": before[2]}), file=sys.stderr)
        plan = checking.plan(table, columns.guess(table), options.dates)
        for line in plan.lines:
            if line.errors:
                print(f"{table.name}:{line.line}: {text.sentence(*checking.remark(plan, line))}", file=sys.stderr)
        counts = plan.counts()
        refused = counts["wrong"] and not options.skip_wrong
        added = changed = 0
        if not options.dry_run and not refused:
            importing.back_up_first(data_dir)
            done = importing.import_students(SYSTEM, plan, options.update)
            added, changed = done.added, done.changed
    if options.json:
        print(json.dumps({"lines": counts, "added": added, "changed": changed}))
    else:
        for name, count in counts.items():
            print(f"{name:10} {count}")
        print(f"{added} added, {changed} changed.")
    if refused:
        print(text.sentence("exchange.wrong_lines"), file=sys.stderr)
    return 1 if refused else 0


def _export(options: argparse.Namespace, data_dir: Path) -> int:
    from app.desk import center
    from app.desk.accounts import SYSTEM
    from app.exchange import exporting
    from app.lists import people

    with _center(data_dir, alone=False):
        ids = people.ids(options.search, (), center.load().zone)
        count = exporting.export_students(SYSTEM, ids, options.file)
    print(f"{options.file}: {count} students.")
    return 0


def _self_test(_options: argparse.Namespace, _data_dir: Path) -> int:
    from app import selftest

    return selftest.run()
