"""Sentences about enrolling several people at once."""

from app.text import N_

MESSAGES = {
    "bulk.nobody": N_("Choose at least one person."),
    "bulk.too_many": N_("At most {most} people are enrolled at once. Choose fewer."),
    "bulk.refused": N_("{name} cannot be enrolled this way. Uncheck them: the reason stands beside the name."),
    "bulk.refused_some": N_("{count} of them cannot be enrolled this way. The reason stands beside each name."),
    "bulk.has_seat": N_("Has a seat in {title} already."),
    "bulk.not_active": N_("{name} is on hold. Only active students get a seat."),
    "bulk.quoted": N_(
        "{amount:money} are promised until {until:date} ({number}). Enrolled together the price of today counts: uncheck"
        " them and enroll them alone to keep the promise."
    ),
    "bulk.few_seats": N_(
        "{group} has room for {free} on {at:stamp}, and {count} are checked. Uncheck {over}, or choose another group."
    ),
    "bulk.few_seats_other": N_(
        "{group} has room for {free} on {at:stamp}, and {count} are checked. Uncheck {over}, or choose {other}: it has"
        " room for all."
    ),
    "bulk.full": N_("{group} is full on {at:stamp}. Choose another group, or enroll without one and wait for seats."),
    "bulk.full_other": N_("{group} is full on {at:stamp}. Choose {other}: it has room for all {count}."),
}
