"""Sentences about people."""

from app.text import N_

MESSAGES = {
    "people.bad_email": N_("“{text}” is not an e-mail address. Example: ana@mail.example."),
    "people.email_comma": N_("A comma? Write a point: {suggestion}."),
    "people.email_line_break": N_("An e-mail address stands on one line."),
    "people.bad_phone": N_("“{text}” is not a phone number. Example: +43 660 555 01 84."),
    "people.bad_date": N_("“{text}” is not a date. Write it like 1998-05-31."),
    "people.born_ahead": N_("The date of birth lies ahead."),
    "people.too_old": N_("The date of birth is more than 130 years ago."),
    "people.unknown_language": N_("“{text}” is not a language code. Example: en."),
    "people.unknown_status": N_("Choose applicant, active, on hold or inactive."),
    "people.unknown_role": N_("Choose instructor, staff, admin or super admin."),
    "people.unknown_kind": N_("Choose guardian, company or other."),
    "people.no_such_payer": N_("This payer is no longer there."),
    "people.unknown_payer_status": N_("A payer is active or inactive."),
    "people.payer_in_use": N_("{name} still pays for students ({count}). Choose who pays for them first."),
    "people.not_a_student": N_("This person is not a student."),
    "people.added": N_("Added to the roster"),
    "people.edited": N_("Changed: {fields}"),
    "people.noted": N_("Note added"),
    "people.new_student": N_("New student: {name}"),
    "people.new_staff": N_("New at work here: {name}"),
}
