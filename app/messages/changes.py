"""Sentences about what is changed after it was agreed: waived, planned anew, transferred, paid out."""

from app.text import N_

MESSAGES = {
    "changing.stale": N_(
        "Something changed at another desk since this was shown. Nothing was done; the preview has been read again."
    ),
    "replan.timeline": N_("{amount:money} of {course} ({number}) planned anew: {parts} installments now."),
    "replan.canceled": N_("{number} was canceled, so there is nothing to plan."),
    "replan.nothing_left": N_("Nothing is left to plan of {number}: all of it is paid or invoiced."),
    "replan.sum": N_("The installments add up to {total:money}, but {price:money} is left to plan."),
    "replan.same": N_("This is the plan as it is already."),
    "waiving.timeline": N_("{amount:money} of {title} ({number}) waived: {reason}"),
    "waiving.done": N_("{amount:money} of {title} was waived for {student} ({number}): {reason}"),
    "waiving.canceled": N_("{number} was canceled, so nothing is open on it."),
    "waiving.nothing_open": N_("Nothing is open on {number}. What was paid is refunded, not waived."),
    "waiving.above_open": N_("Only {open:money} is open. What was paid is refunded, not waived."),
    "waiving.no_such_price": N_("Prices without tax step over this amount. Waive a little more, or nothing."),
}
