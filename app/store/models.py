"""The tables of a center as peewee models: columns and nothing else, no behavior.

The schema itself is the migrations'; a test holds the two together. References are plain integer columns: a
model that loads a related row by itself would query behind the reader's back, on whatever thread it is on.
"""

from __future__ import annotations

from peewee import AutoField, BlobField, IntegerField, Model, TextField

from app.store.database import db


class Base(Model):
    """Binds every model to the one open file."""

    class Meta:
        database = db
        legacy_table_names = False


class Row(Base):
    """What every business row carries: identity, version for guarded updates, stamps and who."""

    id = AutoField()
    uid = TextField()
    version = IntegerField()
    created_at = TextField()
    updated_at = TextField()
    created_by = IntegerField(null=True)
    updated_by = IntegerField(null=True)


class User(Row):
    """A person: student, instructor, staff, admin or super admin."""

    number = TextField(null=True)
    role = TextField()
    status = TextField()
    merged_into = IntegerField(null=True)
    first_name = TextField()
    last_name = TextField()
    email = TextField(null=True)
    phone = TextField(null=True)
    date_of_birth = TextField(null=True)
    address = TextField()
    language = TextField()
    emergency_name = TextField()
    emergency_phone = TextField()
    payer_id = IntegerField(null=True)
    password_hash = TextField(null=True)
    balance_minor = IntegerField()
    next_slot_id = IntegerField(null=True)
    next_slot_at = TextField(null=True)
    next_slot_as_of = TextField(null=True)
    erased_at = TextField(null=True)

    class Meta:
        table_name = "users"


class Payer(Row):
    """Who pays when it is not the student: a guardian or a company."""

    name = TextField()
    kind = TextField()
    email = TextField(null=True)
    phone = TextField(null=True)
    address = TextField()
    tax_id = TextField()
    language = TextField()
    status = TextField()

    class Meta:
        table_name = "payers"


class TaxRate(Row):
    """A tax category (EN 16931 code) with its rate in basis points."""

    name = TextField()
    category = TextField()
    rate_bp = IntegerField()
    exemption_reason = TextField()
    status = TextField()

    class Meta:
        table_name = "tax_rates"


class Course(Row):
    """Something taught."""

    code = TextField()
    name = TextField()
    category = TextField()
    icon = TextField()
    description = TextField()
    price_minor = IntegerField()
    tax_rate_id = IntegerField()
    theory_minutes = IntegerField()
    practical_minutes = IntegerField()
    unit_minutes = IntegerField()
    minimum_age = IntegerField(null=True)
    prerequisite_id = IntegerField(null=True)
    status = TextField()

    class Meta:
        table_name = "courses"


class CourseEnrolled(Row):
    """A student's purchase of a course; `gross_minor` is the price agreed."""

    number = TextField()
    student_id = IntegerField()
    course_id = IntegerField()
    payer_id = IntegerField(null=True)
    session_id = IntegerField(null=True)
    enrolled_on = TextField()
    quoted = TextField()
    list_price_minor = IntegerField()
    discount_minor = IntegerField()
    discount_reason = TextField()
    tax_category = TextField()
    rate_bp = IntegerField()
    exemption_reason = TextField()
    net_minor = IntegerField()
    tax_minor = IntegerField()
    gross_minor = IntegerField()
    status = TextField()
    theory_done_minutes = IntegerField()
    practical_done_minutes = IntegerField()
    progress_bp = IntegerField()
    completed_on = TextField(null=True)
    canceled_on = TextField(null=True)
    cancel_reason = TextField()
    discount_rule_id = IntegerField(null=True)
    waived_minor = IntegerField()
    moved_from = IntegerField(null=True)

    class Meta:
        table_name = "courses_enrolled"


class Product(Row):
    """Something sold: book, kit, exam fee, digital pack. Only physical ones have stock."""

    code = TextField()
    name = TextField()
    kind = TextField()
    price_minor = IntegerField()
    tax_rate_id = IntegerField()
    stock = IntegerField(null=True)
    often_sold = IntegerField()
    status = TextField()

    class Meta:
        table_name = "products"


class ProductEnrolled(Row):
    """A student's purchase of a product; `gross_minor` is the price agreed."""

    number = TextField()
    student_id = IntegerField()
    product_id = IntegerField()
    payer_id = IntegerField(null=True)
    sold_on = TextField()
    quantity = IntegerField()
    quoted = TextField()
    list_price_minor = IntegerField()
    discount_minor = IntegerField()
    discount_reason = TextField()
    tax_category = TextField()
    rate_bp = IntegerField()
    exemption_reason = TextField()
    net_minor = IntegerField()
    tax_minor = IntegerField()
    gross_minor = IntegerField()
    status = TextField()
    canceled_on = TextField(null=True)
    cancel_reason = TextField()
    discount_rule_id = IntegerField(null=True)
    waived_minor = IntegerField()

    class Meta:
        table_name = "product_enrolled"


