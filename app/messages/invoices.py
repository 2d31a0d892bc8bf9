"""Sentences about invoices and credit notes."""

from app.text import N_

MESSAGES = {
    "papers.no_address": N_("{name} has no email address, so nothing was mailed."),
    "papers.withdrawn": N_("Quote {number} was withdrawn, so there is no paper of it."),
    "papers.no_receipt": N_("{number} is not completed, so there is no receipt yet."),
    "papers.days": N_("Choose a last day that is not before the first."),
    "invoices.no_such": N_("There is no invoice {label}."),
    "invoices.credited": N_("Invoice {label} of {buyer} over {amount:money} was credited by {note}: {reason}"),
    "invoices.timeline_issued": N_("Invoice {label} over {amount:money} issued."),
    "invoices.timeline_credited": N_("Invoice {label} over {amount:money} credited by {note}: {reason}"),
    "invoices.timeline_replaced": N_("Invoice {label} issued anew without the canceled line."),
    "invoices.timeline_renewed": N_("Invoice {label} is replaced by {again}."),
    "invoices.nothing_to_bill": N_("Choose at least one line to put on the invoice."),
    "invoices.line_gone": N_(
        "One of the lines was canceled in the meantime. They have been read again; please choose."
    ),
    "invoices.bad_date": N_("“{text}” is not a date. Write it like 2026-03-24."),
    "invoices.due_past": N_("{due:date} has passed: an invoice can be due today, {today:date}, or later."),
    "invoices.already_invoiced": N_("{title} is already on invoice {label}."),
    "invoices.is_credit_note": N_("{label} is a credit note and cannot be credited; it stands as it is."),
    "invoices.already_credited": N_("Invoice {label} was credited already by {note}."),
    "invoices.clock_back": N_(
        "This computer says it is {today:date}, but a document was issued on {last:date}. Set the clock right and try again."
    ),
}
