"""Sentences about what is changed after it was agreed: waived, planned anew, transferred, paid out."""

from app.text import N_

MESSAGES = {
    "changing.stale": N_(
        "Something changed at another desk since this was shown. Nothing was done; the preview has been read again."
    ),
    "payments.other_price": N_(
        "{student} was enrolled in {course} at {price:money} while payment {number} over {agreed:money} for it was under way;"
        " no more than {agreed:money} was put on it. Look at which price is right."
    ),
    "payments.timeline_other_price": N_(
        "Payment {number} agreed on {agreed:money} for {course}, which costs {price:money} by the enrollment made meanwhile."
    ),
    "transfer.timeline": N_("Transferred from {old} to {new} ({number}): {reason}"),
    "transfer.timeline_group": N_("Changed to the group {group} in {course} ({number}): {reason}"),
    "transfer.timeline_money": N_("{amount:money} moved from {source} to {target}: {reason}"),
    "transfer.done": N_("{student} was transferred from {old} to {new} ({number}): {reason}"),
    "transfer.group_changed": N_("{student} changed to the group {group} in {course} ({number}): {reason}"),
    "transfer.money_moved": N_("{amount:money} of {student} was moved from {source} to {target}: {reason}"),
    "transfer.choose": N_("Choose the course or group that the place goes to."),
    "transfer.no_two_lines": N_("There must be a line with money on it, and another one that is open."),
    "transfer.same_place": N_("This is the place as it is. Choose another course or another group."),
    "transfer.too_young": N_(
        "{course} asks for an age of {age}, and the student will be younger on {on:date}. Give a reason to transfer anyway."
    ),
    "transfer.registration_charged": N_(
        "The registration fee was charged already ({number}) and stays as it is. Choose another fee, or none."
    ),
    "transfer.rule_along": N_("{discount}, as on {number}"),
    "transfer.rule_lost": N_(
        "“{name}”, which lowered {number}, does not hold for {course} today and does not go along."
    ),
    "transfer.hand_lost": N_(
        "The discount of {amount:money} on {number} was given by hand and stays with it. Type it again if it goes along."
    ),
    "transfer.waived_lost": N_("The {amount:money} waived on {number} stay with it and do not go along."),
    "transfer.plan_sum": N_("The installments add up to {total:money}, but {price:money} is left to plan."),
    "transfer.same_line": N_("Choose another line than the one that the money stands on."),
    "transfer.above_paid": N_("Only {paid:money} stands on {title}."),
    "transfer.above_open": N_("Only {open:money} is open on {title}."),
    "transfer.other_payer": N_(
        "Money goes to another student only where one payer pays for both lines. It stays where it is."
    ),
    "returning.timeline": N_("{quantity} × {product} ({number}) taken back: {reason}"),
    "returning.done": N_("{quantity} × {product} of {student} was taken back ({number}): {reason}"),
    "returning.already": N_("{product} ({number}) was taken back already. Nothing was done twice."),
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
