"""Sentences of the cash drawer."""

from app.text import N_

MESSAGES = {
    "till.already_open": N_("{name} has been open since {since:stamp}. Close it first."),
    "till.not_open": N_("No till is open. Open it with the money that is in the drawer."),
    "till.amount": N_("Write an amount of money that is not below zero."),
    "till.kind": N_("Choose whether money is put in or taken out."),
    "till.not_enough": N_("There should be {there:money} in the drawer; more than that cannot be taken out."),
    "till.not_enough_to_give": N_(
        "{name} should hold {there:money}, so {amount:money} cannot be given back in cash."
        " Put cash in first, under Settings, or give back less."
    ),
    "till.missed": N_("{taken:money} were taken in cash while the till was closed. Count them into the float."),
    "till.missed_both": N_(
        "{taken:money} were taken in cash and {returned:money} given back while the till was closed."
        " Count them into the float."
    ),
    "till.opened_after_cash": N_(
        "{name} was opened with {float:money}. While it was closed {taken:money} were taken in cash"
        " and {returned:money} given back; they are in no cash-up, and belong in the float."
    ),
    "till.closed": N_("{name} was closed: {counted:money} counted, as expected."),
    "till.closed_difference": N_(
        "{name} was closed with a difference of {difference:money}: {counted:money} counted, {expected:money} expected."
    ),
}
