"""The window put together: file, threads, pages; and taken apart in the other order."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer
from PySide6.QtGui import QKeySequence, QShortcut

from app import clock, store, text
from app import help as help_texts
from app.cli import use_center_defaults
from app.desk import center, identity, keeping, labels, seats
from app.desk.accounts import SYSTEM, Actor
from app.errors import DeskError, EnvironmentFault
from app.exchange import kept_files
from app.lists import inbox, payers, staff, takings
from app.lists import mail as mail_list
from app.mail.worker import MailRunner, MailState
from app.store import erasure
from app.store.contents import Person
from app.text import _, ngettext
from app.workers import BackupThread, Between, DeskThread, KeepingState, MailThread
from ui import command_results, words
from ui.command import CommandPanel
from ui.context import Context
from ui.crash import tell_fault
from ui.dialogs.choose import ChooseActor
from ui.dialogs.find import FindStudent
from ui.dialogs.keys import KeysDialog
from ui.widgets.typed import TypedLine
from ui.window import DeskWindow

#: How often kept next slots are rolled forward and the status bar is read again, in milliseconds.
TICK_MS = 60_000


class Desk(QObject):
    """The running program: one window over one open center."""

    def __init__(self, data_dir: Path, runner: MailRunner | None = None) -> None:
        super().__init__()
        self.data_dir = data_dir
        with store.connected():
            here = center.load()
            use_center_defaults()
            people = staff.at_work("staff", "admin", "super_admin")
        store.connect(readonly=True)
        self.desk_thread = DeskThread()
        self.reader = DeskThread(readonly=True)
        self.mail_thread = MailThread(runner)
        self.backups = BackupThread(data_dir)
        self.next_job: Between | None = None
        self.context = Context(self.desk_thread, self.reader, Actor(people[0].id, people[0].role), here)
        self.window = DeskWindow(here.name)
        self.mail_state: MailState | None = None
        self.closing = False
        self.concerns: list[str] = []
        self._here: staff.Person | None = None
        self._looking = False
        self._offered: datetime | None = None
        self._pages()
        self.window.enroll_requested.connect(self.enroll)
        self.window.pay_requested.connect(self.pay)
        self.window.actor_clicked.connect(self.choose_actor)
        self.window.help_requested.connect(self.help)
        self.context.navigate.connect(self._navigate)
        self.undo_key = QShortcut(QKeySequence("Ctrl+Z"), self.window)
        self.undo_key.activated.connect(self.take_back)
        self.commands = CommandPanel(self.window, self.window.command, partial(command_results.results, self))
        self.context.changed.connect(self._changed)
        self.context.notice.connect(self._notice)
        self.context.problem.connect(self._problem)
        self.context.actor_changed.connect(self._status)
        self.context.center_changed.connect(self._status)
        self.mail_thread.state_changed.connect(self._mail_changed)
        self.backups.state_changed.connect(self._backups_changed)
        self.context.backup_wanted.connect(self.back_up)
        self.window.backup_fact.clicked.connect(self.safe_keeping)
        self.window.safe_keeping_wanted.connect(self.safe_keeping)
        self.window.mail_fact.clicked.connect(partial(self.window.go, "mail"))
        self.window.till_fact.clicked.connect(partial(self.window.go, "settings"))
        self.tick = QTimer(self)
        self.tick.timeout.connect(self._tick)

    def start(self) -> None:
        """Start the threads and show the first page."""
        self.desk_thread.start()
        self.reader.start()
        self.mail_thread.start()
        self.backups.start()
        # What cannot be read is told; the window opens all the same, for the way back is in it.
        for step in (self._status, partial(self.window.go, "students"), self.window.show, self._tick):
            _told(step)
        self.tick.start(TICK_MS)
        _told(self._ask_about_started)
        known = erasure.known(self.data_dir)
        if not known.clean or known.uids:
            from app.desk import erasing  # an erasure was stopped before the file was clean, or an older one left words

            self._note(erasing.finish)
        self.look_around()

    def stop(self) -> None:
        """Shut down in order: mail thread, desk thread, the last backup, window, file."""
        self.tick.stop()
        self.closing = True
        self.context.forget()
        settings = self.window.pages["settings"].widget
        if settings is not None:
            settings.keeping.finish()  # type: ignore[attr-defined]
        self.mail_thread.finish()
        self.reader.finish()
        kept_files.forget_copies()
        self.desk_thread.finish()
        self.window.hide()  # the last backup is made and proven after the desk is gone from the screen
        self.backups.finish(self.next_job.why if self.next_job is not None else "closing")
        self.window.close()
        self.window.deleteLater()
        # The window is gone before its file is: no timer of a page may ask a closed file.
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        store.close_center()

    # -- pages

    def _pages(self) -> None:
        add = self.window.add_page
        add("students", _("Students"), "users", self._students)
        add("calendar", _("Calendar"), "calendar-days", self._calendar)
        add("payments", _("Payments"), "banknote", self._payments)
        add("inbox", _("Inbox"), "inbox", self._inbox)
        add("mail", _("Mail"), "mail", self._mail)
        add("settings", _("Settings"), "settings", self._settings, foot=True)

    def _students(self) -> Any:
        from ui.pages.students import StudentsPage

        page = StudentsPage(self.context)
        page.pay_requested.connect(self.pay_for)
        page.enroll_requested.connect(self.enroll_student)
        page.enroll_several_requested.connect(self.enroll_several)
        return page

    def _calendar(self) -> Any:
        from ui.pages.calendar import CalendarPage

        return CalendarPage(self.context)

    def _payments(self) -> Any:
        from ui.pages.payments import PaymentsPage

        page = PaymentsPage(self.context)
        page.hints_changed.connect(self.window.show_hints)
        page.open_requested.connect(self.open_record)
        page.open_items_requested.connect(self.open_items)
        return page

    def _inbox(self) -> Any:
        from ui.pages.inbox import InboxPage

        page = InboxPage(self.context)
        page.open_requested.connect(self.open_record)
        return page

    def _mail(self) -> Any:
        from ui.pages.mail import MailPage

        page = MailPage(self.context)
        page.look_requested.connect(self.mail_thread.look_now)
        page.account_requested.connect(partial(self.window.go, "settings"))
        page.show_state(self.mail_state)
        return page

    def _settings(self) -> Any:
        from ui.pages.settings import SettingsPage

        page = SettingsPage(self.context, self.data_dir)
        page.keeping.restore_wanted.connect(self.restore)
        page.keeping.job_wanted.connect(self.between)
        page.keeping.show_state(self.backups.state)
        page.keeping.concerns.show_sentences(self.concerns)
        return page

    def safe_keeping(self) -> None:
        """The part of the settings that keeps everything safe."""
        self.window.go("settings").show_part("keeping")

    def check_file(self) -> None:
        """Prove every rule over the file, where it can be watched and stopped."""
        self.safe_keeping()
        self.window.current().keeping.check.check_file()

    def history(self) -> None:
        """The part of the settings that looks back."""
        self.window.go("settings").show_part("history")

    def take_back(self) -> None:
        """Ctrl+Z: look at what taking the newest thing of this person at this desk back would do.

        The payment desk comes first: money just taken has a way back of its own, with a reason.
        """
        if getattr(self.window.current(), "take_back", lambda: False)():
            return
        if not self._looking:
            from app.desk import undo  # first needed when something is taken back

            self._looking = True
            self.context.run(undo.preview_newest, done=self._looked, failed=self._nothing_to_take_back)

    def _looked(self, found: object) -> None:
        self._looking = False
        from app.desk.undo import Preview
        from ui.dialogs.take_back import TakeBackDialog

        assert isinstance(found, Preview)
        TakeBackDialog(self.context, self.window, found).open()

    def _nothing_to_take_back(self, error: DeskError) -> None:
        self._looking = False
        self._problem(error)

    def restore(self, source: Path) -> None:
        """Put a copy in place of the present file."""
        work = partial(keeping.restore, self.context.actor, source, self.data_dir, self.who_is_here())
        said = _("Restoring. The present file is kept aside …")
        self.between(Between(said, _restored, work, why="restore"))

    def who_is_here(self) -> Person | None:
        """Who is at the desk as the file said when it was read last: it may be damaged since. None for the program."""
        here = self._here
        if here is None or here.id != self.context.actor.user_id:
            return None
        return Person(here.uid, here.name)

    def between(self, job: Between) -> None:
        """Close in order, do a job, open again: whoever runs the program does it after the window closed."""
        self.next_job = job
        self.window.close()

    # -- what the bar asks for

    def _selected(self) -> int | None:
        page = self.window.current()
        return getattr(page, "current_student", lambda: None)()

    def enroll(self) -> None:
        """F2: the selected student, several one after the other, or whoever is found."""
        several: list[int] = getattr(self.window.current(), "selected_students", list)()
        if len(several) > 1:
            self.enroll_several(several)
            return
        student = self._selected()
        if student is not None:
            self.enroll_student(student)
            return
        finder = FindStudent(self.context, self.window, _("Who enrolls?"))
        finder.chosen.connect(self.enroll_student)
        finder.open()

    def enroll_student(self, student_id: int) -> None:
        """The enroll dialog for a student; then, where asked, the payment desk."""
        from ui.dialogs.enroll import EnrollDialog

        dialog = EnrollDialog(self.context, self.window, student_id)
        dialog.setProperty("student", student_id)
        dialog.enrolled.connect(self._enrolled)
        dialog.open()

    def enroll_several(self, students: list[int], done: int = 0, course: int = 0) -> None:
        """The enroll dialog for one after the other, each with the course of the one before; Esc leaves the rest."""
        from ui.dialogs.enroll import EnrollDialog

        dialog = EnrollDialog(self.context, self.window, students[done])
        dialog.course.setCurrentIndex(course)
        dialog.subtitle.setText(_("{n} of {all}").format(n=done + 1, all=len(students)))
        last = done + 1 == len(students)
        dialog.main.set_label(_("Enroll") if last else _("Enroll, then the next"))
        dialog.only.hide()
        if not last:
            dialog.enrolled.connect(partial(self._enroll_next, students, done + 1, dialog.course))
        dialog.open()

    def _enroll_next(self, students: list[int], done: int, course: Any, _enrollment: int, _pay: bool) -> None:
        self.enroll_several(students, done, course.currentIndex())

    def enroll_together(self, students: list[int]) -> None:
        """Several people in one course, in one operation; the payer whom they all have pays."""
        from ui.dialogs.bulk_enroll import BulkEnroll

        BulkEnroll(self.context, self.window, students, payers.common(students)).open()

    def open_payer(self, payer_id: int) -> None:
        """A payer with everyone they pay for."""
        from ui.dialogs.family import FamilyDialog

        dialog = FamilyDialog(self.context, self.window, payer_id)
        dialog.student_chosen.connect(self.show_student)
        dialog.pay_requested.connect(self.pay_for)
        dialog.open()

    def find_payer(self) -> None:
        """Whoever pays for others, to look at and to work with."""
        from ui.dialogs.find_payer import FindPayer

        finder = FindPayer(self.context, self.window, _("Who pays?"), inactive=True)
        finder.chosen.connect(self.open_payer)
        finder.open()

    def new_payer(self) -> None:
        """Whoever will pay for others."""
        from ui.dialogs.payer import PayerDialog

        dialog = PayerDialog(self.context, self.window)
        dialog.saved.connect(self.open_payer)
        dialog.open()

    def _enrolled(self, _enrollment: int, pay_next: bool) -> None:
        if pay_next:
            self.pay_for(int(self.sender().property("student")))

    def pay(self) -> None:
        """F4: the payment desk, with the selected student."""
        student = self._selected()
        if student is not None:
            self.pay_for(student)
        else:
            self.window.go("payments")

    def pay_for(self, student_id: int) -> None:
        """The payment desk with a new draft for a student."""
        page = self.window.page("payments")
        page.new_draft(student_id)
        self.window.go("payments")

    def open_record(self, table: str, row_id: int) -> None:
        """Show the record behind a notification."""
        student = inbox.student_behind(table, row_id)
        if table == "mail_queue":
            self.window.go("mail").select(row_id)
        elif table in ("slots", "sessions"):
            self.window.go("calendar").show_record(table, row_id)
        elif student is not None:
            self.window.go("students").select(student)

    def open_payment(self, payment_id: int, student_id: int, waits: bool) -> None:
        """A payment at its person's desk: one that waits for its answer is taken up again, any other among all."""
        page = self.window.page("payments")
        if waits:
            self.window.go("payments")
            page.resume(payment_id)
        else:
            self.pay_for(student_id)
            page.show_payments(payment_id)

    def open_items(self) -> None:
        """What is unpaid in the whole center, by age; from there to the payment desk, or to an invoice."""
        from ui.dialogs.open_items import OpenItems

        dialog = OpenItems(self.context, self.window)
        dialog.student_chosen.connect(self.pay_for)
        dialog.together_chosen.connect(self.pay_together)
        dialog.bill_chosen.connect(self.bill_for)
        dialog.open()

    def pay_together(self, student_id: int, payer_id: int) -> None:
        """The payment desk with all that somebody pays for."""
        self.window.page("payments").new_draft(student_id, payer_id)
        self.window.go("payments")

    def bill(self) -> None:
        """An invoice to be paid later: for the selected student, or whoever is found."""
        student = self._selected()
        if student is not None:
            self.bill_for(student, None)
            return
        finder = FindStudent(self.context, self.window, _("Whose lines are billed?"))
        finder.chosen.connect(self.bill_for)
        finder.open()

    def on_documents(self) -> None:
        """The center's picture and texts on documents."""
        from ui.dialogs.letterhead import LetterheadDialog

        LetterheadDialog(self.context, self.window).open()

    def documents_of_month(self) -> None:
        """All invoices and credit notes of a month, for the bookkeeper."""
        from ui.dialogs.month import MonthDialog

        MonthDialog(self.context, self.window).open()

    def bill_for(self, student_id: int, payer_id: object = None) -> None:
        """The invoice dialog for a student, or for all whom a payer pays for."""
        from ui.dialogs.bill import bill

        bill(self.context, self.window, student_id, payer_id if isinstance(payer_id, int) else None)

    def choose_actor(self) -> None:
        """Who is at the desk: chosen from the staff, without a password until sign-in exists."""
        dialog = ChooseActor(self.context, self.window)
        dialog.open()

    def help(self) -> None:
        """F1: how this page works, and all its keys."""
        page = self.window.current()
        topic = getattr(page, "help_topic", self.window.current_key())
        KeysDialog(self.window, getattr(page, "help_keys", []), help_texts.paragraphs(topic)).open()

    def pay_prepared(self, student_id: int, amount_minor: int | None, method: str) -> None:
        """The payment desk with a payment prepared; nothing is booked before it is completed there."""
        self.pay_for(student_id)
        self.window.page("payments").prepare(amount_minor, method)

    def show_student(self, student_id: int) -> None:
        """The roster with this person; whoever was merged into another is found there."""
        self.window.go("students").select(identity.root(student_id))

    def _navigate(self, page: str, record: object) -> None:
        """A dialog asks for a page, or for a record on it."""
        if page == "students" and isinstance(record, int):
            self.show_student(record)
        elif page == "payer" and isinstance(record, int):
            self.open_payer(record)
        elif page == "enroll_together" and isinstance(record, list):
            self.enroll_together(record)
        elif page in ("slots", "mail_queue") and isinstance(record, int):
            self.open_record(page, record)
        else:
            self.window.go(page)

    def new_student(self) -> None:
        """Somebody who is not known yet."""
        self.window.go("students").new_student()

    def import_people(self) -> None:
        """Students out of a file."""
        self.window.go("students").import_people()

    def export_people(self) -> None:
        """The students as a file."""
        self.window.go("students").export_people()

    def print_people(self) -> None:
        """The students on paper, or as address labels."""
        self.window.go("students").print_people()

    def new_session(self) -> None:
        """A session on the calendar."""
        self.window.go("calendar").new_session()

    # -- what changes

    def _changed(self, changes: store.Changes) -> None:
        if self.closing:
            return  # a commit that was on its way when the window closed
        if changes.label in (labels.TAKE_BACK, labels.BRING_BACK) and "settings" in changes.tables:
            use_center_defaults()
            self.context.set_center(center.load())
        for entry in self.window.pages.values():
            heard = getattr(entry.widget, "on_changes", None)
            if heard is not None:
                heard(changes)
        self._status()
        self._offer_undo(changes.label, changes.tables)

    def _offer_undo(self, label: str, tables: frozenset[str]) -> None:
        """After work that can be taken back, say how; never row by row where money moved or a document was issued."""
        from app.desk import exact  # first needed when something was done

        kind = labels.kind(label)
        documents = kind.way == "exact" and tables & exact.MONEY
        if documents or (kind.way == "refused" and kind.why != "undo.by_program"):
            self._offered = None  # what was offered a moment ago is not what Ctrl+Z means now
            return
        if kind.way != "refused" and not kind.quiet and label != labels.TAKE_BACK and not self._page_has_undo():
            self.window.notice(_("{what}. Ctrl+Z takes it back.").format(what=text.sentence(labels.key(label))))
            self._offered = clock.now()
            for line in self.window.findChildren(TypedLine):
                line.forget_typing()

    def _page_has_undo(self) -> bool:
        return bool(getattr(self.window.current(), "has_own_undo", lambda: False)())

    def _notice(self, said: str) -> None:
        """What a page says of its own about the work just done; that it can be taken back stays said."""
        just_now = self._offered is not None and clock.now() - self._offered < timedelta(seconds=1)
        self._offered = None
        self.window.notice(_("{said} Ctrl+Z takes it back.").format(said=said) if just_now else said)

    def _mail_changed(self, state: MailState) -> None:
        self.mail_state = state
        if self.closing:
            return
        page = self.window.pages["mail"].widget
        if page is not None:
            page.show_state(state)  # type: ignore[attr-defined]
        self._status()

    def back_up(self) -> None:
        """Make a verified copy now."""
        self.backups.ask()

    def _backups_changed(self, state: KeepingState) -> None:
        if self.closing:
            return
        page = self.window.pages["settings"].widget
        if page is not None:
            page.keeping.show_state(state)  # type: ignore[attr-defined]
        if state.broken:
            self._note(keeping.report_unsound, state.broken)
        elif state.second_place == "copied":
            self._note(keeping.second_place_seen)
        elif state.second_place == "gone":
            self._note(keeping.remind_of_second_place)
        if not state.running:
            self.look_around()
        self._backup_fact()

    def look_around(self) -> None:
        """Look beside the window whether something around the data folder may harm it."""
        from app.lists import keeping as kept

        self.context.read(kept.concerns, self.data_dir, done=self._looked_around)

    def _looked_around(self, found: object) -> None:
        assert isinstance(found, list)
        fresh = [said for said in found if said not in self.concerns]
        self.concerns = found
        page = self.window.pages["settings"].widget
        if page is not None:
            page.keeping.concerns.show_sentences(found)  # type: ignore[attr-defined]
        if fresh:
            self.window.notice(fresh[0])
        self._backup_fact()

    def _note(self, function: Any, *args: Any) -> None:
        """What the program itself writes down, whoever is at the desk."""
        self.context.run(_as_system, function, *args)

    def _backup_fact(self) -> None:
        state = self.backups.state
        if state.problem or state.broken:
            said = _("Backup needs you")
        elif self.concerns:
            said = _("Data folder needs you")
        elif state.last is None:
            said = _("No backup yet")
        else:
            minutes = max(0, int((clock.now() - state.last.moment).total_seconds() // 60))
            if minutes < 60:
                said = _("Last backup {n} min ago").format(n=minutes) if minutes else _("Last backup just now")
            else:
                said = _("Last backup {when}").format(when=words.when(state.last.made_at, self.context.center))
        self.window.backup_fact.set_label(said)

    def _problem(self, error: DeskError) -> None:
        lasting = ("store.damaged", "store.foreign_file", "store.io_error")
        if isinstance(error, EnvironmentFault) and error.key in lasting:
            tell_fault(self.window, error)
        else:
            self.window.notice(text.sentence(error))

    def _tick(self) -> None:
        self.context.run(seats.roll_forward)
        self._status()

    def _status(self) -> None:
        from app.desk import till

        here = self.context.center
        state = till.current()
        self.window.till_fact.set_label(
            _("{till} open since {time}").format(till=state.name, time=words.clock_time(state.opened_at, here))
            if state is not None
            else _("Till closed")
        )
        self._backup_fact()
        waiting = mail_list.waiting()
        said = ngettext("{n} mail waiting", "{n} mails waiting", waiting).format(n=waiting)
        offline = self.mail_state is not None and self.mail_state.name == "offline"
        self.window.mail_fact.set_label(_("Offline · {mails}").format(mails=said) if offline else said)
        who = {person.id: person for person in staff.at_work()}.get(self.context.actor.user_id or 0)
        self._here = who
        if who is not None:
            self.window.actor_button.set_label(
                _("{name} · {role} is at the desk").format(name=who.name, role=words.state(who.role))
            )
        self.window.set_pill("inbox", inbox.unread(self.context.actor.user_id))
        self.window.set_pill("mail", waiting)

    def _ask_about_started(self) -> None:
        count = len(takings.started())
        if count:
            self.window.notice(
                ngettext(
                    "{n} payment waits for an answer: see Payments.",
                    "{n} payments wait for an answer: see Payments.",
                    count,
                ).format(n=count)
            )


def _restored(_aside: object) -> str:
    return _("Restored.")


def _told(step: Callable[[], Any]) -> None:
    try:
        step()
    except Exception:
        sys.excepthook(*sys.exc_info())


def _as_system(_actor: Actor, function: Any, *args: Any) -> Any:
    return function(SYSTEM, *args)
