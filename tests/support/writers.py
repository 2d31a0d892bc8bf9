"""Every public function that writes, and one way to do it: for tests that try all of them.

They are killed (tests/faults/test_kill.py, which fails where a writer has no scenario), and done on a disk that is full
or fails (test_full_disk.py). Every scenario begins on the same ground: the full center, and a few things more that wait
to be done.
"""

from __future__ import annotations

import ast
import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from app import clock, paths, store
from app.desk import (
    arranging,
    canceling,
    catalog,
    center,
    crediting,
    enrollment,
    erasing,
    invoices,
    keeping,
    leaving,
    merge,
    notifications,
    payments,
    people,
    records,
    refunds,
    repairs,
    scheduling,
    seats,
    till,
    undo,
)
from app.desk.accounts import SYSTEM
from app.exchange import checking, columns, importing, reading
from app.mail import compose, queue
from app.mail.smtp import Outcome
from app.settings import Center
from app.store import checks
from app.store.models import (
    Course,
    CourseEnrolled,
    MailQueue,
    Notification,
    Operation,
    Payment,
    Product,
    Resource,
    Session,
    Slot,
    SlotEnrolled,
    TaxRate,
    User,
)
from tests.support.breaking import breaking
from tests.support.center import SmallCenter
from tests.support.full_center import START, build_full, payments_invoice

#: When every scenario happens.
NOW = START + timedelta(hours=9)

Do = Callable[[SmallCenter], Any]


@dataclass(frozen=True)
class Scenario:
    """One writing function: what comes before it, and the call itself. `later` puts the call some days on.

    `about_money` is for a call that moves money though its module is not one of MONEY; a `rare` way of a function is
    tried at few steps by default.
    """

    name: str  # of the function, and after a blank which way of it
    do: Do
    before: Do | None = None
    later: int = 0
    empty: bool = False
    about_money: bool = False
    rare: bool = False

    @property
    def money(self) -> bool:
        """Whether it decides on money, by its module or because it says so."""
        return self.about_money or self.name.partition(".")[0] in MONEY

    @property
    def core(self) -> bool:
        """Whether it decides on money and seats, and is tried at many steps by default."""
        return not self.rare and self.name.partition(".")[0] in CORE

    @property
    def moment(self) -> Any:
        """When the call happens."""
        return NOW + timedelta(days=self.later)


SCENARIOS: dict[str, Scenario] = {}

#: What the walk finds besides the writers of the open file, and why it needs no scenario here.
ELSEWHERE = {
    "erasing.finish": "writes no row: tests/desk/test_erasing.py",
    "exporting.export_students": "writes a list beside the center: tests/exchange/test_in_and_out.py",
    "shown.address_labels": "only reads",
    "shown.export": "writes a list beside the center: tests/exchange/test_shown.py",
    "shown.paper": "only reads",
    "open_items.export_open_items": "writes a list beside the center: tests/exchange/test_open_items_out.py",
    "batch.write_folder": "writes files beside the center: tests/exchange/test_batch.py",
    "batch.write_one": "writes a file beside the center: tests/exchange/test_batch.py",
    "person.export_person": "writes a file beside the center: tests/exchange/test_person.py",
    "keeping.restore": "replaces the closed file: test_kill_restore.py",
    "records.require_for": "only asks for rights",
    "secrecy.code": "only reads the key",
    "secrecy.make_file": "writes a file beside the center: tests/store/test_sealed.py",
    "secrecy.may_move": "only asks for a right",
    "secrecy.may_switch": "only asks for a right",
    "secrecy.switch_off": "replaces the closed file: test_kill_secrecy.py",
    "secrecy.switch_on": "replaces the closed file: test_kill_secrecy.py",
    "enrollment.enroll_in": "inside the writes of `enrollment.enroll` and `bulk.enroll_several`",
    "exact.look": "only reads",
    "canceling.preview": "takes back what it does: `canceling.cancel_enrollment`",
    "replan.preview": "takes back what it does: `replan.replan`",
    "transfer.preview_place": "takes back what it does: `transfer.transfer_place`",
    "transfer.preview_money": "takes back what it does: `transfer.move_money`",
    "waiving.preview": "takes back what it does: `waiving.waive`",
    "undo.newest": "only reads",
    "undo.preview": "only reads: killed in test_kill.py all the same",
    "undo.preview_newest": "is `undo.preview`",
}