class DiscountRule(Row):
    """When a price is lowered, by how much (an amount in minor units or basis points), and how often."""

    name = TextField()
    applies_to = TextField()
    amount_minor = IntegerField()
    percent_bp = IntegerField()
    code = TextField(null=True)
    payer_id = IntegerField(null=True)
    course_id = IntegerField(null=True)
    first_on = TextField(null=True)
    last_on = TextField(null=True)
    most_uses = IntegerField(null=True)
    most_uses_each = IntegerField(null=True)
    status = TextField()

    class Meta:
        table_name = "discount_rules"


class Quote(Row):
    """A price of a course offered to a student, frozen until it expires."""

    number = TextField()
    student_id = IntegerField()
    course_id = IntegerField()
    payer_id = IntegerField(null=True)
    discount_rule_id = IntegerField(null=True)
    quoted = TextField()
    list_price_minor = IntegerField()
    discount_minor = IntegerField()
    discount_reason = TextField()
    tax_category = TextField()
    rate_bp = IntegerField()
    exemption_reason = TextField()
    net_minor = IntegerField()
    tax_minor = IntegerField()
    gross_minor = IntegerField()
    quoted_on = TextField()
    expires_on = TextField()
    status = TextField()
    enrollment_id = IntegerField(null=True)

    class Meta:
        table_name = "quotes"


class Promise(Row):
    """By when somebody said they would pay what is owed for a student."""

    student_id = IntegerField()
    payer_id = IntegerField(null=True)
    said_on = TextField()
    pay_on = TextField()
    amount_minor = IntegerField()
    note = TextField()
    status = TextField()

    class Meta:
        table_name = "promises"


class Till(Row):
    """A drawer from opening to cash-up."""

    name = TextField()
    status = TextField()
    opened_at = TextField()
    opened_by = IntegerField(null=True)
    float_minor = IntegerField()
    closed_at = TextField(null=True)
    closed_by = IntegerField(null=True)
    counted_minor = IntegerField(null=True)
    expected_minor = IntegerField(null=True)

    class Meta:
        table_name = "tills"


class TillMove(Row):
    """Money put into or taken out of a drawer that is no payment."""

    till_id = IntegerField()
    kind = TextField()
    amount_minor = IntegerField()
    reason = TextField()

    class Meta:
        table_name = "till_moves"


class Payment(Row):
    """One attempt to pay by one means, kept for ever."""

    number = TextField()
    request_key = TextField()
    student_id = IntegerField()
    payer_id = IntegerField(null=True)
    method = TextField()
    status = TextField()
    payment_type = TextField()
    amount_minor = IntegerField()
    currency = TextField()
    given_minor = IntegerField(null=True)
    reference = TextField()
    note = TextField()
    refund_of = IntegerField(null=True)
    tender_group = TextField(null=True)
    till_id = IntegerField(null=True)
    desk = TextField()
    draft = TextField()
    reason = TextField()
    started_at = TextField()
    settled_at = TextField(null=True)
    settled_on = TextField(null=True)

    class Meta:
        table_name = "payments"


class Invoice(Row):
    """A numbered, frozen document."""

    series = TextField()
    number = IntegerField()
    label = TextField()
    kind = TextField()
    refers_to = IntegerField(null=True)
    is_full = IntegerField()
    student_id = IntegerField()
    payer_id = IntegerField(null=True)
    buyer_name = TextField()
    language = TextField()
    currency = TextField()
    issued_at = TextField()
    issued_on = TextField()
    service_from = TextField(null=True)
    service_to = TextField(null=True)
    due_on = TextField()
    net_minor = IntegerField()
    tax_minor = IntegerField()
    gross_minor = IntegerField()
    snapshot = TextField()
    document_hash = TextField()
    layout_version = IntegerField()

    class Meta:
        table_name = "invoices"


#: Positions of installments above this are of no plan: they only keep a row that a frozen document points at.
OFF_PLAN = 1000


class Installment(Row):
    """A part of the price of an enrollment and the date it is due; above `OFF_PLAN`, one that left the plan."""

    enrollment_id = IntegerField()
    position = IntegerField()
    due_on = TextField()
    amount_minor = IntegerField()

    class Meta:
        table_name = "installments"


