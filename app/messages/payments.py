"""Sentences about payments, credit and refunds."""

from app.text import N_

MESSAGES = {
    "payments.completed": N_("{student} paid {amount:money} ({number})."),
    "payments.completed_credit": N_("{student} paid {amount:money} ({number}); {credit:money} of it is credit."),
    "payments.refunded": N_("{student} got {amount:money} of {number} back: {reason}"),
    "payments.unsold": N_(
        "{student} paid for {product} ({number}), but it was out of stock. The money is kept as credit."
    ),
    "payments.timeline_completed": N_("Paid {amount:money} ({number})."),
    "payments.timeline_completed_credit": N_("Paid {amount:money} ({number}); {credit:money} of it is credit."),
    "payments.timeline_paid_by": N_("{name} paid with {number}."),
    "payments.timeline_unsold": N_(
        "{product} was out of stock when {number} was completed; the money is kept as credit."
    ),
    "payments.timeline_refunded": N_("{amount:money} of {number} refunded: {reason}"),
    "payments.timeline_credit_used": N_("{amount:money} of credit used."),
    "payments.timeline_payers_credit_used": N_("{amount:money} of the credit of {name} used."),
    "payments.no_address": N_("No mail was sent: {name} has no e-mail address that works."),
    "payments.method": N_("Choose cash, card, transfer, check or other."),
    "payments.amount": N_("Write an amount above zero, and no larger than Deskbell can book."),
    "payments.given_too_little": N_("The cash given is {missing:money} short."),
    "payments.line_amount": N_("Each line needs an amount above zero."),
    "payments.nothing_to_pay": N_("Nothing is to be paid for this. F2 enrolls without a payment."),
    "payments.line_gone": N_(
        "One of the lines was canceled in the meantime. It has been read again; please choose again."
    ),
    "payments.line_above_open": N_("Only {open:money} of {title} is still open."),
    "payments.above_open": N_("Only {open:money} of it is still open."),
    "payments.lines_above_amount": N_("The lines add up to more than the {amount:money} being paid."),
    "payments.split_nothing": N_("Take the lines that are paid now; then say how the sum is split."),
    "payments.split_above": N_("Only {left:money} of this payment is left for another way to pay."),
    "payments.split_changed": N_(
        "What is paid was chosen with the first part of this payment. Keep it or finish it, then begin a new one."
    ),
    "payments.key_reused": N_(
        "This payment was saved as {number} before, with other details. Look at it before you try again."
    ),
    "payments.already_completed": N_("{number} was completed already, on {at:stamp}. Nothing was booked twice."),
    "payments.already_failed": N_("{number} has failed already ({reason}). Start a new payment."),
    "payments.not_completed": N_("{number} is not completed, so there is nothing to refund."),
    "payments.refund_of_refund": N_("{number} is itself a refund; what it gave back stays given back."),
    "payments.refund_above_paid": N_("At most {left:money} of {number} can be refunded."),
    "payments.pay_out_above": N_("Only {credit:money} of credit is there to be paid out."),
    "payments.not_this_payers": N_("One of the lines is not paid by {name}: their credit cannot be used for it."),
    "payments.credit_key_reused": N_(
        "Credit was used with this click before, for other lines. Look at what is open before you try again."
    ),
    "payments.not_enough_credit": N_("The credit is {credit:money}; that is not enough for these lines."),
}