#: Modules that decide on money: what is owed, paid, promised, taken off, given back, and said on documents.
MONEY = (
    "payments",
    "refunds",
    "canceling",
    "waiving",
    "replan",
    "transfer",
    "invoices",
    "enrollment",
    "bulk",
    "till",
    "discounts",
    "quotes",
    "promises",
    "reminding",
)

#: Modules that decide on money and seats, where most may go wrong; the others are tried at fewer steps by default.
CORE = (*MONEY[:9], "seats", "scheduling", "undo")


def writers() -> Iterator[str]:
    """module.function of all that asks for a right or writes: in the desk, the lists in and out, and the mail queue."""
    root = Path(__file__).resolve().parents[2] / "app"
    for path in (*sorted((root / "desk").glob("*.py")), *(root / "exchange").glob("*.py"), root / "mail" / "queue.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_") or node.name == "require":
                continue
            calls = {ast.unparse(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)}
            if calls & {"require", "store.write"}:
                yield f"{path.stem}.{node.name}"


def scenario(
    name: str,
    *,
    before: Do | None = None,
    later: int = 0,
    empty: bool = False,
    about_money: bool = False,
    rare: bool = False,
) -> Callable[[Do], Do]:
    """Register how a writer is called."""

    def register(do: Do) -> Do:
        assert name not in SCENARIOS, name
        SCENARIOS[name] = Scenario(name, do, before, later, empty, about_money, rare)
        return do

    return register


def build_ground(folder: Path) -> SmallCenter:
    """The full center with what the scenarios need, closed. The caller freezes `NOW`."""
    made = build_full(folder)
    staff, third = made.staff, _third()
    for student in (third, made.other_student):
        enrollment.enroll(staff, enrollment.EnrollmentDraft(student_id=student, course_id=made.course))
    payments.complete(staff, payments.start(staff, payments.PaymentDraft("credit", third, "transfer", 40_000)))
    payments.start(staff, _payment(made, "waits", made.other_student))
    for name, capacity in (("Evening", 2), ("Night", 1)):
        slot = _slot(_plan(made, name, capacity))
        seats.book(staff, slot, made.student)
        if name == "Night":
            seats.wait(staff, slot, third)
            seats.cancel_seat(staff, _seat(slot, made.student), "ill")
    assert checks.run() == []
    store.close_center()
    return made


# -- what the scenarios lean on


def _third() -> int:
    return int(User.get(User.first_name == "अनिका").id)


def _due(student: int) -> Any:
    return next(due for due in payments.owed(student) if due.enrollment_id is not None and due.invoice_id is None)


def _line(due: Any) -> payments.PayLine:
    return payments.PayLine(due.enrollment_id, None, due.installment_id, due.open_minor)


def _payment(made: SmallCenter, key: str, student: int) -> payments.PaymentDraft:
    due = _due(student)
    return payments.PaymentDraft(
        key, student, "cash", due.open_minor + 2400, (_line(due),), (enrollment.SaleItem(made.book),),
        given_minor=90_000,
    )  # fmt: skip


def _plan(made: SmallCenter, name: str, capacity: int) -> int:
    draft = scheduling.SessionDraft(
        course_id=made.course, name=name, recurrence="picked_dates",
        picked_dates=("2026-11-20" if name == "Evening" else "2026-11-23" if name == "Night" else "2026-11-26",),
        capacity=capacity, resource_id=made.room, instructor_ids=(made.instructor,),
    )  # fmt: skip
    return scheduling.plan_session(made.staff, draft)


