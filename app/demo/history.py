"""The story of the demo center: events in the order of their time, each done by the desk's own function."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from itertools import count

from app import clock, store
from app.demo.names import MadeUp, people
from app.desk import catalog, center, enrollment, notifications, papers, payments, refunds, scheduling, seats, till
from app.desk import people as desk_people
from app.desk.accounts import Actor
from app.errors import UserError
from app.mail import queue
from app.mail.smtp import Outcome
from app.settings import Center
from app.store import search
from app.store.models import (
    Course,
    MailQueue,
    Notification,
    NotificationRecipient,
    SlotEnrolled,
    TaxRate,
    Timeline,
    User,
)

#: So many students have a story; more are people on the roster.
BUSY = 300
WEEKS_BEFORE, WEEKS_AFTER = 5, 5

CENTER = Center(
    name="Brückenhaus Training Center",
    legal_name="Brückenhaus Training Center GmbH",
    address="Glockengasse 14\n1020 Wien\nAustria",
    email="desk@brueckenhaus.example",
    phone="+43 1 555 01 40",
    tax_id="ATU 7312 5508",
    register_line="Company register FN 512 345 k, Handelsgericht Wien · Director: Dr. Ingrid Maurer",
    iban="AT61 1904 3002 3457 3201",
)
_STAFF = (
    ("Marta", "Kowalczyk", "staff"), ("Jonas", "Leitner", "admin"), ("Jürgen", "Groß", "instructor"),
    ("Amélie", "Dubois", "instructor"), ("Ivana", "Čović", "instructor"), ("نادر", "سليم", "instructor"),
    ("Sabine", "Pichler", "instructor"), ("Rory", "O’Connor", "instructor"), ("Marcel", "Steiner", "instructor"),
)  # fmt: skip
_ROOMS = (
    ("Room 1", "room", 14), ("Room 2", "room", 12), ("Room 3", "room", 12), ("Room 4", "room", 10),
    ("Hall", "room", 16),
    ("Sim lab", "room", 6), ("Yard", "room", 8), ("Car 1", "vehicle", None), ("Car 2", "vehicle", None),
)  # fmt: skip
#: code, name, category, icon, price, tax (standard or exempt), theory and practical minutes, minimum age
_COURSES = (
    ("B-T", "Driving B Theory", "driving", "car", 33000, "S", 720, 0, 17),
    ("B-L", "Driving lesson", "driving", "car", 6600, "S", 0, 50, 17),
    ("HAZ", "Hazard perception", "driving", "traffic-cone", 9800, "S", 270, 0, 17),
    ("A2", "German A2", "language", "languages", 48000, "E", 2160, 0, None),
    ("B1", "German B1 Intensive", "language", "languages", 64000, "E", 3600, 0, None),
    ("EN-B2", "English B2 exam prep", "exam", "book-open", 39000, "E", 1080, 0, None),
    ("AR1", "Arabic", "language", "languages", 36000, "E", 1080, 0, None),
    ("FA", "First aid", "safety", "heart-pulse", 7200, "S", 240, 0, 16),
    ("FORK", "Forklift permit", "safety", "heart-pulse", 32000, "S", 480, 0, 18),
)
_PRODUCTS = (
    ("HB", "Highway Code handbook, 2026 edition", "physical", 2400, "R", 140, True),
    ("B1-BK", "German B1 course book", "physical", 2800, "R", 60, False),
    ("EXAM", "Exam fee", "digital", 1100, "S", None, True),
    ("REG", "Registration", "digital", 2500, "S", None, True),
    ("APP", "Practice questions, online", "digital", 1900, "S", None, False),
)
#: course, name, weekdays, time, minutes, room, capacity, instructor
_SESSIONS = (
    ("A2", "German A2 Morning", (1, 2, 3, 4), "08:00", 90, "Room 3", 12, "Pichler"),
    ("B-T", "Driving B Theory", (2, 4), "09:00", 90, "Room 1", 14, "Groß"),
    ("B1", "German B1 Intensive", (2, 4, 5), "09:30", 90, "Room 2", 12, "Dubois"),
    ("B-T", "Driving B Theory evening", (1, 3), "17:30", 120, "Room 1", 14, "Groß"),
    ("EN-B2", "English B2 exam prep", (2, 4), "11:15", 90, "Room 4", 10, "O’Connor"),
    ("AR1", "Arabic", (1, 2, 5), "14:30", 90, "Room 3", 12, "سليم"),
    ("HAZ", "Hazard perception", (1, 2), "13:00", 90, "Sim lab", 6, "Čović"),
    ("FA", "First aid day", (6,), "09:00", 240, "Hall", 16, "Steiner"),
    ("FORK", "Forklift permit", (3,), "14:00", 120, "Yard", 8, "Steiner"),
    ("B1", "German B1 evening", (1, 3), "18:00", 120, "Room 2", 11, "Dubois"),
    ("B-L", "Driving lesson", (2, 3, 4), "12:00", 50, "Car 2", 1, "Čović"),
)


def write(rng: random.Random, students: int, now: datetime, progress: Callable[[int, int], None]) -> None:
    """Fill the open, empty file."""
    _Story(rng, now).tell(min(students, BUSY), progress)
    if students > BUSY:
        _roster(rng, students - BUSY, now, progress)


class _Story:
    """Events by time. Each is a call at the desk under a clock that says when it was."""

    def __init__(self, rng: random.Random, now: datetime) -> None:
        self.rng, self.now = rng, now
        self.today = clock.local_date(CENTER.zone, now)
        self.first_day = self.today - timedelta(weeks=WEEKS_BEFORE)
        self.events: list[tuple[datetime, int, Callable[[], None]]] = []
        self.order = count()
        self.ids: dict[str, int] = {}
        self.slots: dict[str, list[tuple[str, int]]] = {}

    def at(self, moment: datetime, act: Callable[[], None]) -> None:
        """Something happens at a moment that is not ahead of now."""
        if moment <= self.now:
            heapq.heappush(self.events, (moment, next(self.order), act))

    def local(self, day: date, hour: int, minute: int = 0) -> datetime:
        """A wall time at the center, as a moment."""
        return clock.wall_to_utc(datetime.combine(day, time(hour, minute)), CENTER.zone, 0)

    def tell(self, students: int, progress: Callable[[int, int], None]) -> None:
        """Open the center, let everybody in, and work the events off."""
        with clock.frozen(self.local(self.first_day - timedelta(days=7), 7)):
            self._open()
        made = people(self.rng, students)
        for number, person in enumerate(made):
            day = self._working_day(self.first_day, self.today - timedelta(days=1))
            self.at(self.local(day, self.rng.randint(9, 15), self.rng.randint(0, 59)), self._arrival(person, number))
        day = self.first_day
        while day <= self.today:
            if day.isoweekday() < 7:
                self.at(self.local(day, 8, 2), lambda: self._open_till())
                self.at(self.local(day, 21), lambda: self._close_day())
            day += timedelta(days=1)
        # What happens late today happens a moment ago instead, so that the desk looks alive at any hour.
        self.at(self.now - timedelta(minutes=40), self._today)
        done = 0
        while self.events:
            moment, _number, act = heapq.heappop(self.events)
            with clock.frozen(moment):
                act()
            done += 1
            if done % 50 == 0:
                progress(done, done + len(self.events))
        with clock.frozen(self.now):
            self._end()

    def _working_day(self, first: date, last: date) -> date:
        while True:
            day = first + timedelta(days=self.rng.randint(0, max((last - first).days, 0)))
            if day.isoweekday() < 6 or first == last:
                return day

    # -- the ground

    def _open(self) -> None:
        admin = center.found(CENTER, "Ingrid", "Maurer")
        self.admin = Actor(admin, "super_admin")
        for first, last, role in _STAFF:
            self.ids[last] = desk_people.add_staff(self.admin, desk_people.StaffDraft(first, last, role))
        self.staff = Actor(self.ids["Kowalczyk"], "staff")
        self.company = desk_people.add_payer(
            self.staff,
            desk_people.PayerDraft(
                "Alpen Logistik GmbH", "company", "accounts@alpen-logistik.example", "", "Hafenstraße 31\n4020 Linz",
                "ATU 6843 2190",
            ),
        )  # fmt: skip
        rates = {
            "S": TaxRate.get(TaxRate.rate_bp == 2000).id,
            "R": TaxRate.get(TaxRate.rate_bp == 1000).id,
            "E": TaxRate.get(TaxRate.category == "E").id,
        }
        for name, kind, size in _ROOMS:
            self.ids[name] = catalog.add_resource(self.admin, catalog.ResourceDraft(name=name, kind=kind, seats=size))
        for code, name, category, icon, price, tax, theory, practical, age in _COURSES:
            self.ids[code] = catalog.add_course(
                self.admin,
                catalog.CourseDraft(
                    code=code, name=name, category=category, icon=icon, price_minor=price, tax_rate_id=rates[tax],
                    theory_minutes=theory, practical_minutes=practical, minimum_age=age,
                ),
            )  # fmt: skip
        for code, name, kind, price, tax, stock, often in _PRODUCTS:
            self.ids[code] = catalog.add_product(
                self.admin,
                catalog.ProductDraft(
                    code=code, name=name, kind=kind, price_minor=price, tax_rate_id=rates[tax], stock=stock,
                    often_sold=often,
                ),
            )  # fmt: skip
        last_day = self.today + timedelta(weeks=WEEKS_AFTER)
        for code, name, weekdays, begin, minutes, room, capacity, teacher in _SESSIONS:
            session = scheduling.plan_session(
                self.admin,
                scheduling.SessionDraft(
                    course_id=self.ids[code], name=name, class_type="practical" if code == "B-L" else "theory",
                    session_type="individual" if capacity == 1 else "group", start_date=self.first_day.isoformat(),
                    end_date=last_day.isoformat(), weekdays=weekdays, start_time=begin, duration_minutes=minutes,
                    capacity=capacity, resource_id=self.ids[room], instructor_ids=(self.ids[teacher],),
                ),
            )  # fmt: skip
            for slot in scheduling.slots_of(session):
                self.slots.setdefault(code, []).append((slot.start_utc, slot.id))
                self.at(clock.parse_stamp(slot.end_utc), self._attendance(slot.id))

    # -- people

    def _arrival(self, person: MadeUp, number: int) -> Callable[[], None]:
        def act() -> None:
            status = "applicant" if number % 23 == 7 else "active"
            student = desk_people.add_student(
                self.staff,
                desk_people.StudentDraft(
                    person.first_name, person.last_name, person.email, person.phone, person.date_of_birth,
                    payer_id=self.company if number % 31 == 3 else None, status=status,
                ),
            )  # fmt: skip
            if number % 29 == 11:
                desk_people.add_note(self.staff, student, "Prefers Car 2 (automatic).", pinned=True)
            code = self.rng.choices([course[0] for course in _COURSES], weights=[7, 3, 1, 3, 4, 2, 2, 3, 1], k=1)[0]
            later = clock.now() + timedelta(minutes=6)
            self.at(later, self._enrollment(student, code, number))
            if number % 5 == 2:
                second = "FA" if code != "FA" else "EN-B2"
                self.at(later + timedelta(minutes=9), self._enrollment(student, second, number + 1))

        return act

    def _enrollment(self, student: int, code: str, number: int) -> Callable[[], None]:
        def act() -> None:
            course = Course.get_by_id(self.ids[code])
            today = clock.local_date(CENTER.zone)
            plan = (
                enrollment.plan(course.price_minor, 3, today.isoformat())
                if number % 6 == 4 and course.price_minor > 30_000
                else ()
            )
            try:
                made = enrollment.enroll(
                    self.staff,
                    enrollment.EnrollmentDraft(student_id=student, course_id=course.id, installments=plan),
                )
            except UserError:
                return  # too young for this course, as it happens at a desk
            self._book(student, code)
            wish = number % 10
            if wish != 9:
                self.at(clock.now() + timedelta(minutes=4), self._payment(student, made, wish, number))

        return act

    def _book(self, student: int, code: str) -> None:
        now = clock.stamp()
        wanted = {"B-L": 2, "FA": 1, "FORK": 4}.get(code, 8)
        coming = sorted(slot for slot in self.slots.get(code, []) if slot[0] > now)
        skip = self.rng.randint(0, 2)
        for _start, slot in coming[skip : skip + wanted]:
            try:
                seats.book(self.staff, slot, student)
            except UserError as error:
                if error.key == "seats.full" and self.rng.random() < 0.12:
                    seats.wait(self.staff, slot, student)

    def _payment(self, student: int, enrolled: int, wish: int, number: int) -> Callable[[], None]:
        def act() -> None:
            dues = [line for line in payments.owed(student) if line.enrollment_id == enrolled]
            if not dues:
                return
            first = dues[0]
            amount = first.open_minor
            sales = (enrollment.SaleItem(self.ids["HB"]),) if number % 4 == 1 else ()
            price = 2400 if sales else 0
            if wish == 8:
                amount = max(100, amount // 2)
            extra = 4500 if number % 37 == 5 else 0
            method = self.rng.choices(["cash", "card", "transfer", "check"], [4, 6, 2, 0.3])[0]
            total = amount + price + extra
            self._pay(
                f"demo-{number}-{enrolled}",
                student,
                method,
                total,
                (payments.PayLine(enrolled, None, first.installment_id, amount),),
                sales,
                fails=number % 17 == 6,
            )

        return act

    def _pay(
        self,
        key: str,
        student: int,
        method: str,
        total: int,
        lines: tuple[payments.PayLine, ...],
        sales: tuple[enrollment.SaleItem, ...] = (),
        fails: bool = False,
    ) -> int:
        """Take a payment; a card that is refused is tried once more."""
        given = -(-total // 1000) * 1000 if method == "cash" else None
        if fails:
            refused = payments.start(self.staff, payments.PaymentDraft(f"{key}-x", student, "card", total, lines))
            payments.fail(self.staff, refused, "Card refused by the terminal")
        payment = payments.start(
            self.staff, payments.PaymentDraft(key, student, method, total, lines, sales, given_minor=given)
        )
        payments.complete(self.staff, payment)
        if self.rng.random() < 0.02:
            refunds.refund(self.staff, payment, min(total, 1500), "Left the first unit out", f"{key}-refund")
        return payment

    # -- the days

    def _attendance(self, slot_id: int) -> Callable[[], None]:
        def act() -> None:
            booked = SlotEnrolled.select().where(SlotEnrolled.slot_id == slot_id, SlotEnrolled.status == "booked")
            for seat in list(booked.order_by(SlotEnrolled.id)):
                seats.mark(self.staff, seat.id, "attended" if self.rng.random() < 0.9 else "absent")

        return act

    def _open_till(self) -> None:
        till.open_till(self.staff, 20_000)

    def _close_day(self) -> None:
        state = till.current()
        if state is not None:
            till.close_till(self.staff, state.expected_minor)
        self._mails(keep=0)
        old = Notification.select(Notification.id).where(Notification.done_at.is_null())
        with store.write("Work the inbox off", self.admin) as w:
            for row in list(old):
                w.update(Notification, row.id, done_at=w.now, done_by=self.admin.user_id)
            unread = NotificationRecipient.select(NotificationRecipient.id).where(
                NotificationRecipient.read_at.is_null()
            )
            for seen in list(unread):
                w.update(NotificationRecipient, seen.id, read_at=w.now)

    def _mails(self, keep: int) -> None:
        """What is due goes out, all but the newest `keep`."""
        sender = "Brückenhaus Training Center <desk@brueckenhaus.example>"
        while queue.build(sender, papers.resolve, limit=200):
            pass
        due = MailQueue.select().where(MailQueue.state == "queued", MailQueue.tries == 0).count()
        for mail in queue.claim("demo", limit=max(due - keep, 0)) if due > keep else []:
            queue.settle(mail.id, Outcome("sent", "dot", "250 2.0.0 OK queued"), clock.stamp())

    def _today(self) -> None:
        """The morning at the desk: payments by every method, one that waits, and a mail that came back."""
        if till.current() is None:
            till.open_till(self.staff, 20_000)
        till.move(self.staff, "paid_out", 1_900, "stamps")
        owing = list(User.select().where(User.balance_minor > 0).order_by(User.id.desc()).limit(12))
        for number, student in enumerate(owing):
            line = payments.owed(student.id)[0]
            part = line.open_minor if number % 3 else min(line.open_minor, 12_000)
            method = ("cash", "card", "card", "transfer")[number % 4]
            chosen = (payments.PayLine(line.enrollment_id, line.product_enrolled_id, line.installment_id, part),)
            if number == 11:
                payments.start(self.staff, payments.PaymentDraft("demo-open", student.id, "transfer", part, chosen))
            else:
                self._pay(f"demo-today-{number}", student.id, method, part, chosen)

    def _end(self) -> None:
        """What waits right now: mails in every state, seats on hold, the till open."""
        self._mails(keep=9)
        waiting = queue.claim("demo", limit=3)
        for mail, outcome in zip(
            waiting,
            (
                Outcome("failed", "rcpt", "550 5.1.1 address does not exist"),
                Outcome("uncertain", "dot", "Connection unexpectedly closed"),
                Outcome("deferred", "rcpt", "451 4.7.1 greylisted, try again later"),
            ),
            strict=False,
        ):
            queue.settle(mail.id, outcome, clock.stamp())
        self._holds()
        on_hold = list(User.select().where(User.role == "student", User.balance_minor > 0).order_by(User.id).limit(6))
        for student in on_hold[::2]:
            facts = desk_people.StudentDraft(
                student.first_name, student.last_name, student.email or "", student.phone or "",
                student.date_of_birth, status="on_hold", payer_id=student.payer_id,
            )  # fmt: skip
            desk_people.edit_student(self.staff, student.id, student.version, facts)
        notes = Notification.select(Notification.id).where(Notification.done_at.is_null()).order_by(Notification.id)
        for row in list(notes)[:6]:
            notifications.mark_read(self.admin, [row.id])
        seats.roll_forward()

    def _holds(self) -> None:
        students = list(User.select().where(User.role == "student").order_by(User.id.desc()).limit(40))
        coming = sorted(slot for slots in self.slots.values() for slot in slots if slot[0] > clock.stamp())
        for (_start, slot), student in zip(coming[:12:2], students, strict=False):
            try:
                seats.hold(self.staff, slot, student.id, minutes=240)
            except UserError:
                continue


def _roster(rng: random.Random, more: int, now: datetime, progress: Callable[[int, int], None]) -> None:
    """Many more people, by the store's fast road: on the roster, with the entry and the notification of their day."""
    admin = Actor(int(User.get(User.role == "super_admin").id), "super_admin")
    top = int(User.select(User.id).order_by(User.id.desc()).limit(1).scalar())
    chunk = 20_000
    with clock.frozen(now):
        for start in range(0, more, chunk):
            made = people(rng, min(chunk, more - start))
            with store.write("Bring in people", admin) as w:
                rows = []
                series = w.reserve_numbers("student", len(made)) - start
                for number, person in enumerate(made, start=start):
                    rows.append(
                        {
                            "id": top + 1 + number,
                            "number": f"S-{series + number:06d}",
                            "role": "student",
                            "status": "inactive" if rng.random() < 0.7 else "active",
                            "first_name": person.first_name,
                            "last_name": person.last_name,
                            "email": person.email,
                            "phone": person.phone,
                            "date_of_birth": person.date_of_birth,
                        }
                    )
                w.insert_many(User, rows)
                w.insert_many(
                    Timeline,
                    [
                        {
                            "user_id": row["id"],
                            "actor_id": admin.user_id,
                            "key": "people.added",
                            "params": "{}",
                            "subject_table": "users",
                            "subject_id": row["id"],
                        }
                        for row in rows
                    ],
                )
                search.index_many(w.connection, rows)
            progress(start + len(made), more)
