"""Sentences about erasing a person on request."""

from app.text import N_

MESSAGES = {
    "erase.person": N_("Erased person"),
    "erase.no_backup": N_("No sound backup could be made first ({detail}), so nobody was erased."),
    "erase.already": N_("{number} was erased already."),
    "erase.started": N_("Payment {number} is still under way. Say in Payments whether it completed or failed first."),
    "erase.sending": N_("A mail to this person is on its way at this moment. Try again in a minute."),
    "erase.owes": N_(
        "{amount:money} is still owed. Invoices keep name and address; phone and mail for a reminder will be gone."
    ),
    "erase.credit": N_("{amount:money} of credit is left. Give it back first: nobody will know whose it is."),
    "erase.session": N_("The session “{name}” bears the name. Rename it in the calendar."),
    "erase.mail": N_("Erased on request"),
    "erase.timeline": N_("Erased on request; documents and payments stay"),
    "erase.done": N_("{number} was erased on request; documents and payments stay"),
    "erase.again": N_("The restored copy still held {number}, who had been erased, and was erased again"),
    "erase.refused": N_("This person was erased on request. Add them as a new student."),
}