def _slot(session: int) -> int:
    return int(Slot.get(Slot.session_id == session).id)


def _named(name: str) -> Any:
    return Slot.select().where(Slot.session_id.in_(_sessions(name))).get()


def _sessions(name: str) -> list[int]:
    return [row.id for row in Session.select().where(Session.name == name)]


def _seat(slot: int, student: int) -> int:
    return int(SlotEnrolled.get(SlotEnrolled.slot_id == slot, SlotEnrolled.student_id == student).id)


def _mail(state: str) -> int:
    return int(MailQueue.select().where(MailQueue.state == state).order_by(MailQueue.id).get().id)


def _no_files(_reference: dict[str, Any]) -> compose.Attachment:
    return compose.Attachment("a.pdf", "application/pdf", b"%PDF-1.4")


def _build(_made: SmallCenter) -> None:
    queue.build("desk@brueckenhaus.example", _no_files, limit=3)


def _claim(made: SmallCenter) -> None:
    _build(made)
    queue.claim("test", limit=3)


def _leave(made: SmallCenter) -> None:
    _claim(made)
    queue.mark_final_dot(_mail("sending"))


# -- money


@scenario("payments.start")
def _(made: SmallCenter) -> Any:
    return payments.start(made.staff, _payment(made, "kill", _third()))


def _part(made: SmallCenter, key: str, method: str, amount: int) -> payments.PaymentDraft:
    """A part of one payment over what Łukasz owes and a book."""
    due = _due(made.other_student)
    return payments.PaymentDraft(
        key, made.other_student, method, amount, (_line(due),), (enrollment.SaleItem(made.book),),
        tender_group="split", split_minor=due.open_minor + 2400,
    )  # fmt: skip


def _first_part(made: SmallCenter) -> None:
    """The card paid the course and half of the book."""
    first = _part(made, "part 1", "card", _due(made.other_student).open_minor + 1200)
    payments.complete(made.staff, payments.start(made.staff, first))


def _next_part(made: SmallCenter) -> Any:
    whole = payments.whole_of(Payment.get(Payment.request_key == "part 1").id)
    assert whole is not None
    draft = replace(whole[0], request_key="part 2", method="cash", amount_minor=1200, given_minor=5000)
    return payments.start(made.staff, draft)


@scenario("payments.start of the first part")
def _(made: SmallCenter) -> Any:
    return payments.start(made.staff, _part(made, "part 1", "card", 20_000))


scenario("payments.start of the next part", before=_first_part)(_next_part)


def _start_first(made: SmallCenter) -> None:
    payments.start(made.staff, _part(made, "part 1", "card", 34_000))


@scenario("payments.complete of the first part", before=_start_first)
def _(made: SmallCenter) -> Any:
    return payments.complete(made.staff, Payment.get(Payment.request_key == "part 1").id)


def _two_parts(made: SmallCenter) -> None:
    _first_part(made)
    _next_part(made)


@scenario("payments.complete of the next part", before=_two_parts)
def _(made: SmallCenter) -> Any:
    return payments.complete(made.staff, Payment.get(Payment.request_key == "part 2").id)


def _both_parts(made: SmallCenter) -> None:
    _two_parts(made)
    payments.complete(made.staff, Payment.get(Payment.request_key == "part 2").id)


@scenario("refunds.refund_split", before=_both_parts)
def _(made: SmallCenter) -> None:
    assert len(refunds.refund_split(made.staff, made.other_student, "split", "wrong person")) == 2


@scenario("payments.complete")
def _(made: SmallCenter) -> Any:
    return payments.complete(made.staff, Payment.get(Payment.request_key == "waits").id)


def _course_in_it(made: SmallCenter) -> None:
    lessons = Course.get(Course.code == "D-L")
    draft = payments.PaymentDraft(
        "course", made.student, "card", lessons.price_minor + 2400, (), (enrollment.SaleItem(made.book),),
        courses=(lessons.id,),
    )  # fmt: skip
    payments.start(made.staff, draft)