class InvoiceLine(Row):
    """A line of a frozen document; it points at what was bought."""

    invoice_id = IntegerField()
    position = IntegerField()
    student_id = IntegerField()
    enrollment_id = IntegerField(null=True)
    product_enrolled_id = IntegerField(null=True)
    installment_id = IntegerField(null=True)
    title = TextField()
    detail = TextField()
    quantity = IntegerField()
    unit = TextField()
    quoted = TextField()
    unit_net_minor = IntegerField()
    tax_category = TextField()
    rate_bp = IntegerField()
    exemption_reason = TextField()
    net_minor = IntegerField()
    tax_minor = IntegerField()
    gross_minor = IntegerField()

    class Meta:
        table_name = "invoice_lines"


class StudentPayment(Row):
    """Money of a COMPLETED payment put to use for one student; direction -1 takes it back."""

    payment_id = IntegerField()
    student_id = IntegerField()
    enrollment_id = IntegerField(null=True)
    product_enrolled_id = IntegerField(null=True)
    installment_id = IntegerField(null=True)
    invoice_id = IntegerField()
    amount_minor = IntegerField()
    direction = IntegerField()
    reverses_id = IntegerField(null=True)
    method = TextField()

    class Meta:
        table_name = "student_payments"


class Resource(Row):
    """A room, a vehicle or a piece of equipment."""

    name = TextField()
    kind = TextField()
    quantity = IntegerField()
    seats = IntegerField(null=True)
    status = TextField()

    class Meta:
        table_name = "resources"


class Availability(Row):
    """When an instructor can, or cannot, teach: a weekday or one date."""

    instructor_id = IntegerField()
    weekday = IntegerField(null=True)
    on_date = TextField(null=True)
    from_time = TextField()
    to_time = TextField()
    is_open = IntegerField()
    reason = TextField()

    class Meta:
        table_name = "availability"


class Closure(Row):
    """Days on which the center is closed."""

    name = TextField()
    starts_on = TextField()
    ends_on = TextField()

    class Meta:
        table_name = "closures"


class Session(Row):
    """A planned run of teaching."""

    course_id = IntegerField()
    name = TextField()
    class_type = TextField()
    session_type = TextField()
    start_date = TextField()
    end_date = TextField()
    recurrence = TextField()
    weekdays = TextField()
    picked_dates = TextField()
    start_time = TextField()
    duration_minutes = IntegerField()
    capacity = IntegerField()
    location = TextField()
    resource_id = IntegerField(null=True)
    zone = TextField()
    status = TextField()

    class Meta:
        table_name = "sessions"


class SessionInstructor(Row):
    """An instructor on a session."""

    session_id = IntegerField()
    instructor_id = IntegerField()

    class Meta:
        table_name = "session_instructor"


class Slot(Row):
    """One dated meeting of a session: wall time with zone, UTC derived."""

    session_id = IntegerField()
    position = IntegerField()
    title = TextField()
    on_date = TextField()
    start_wall = TextField()
    end_wall = TextField()
    zone = TextField()
    start_utc = TextField()
    end_utc = TextField()
    resource_id = IntegerField(null=True)
    capacity = IntegerField()
    seats_taken = IntegerField()
    canceled_at = TextField(null=True)
    cancel_reason = TextField()
    override_reason = TextField()

    class Meta:
        table_name = "slots"


class SlotInstructor(Row):
    """An instructor added to or removed from one slot of a session."""

    slot_id = IntegerField()
    instructor_id = IntegerField()
    kind = TextField()

    class Meta:
        table_name = "slot_instructor"


class SlotEnrolled(Row):
    """A student's seat in a slot."""

    session_id = IntegerField()
    slot_id = IntegerField()
    student_id = IntegerField()
    enrollment_id = IntegerField(null=True)
    status = TextField()
    held_until = TextField(null=True)
    held_by = IntegerField(null=True)
    priority = IntegerField()
    waiting_since = TextField(null=True)
    skipped_reason = TextField()
    override_reason = TextField()

    class Meta:
        table_name = "slot_enrolled"


class Notification(Row):
    """One thing someone must see."""

    type = TextField()
    class_ = TextField(column_name="class")
    key = TextField()
    params = TextField()
    link_table = TextField(null=True)
    link_id = IntegerField(null=True)
    needs_decision = IntegerField()
    done_at = TextField(null=True)
    done_by = IntegerField(null=True)
    assigned_to = IntegerField(null=True)
    snoozed_until = TextField(null=True)

    class Meta:
        table_name = "notifications"


class NotificationRecipient(Row):
    """Who shall see a notification, and when they read it."""

    notification_id = IntegerField()
    user_id = IntegerField()
    read_at = TextField(null=True)

    class Meta:
        table_name = "notification_recipients"