@scenario("payments.complete with a course", before=_course_in_it)
def _(made: SmallCenter) -> Any:
    return payments.complete(made.staff, Payment.get(Payment.request_key == "course").id)


@scenario("payments.fail")
def _(made: SmallCenter) -> None:
    payments.fail(made.staff, Payment.get(Payment.request_key == "waits").id, "no money in the end")


@scenario("refunds.apply_credit")
def _(made: SmallCenter) -> Any:
    return refunds.apply_credit(made.staff, _third(), (_line(_due(_third())),), "use")


@scenario("refunds.refund")
def _(made: SmallCenter) -> Any:
    return refunds.refund(made.staff, Payment.get(Payment.request_key == "credit").id, 5_000, "too much", "give back")


@scenario("invoices.bill")
def _(made: SmallCenter) -> Any:
    return invoices.bill(made.staff, _third(), (_line(_due(_third())),))


@scenario("crediting.credit")
def _(made: SmallCenter) -> Any:
    return crediting.credit(made.staff, payments_invoice(Payment.get(Payment.request_key == "first").id), "wrong buyer")


@scenario("enrollment.enroll")
def _(made: SmallCenter) -> Any:
    plan = enrollment.plan(60_000, 3, "2026-11-20")
    lessons = Course.get(Course.code == "D-L").id
    return enrollment.enroll(made.staff, enrollment.EnrollmentDraft(made.student, lessons, installments=plan))


@scenario("enrollment.sell")
def _(made: SmallCenter) -> Any:
    return enrollment.sell(made.staff, enrollment.SaleDraft(made.student, (enrollment.SaleItem(made.book),)))


@scenario("canceling.cancel_enrollment")
def _(made: SmallCenter) -> None:
    paid = CourseEnrolled.get(CourseEnrolled.student_id == made.student, CourseEnrolled.status == "pending")
    canceling.cancel_enrollment(made.staff, paid.id, "moves away")


@scenario("till.move")
def _(made: SmallCenter) -> None:
    till.move(made.staff, "paid_out", 500, "stamps")


def _close_till(made: SmallCenter) -> None:
    state = till.current()
    assert state is not None
    till.close_till(made.staff, state.expected_minor - 100)


scenario("till.close_till")(_close_till)


@scenario("till.open_till", before=_close_till)
def _(made: SmallCenter) -> None:
    till.open_till(made.staff, 20_000)


# -- seats


@scenario("scheduling.plan_session")
def _(made: SmallCenter) -> Any:
    return _plan(made, "Another", 4)


@scenario("scheduling.move_slot")
def _(made: SmallCenter) -> None:
    slot = _named("Evening")
    scheduling.move_slot(made.staff, slot.id, slot.version, "2026-11-21T10:00")


@scenario("scheduling.cancel_slot")
def _(made: SmallCenter) -> None:
    scheduling.cancel_slot(made.staff, _named("Evening").id, "ill")


@scenario("seats.book")
def _(made: SmallCenter) -> Any:
    return seats.book(made.staff, _named("Evening").id, _third())


@scenario("seats.book_session")
def _(made: SmallCenter) -> Any:
    return seats.book_session(made.staff, _named("Evening").session_id, _third())


@scenario("seats.hold")
def _(made: SmallCenter) -> Any:
    return seats.hold(made.staff, _named("Evening").id, _third())


@scenario("seats.wait", before=lambda made: seats.book(made.staff, _named("Evening").id, made.other_student))
def _(made: SmallCenter) -> Any:
    return seats.wait(made.staff, _named("Evening").id, _third())


@scenario("seats.cancel_seat")
def _(made: SmallCenter) -> None:
    seats.cancel_seat(made.staff, _seat(_named("Next week").id, made.student), "ill")


@scenario("seats.mark")
def _(made: SmallCenter) -> None:
    seats.mark(made.staff, _seat(_named("Monday").id, made.student), "absent")


@scenario("seats.offer")
def _(made: SmallCenter) -> Any:
    return seats.offer(made.staff, _named("Night").id, _third())


@scenario("seats.roll_forward", later=5)
def _(made: SmallCenter) -> Any:
    return seats.roll_forward()


# -- people, catalog, center, inbox


@scenario("people.add_student")
def _(made: SmallCenter) -> Any:
    return people.add_student(made.staff, people.StudentDraft("ليلى", "حدّاد", email="l@mail.example"))


@scenario("people.edit_student")
def _(made: SmallCenter) -> None:
    row = User.get_by_id(made.student)
    people.edit_student(made.staff, row.id, row.version, people.StudentDraft("Anna", "Satler"))


@scenario("people.add_staff")
def _(made: SmallCenter) -> Any:
    return people.add_staff(made.admin, people.StaffDraft("Yusuf", "Demir", role="instructor"))


@scenario("people.add_payer")
def _(made: SmallCenter) -> Any:
    return people.add_payer(made.staff, people.PayerDraft("Brücken GmbH", kind="company"))


@scenario("people.add_note")
def _(made: SmallCenter) -> Any:
    return people.add_note(made.staff, made.student, "asks for mornings", pinned=True)


@scenario("erasing.erase")
def _(made: SmallCenter) -> Any:
    return erasing.erase(made.admin, made.student)


@scenario("erasing.erase_again")
def _(made: SmallCenter) -> None:
    assert erasing.erase_again(SYSTEM, [User.get_by_id(made.student).uid]) == 1


@scenario("leaving.leave", about_money=True)
def _(made: SmallCenter) -> Any:
    return leaving.leave(made.staff, made.student, reason="moves away")


@scenario("merge.merge")
def _(made: SmallCenter) -> Any:
    return merge.merge(made.staff, made.other_student, made.student)


_COURSE = catalog.CourseDraft("NEW", "New course", 10_000, 1, theory_minutes=90)
_PRODUCT = catalog.ProductDraft("NEW", "New book", 1_000, 2, stock=5)


@scenario("catalog.add_course")
def _(made: SmallCenter) -> Any:
    return catalog.add_course(made.admin, _COURSE)


@scenario("catalog.edit_course", before=lambda made: catalog.add_course(made.admin, _COURSE))
def _(made: SmallCenter) -> None:
    row = Course.get(Course.code == "NEW")
    catalog.edit_course(made.admin, row.id, row.version, catalog.CourseDraft("NEW", "Newer course", 12_000, 1))


@scenario("catalog.add_product")
def _(made: SmallCenter) -> Any:
    return catalog.add_product(made.admin, _PRODUCT)


@scenario("catalog.edit_product", before=lambda made: catalog.add_product(made.admin, _PRODUCT))
def _(made: SmallCenter) -> None:
    row = Product.get(Product.code == "NEW")
    draft = catalog.ProductDraft("NEW", "Newer book", 1_100, 2, stock=row.stock)
    catalog.edit_product(made.admin, row.id, row.version, draft)


@scenario("catalog.restock")
def _(made: SmallCenter) -> None:
    catalog.restock(made.admin, made.book, 10)


@scenario("catalog.add_resource")
def _(made: SmallCenter) -> Any:
    return catalog.add_resource(made.admin, catalog.ResourceDraft("Room 2", seats=8))


@scenario("catalog.edit_resource")
def _(made: SmallCenter) -> None:
    row = Resource.get_by_id(made.room)
    catalog.edit_resource(made.admin, row.id, row.version, catalog.ResourceDraft("Room 1a", seats=12))


@scenario("center.found", empty=True)
def _(made: SmallCenter) -> Any:
    return center.found(Center(name="New center"), "Ingrid", "Maurer")


@scenario("center.save")
def _(made: SmallCenter) -> None:
    center.save(made.admin, Center(**{**center.load().__dict__, "phone": "+43 1 555 01 00", "due_days": 30}))