class MailAccount(Row):
    """The SMTP account; its password is in the keyring, never here."""

    name = TextField()
    host = TextField()
    port = IntegerField()
    security = TextField()
    username = TextField()
    from_address = TextField()
    from_name = TextField()
    active = IntegerField()

    class Meta:
        table_name = "mail_accounts"


class MailQueue(Row):
    """One message to one recipient, frozen by the event that caused it."""

    event_key = TextField()
    student_id = IntegerField(null=True)
    payer_id = IntegerField(null=True)
    to_name = TextField()
    to_address = TextField()
    subject = TextField()
    text = TextField()
    attachments = TextField()
    template_key = TextField()
    language = TextField()
    message_id = TextField()
    date = TextField()
    from_header = TextField()
    replaces_id = IntegerField(null=True)
    mime = BlobField(null=True)
    mime_hash = TextField(null=True)
    state = TextField()
    stage = TextField()
    tries = IntegerField()
    next_try_at = TextField(null=True)
    lease_until = TextField(null=True)
    lease_by = TextField()
    last_reply = TextField()
    reason = TextField()
    sent_at = TextField(null=True)

    class Meta:
        table_name = "mail_queue"


class MailAttempt(Row):
    """One try to hand a message over, with the server's words."""

    mail_id = IntegerField()
    attempt = IntegerField()
    started_at = TextField()
    ended_at = TextField()
    outcome = TextField()
    stage = TextField()
    reply = TextField()

    class Meta:
        table_name = "mail_attempts"


class Timeline(Row):
    """What happened to a person, in order."""

    user_id = IntegerField()
    actor_id = IntegerField(null=True)
    key = TextField()
    params = TextField()
    subject_table = TextField(null=True)
    subject_id = IntegerField(null=True)

    class Meta:
        table_name = "timeline"


class Reminder(Row):
    """So many days before or after a class or due date, send this."""

    kind = TextField()
    days = IntegerField()
    direction = TextField()
    level = IntegerField()
    template_key = TextField()
    active = IntegerField()

    class Meta:
        table_name = "reminders"


class Note(Row):
    """A note about a person."""

    user_id = IntegerField()
    text = TextField()
    pinned = IntegerField()

    class Meta:
        table_name = "notes"


class Attachment(Row):
    """A file kept inside the data file, at most 10 MB. One with `removed_at` is put away, and can come back."""

    subject_table = TextField()
    subject_id = IntegerField()
    file_name = TextField()
    media_type = TextField()
    size = IntegerField()
    sha256 = TextField()
    content = BlobField()
    removed_at = TextField(null=True)

    class Meta:
        table_name = "attachments"


class Template(Row):
    """The center's own wording of a mail."""

    key = TextField()
    language = TextField()
    subject = TextField()
    body = TextField()

    class Meta:
        table_name = "templates"


class Import(Row):
    """A file that was brought in."""

    kind = TextField()
    file_name = TextField()
    sha256 = TextField()
    row_count = IntegerField()
    outcome = TextField()

    class Meta:
        table_name = "imports"


class Setting(Row):
    """A setting of the center, as JSON."""

    key = TextField()
    value = TextField()

    class Meta:
        table_name = "settings"


class Series(Row):
    """Numbers that people quote; only document series are gapless."""

    name = TextField()
    pattern = TextField()
    next_number = IntegerField()
    gapless = IntegerField()

    class Meta:
        table_name = "series"


class Operation(Base):
    """One named act at the desk."""

    id = AutoField()
    uid = TextField()
    label = TextField()
    actor_id = IntegerField(null=True)
    actor_role = TextField()
    desk = TextField()
    at = TextField()
    undo_of = IntegerField(null=True)

    class Meta:
        table_name = "operations"


class Change(Base):
    """One row an operation touched, before and after."""

    id = AutoField()
    operation_id = IntegerField()
    table_name = TextField()
    row_id = IntegerField()
    before = TextField(null=True)
    after = TextField(null=True)
    redacted = IntegerField()

    class Meta:
        table_name = "changes"


MODELS: list[type[Base]] = [
    User,
    Payer,
    TaxRate,
    Course,
    CourseEnrolled,
    Product,
    ProductEnrolled,
    DiscountRule,
    Quote,
    Promise,
    Till,
    TillMove,
    Payment,
    Invoice,
    Installment,
    InvoiceLine,
    StudentPayment,
    Resource,
    Availability,
    Closure,
    Session,
    SessionInstructor,
    Slot,
    SlotInstructor,
    SlotEnrolled,
    Notification,
    NotificationRecipient,
    MailAccount,
    MailQueue,
    MailAttempt,
    Timeline,
    Reminder,
    Note,
    Attachment,
    Template,
    Import,
    Setting,
    Series,
    Operation,
    Change,
]