@scenario("center.add_tax_rate")
def _(made: SmallCenter) -> Any:
    return center.add_tax_rate(made.admin, center.TaxRateDraft("Lodging", "S", 1300))


@scenario("center.switch_tax_rate")
def _(made: SmallCenter) -> None:
    center.switch_tax_rate(made.admin, TaxRate.get(TaxRate.rate_bp == 0).id, available=False)


@scenario("arranging.arrange")
def _(made: SmallCenter) -> None:
    arranging.arrange(made.staff, ("name", "phone", "balance"), "-balance")


def _save_view(made: SmallCenter) -> None:
    arranging.save_view(made.staff, arranging.View("Owing", "ana", ("owes",), ("name", "balance"), "-balance"))


scenario("arranging.save_view")(_save_view)


@scenario("arranging.rename_view", before=_save_view)
def _(made: SmallCenter) -> None:
    arranging.rename_view(made.staff, "Owing", "Debts")


@scenario("arranging.remove_view", before=_save_view)
def _(made: SmallCenter) -> None:
    arranging.remove_view(made.staff, "Owing")


@scenario("notifications.mark_read")
def _(made: SmallCenter) -> None:
    notifications.mark_read(made.admin, [row.id for row in Notification.select().limit(5)])


@scenario("notifications.mark_done")
def _(made: SmallCenter) -> None:
    notifications.mark_done(made.admin, Notification.get().id)


@scenario("notifications.assign")
def _(made: SmallCenter) -> None:
    notifications.assign(made.admin, Notification.get().id, made.staff.user_id)


@scenario("notifications.snooze")
def _(made: SmallCenter) -> None:
    notifications.snooze(made.admin, Notification.get().id, clock.stamp(NOW + timedelta(days=1)))


def _choose_place(made: SmallCenter) -> None:
    place = made.folder.parent / "stick"
    place.mkdir(exist_ok=True)
    keeping.set_second_place(made.admin, str(place))


scenario("keeping.set_second_place")(_choose_place)


@scenario("keeping.second_place_seen", before=_choose_place, later=1)
def _(made: SmallCenter) -> None:
    keeping.second_place_seen(SYSTEM)


@scenario("keeping.remind_of_second_place", before=_choose_place, later=5)
def _(made: SmallCenter) -> None:
    assert keeping.remind_of_second_place(SYSTEM)


@scenario("keeping.report_unsound")
def _(made: SmallCenter) -> None:
    assert keeping.report_unsound(SYSTEM, "a rule is broken")


# -- the mail queue


@scenario("queue.write_mail")
def _(made: SmallCenter) -> Any:
    return queue.write_mail(made.staff, made.student, "Ana Satler", "ana@mail.example", "Hello", "See you.")


@scenario("queue.write_mails")
def _(made: SmallCenter) -> Any:
    to = [(made.student, "Ana Satler", "ana@mail.example"), (made.other_student, "Łukasz", "l@mail.example")]
    return queue.write_mails(made.staff, to, "Hello", "See you.")


scenario("queue.build")(_build)


@scenario("queue.claim", before=_build)
def _(made: SmallCenter) -> None:
    assert len(queue.claim("test", limit=3)) == 3


@scenario("queue.mark_final_dot", before=_claim)
def _(made: SmallCenter) -> None:
    queue.mark_final_dot(_mail("sending"))


@scenario("queue.settle", before=_leave)
def _(made: SmallCenter) -> None:
    queue.settle(_mail("sending"), Outcome("uncertain", "dot", "the line broke"), clock.stamp())


@scenario("queue.give_back", before=_claim)
def _(made: SmallCenter) -> None:
    queue.give_back([row.id for row in MailQueue.select().where(MailQueue.state == "sending")], "test")


@scenario("queue.recover", before=_leave)
def _(made: SmallCenter) -> None:
    assert queue.recover(everything=True) == 3


@scenario("queue.retry_now")
def _(made: SmallCenter) -> None:
    queue.retry_now(made.staff, _mail("failed"))


@scenario("queue.hold")
def _(made: SmallCenter) -> None:
    queue.hold(made.staff, _mail("queued"))


@scenario("queue.cancel")
def _(made: SmallCenter) -> None:
    queue.cancel(made.staff, _mail("queued"))


@scenario("queue.edit_address")
def _(made: SmallCenter) -> Any:
    return queue.edit_address(made.staff, _mail("failed"), "right@mail.example")


@scenario("queue.resolve_uncertain")
def _(made: SmallCenter) -> None:
    queue.resolve_uncertain(made.staff, _mail("uncertain"), arrived=False)


@scenario("queue.save_account")
def _(made: SmallCenter) -> Any:
    return queue.save_account(made.admin, queue.AccountDraft("mail.example", from_address="desk@mail.example"))


# -- the way back, repairs, lists


def last() -> int:
    """The last operation."""
    return int(Operation.select(Operation.id).order_by(Operation.id.desc()).limit(1).scalar())


@scenario("undo.undo", before=SCENARIOS["people.edit_student"].do)
def _(made: SmallCenter) -> Any:
    return undo.undo(made.admin, last())


@scenario("undo.undo of seats", before=SCENARIOS["scheduling.cancel_slot"].do)
def _(made: SmallCenter) -> Any:
    return undo.undo(made.admin, last())


@scenario("undo.undo of money", before=SCENARIOS["payments.complete"].do, about_money=True)
def _(made: SmallCenter) -> Any:
    return undo.undo(made.admin, last())


@scenario("records.bring_back", before=SCENARIOS["people.edit_student"].do)
def _(made: SmallCenter) -> Any:
    return records.bring_back(made.staff, "users", made.student, records.moments("users", made.student)[1].change_id)


@scenario(
    "repairs.repair",
    before=lambda made: breaking(store.db.connection(), "UPDATE slots SET seats_taken = seats_taken + 1"),
)
def _(made: SmallCenter) -> None:
    for _kind, error in repairs.repair(made.admin).failed:
        raise error


def _list(made: SmallCenter) -> Path:
    return made.folder.parent / "people.csv"


def _write_list(made: SmallCenter) -> None:
    with _list(made).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [
                ("First name", "Last name", "Email", "Phone"),
                ("Ana", "Satler", "ana.satler@mail.example", "+43 1 999"),
                *(("Mai", f"Le {number}", f"mai-{number}@mail.example", "") for number in range(3)),
            ]
        )


@scenario("importing.import_students", before=_write_list)
def _(made: SmallCenter) -> None:
    table = reading.read(_list(made))
    done = importing.import_students(made.staff, checking.plan(table, columns.guess(table)), update=True)
    assert (done.added, done.changed) == (3, 1)


def _bring_list_in(made: SmallCenter) -> None:
    _write_list(made)
    SCENARIOS["importing.import_students"].do(made)


@scenario("undo.undo of a list", before=_bring_list_in)
def _(made: SmallCenter) -> Any:
    return undo.undo(made.admin, last())


def lay_ground(folder: Path, one: Scenario, ground: SmallCenter) -> SmallCenter:
    """Bring the folder, which holds a closed ground, to the moment before a scenario, and close it again."""
    here = replace(ground, folder=folder)
    with clock.frozen(NOW):
        if one.empty:
            paths.data_file(folder).unlink()
            store.open_center(folder, create=True)
        else:
            store.open_center(folder)
        try:
            if one.before is not None:
                one.before(here)
        finally:
            store.close_center()
    return here


# The scenarios of a topic stand in a file of their own, which needs what is above.
from tests.support import (  # noqa: E402, F401
    writers_billing,
    writers_changes,
    writers_money,
    writers_notes,
    writers_papers,
    writers_payers,
    writers_prices,
)
