"""Sentences about promises to pay and reminders."""

from app.text import N_

MESSAGES = {
    "promises.past": N_("{day:date} has passed: a promise is for today or later."),
    "promises.amount": N_("Write an amount above zero, and no larger than Deskbell can book."),
    "promises.nothing_open": N_("Nothing is owed here any more, so there is nothing to promise."),
    "promises.settled": N_("This promise was kept or withdrawn already."),
    "promises.timeline": N_("Promised to pay {amount:money} by {on:date}."),
    "promises.timeline_kept": N_("The promise of {amount:money} by {on:date} was kept."),
    "promises.timeline_withdrawn": N_("The promise of {amount:money} by {on:date} was withdrawn."),
    "reminding.timeline": N_("{name} was reminded of {amount:money} that is late (reminder {level})."),
    "reminding.nothing_late": N_("nothing is late"),
    "reminding.today": N_("was reminded today"),
    "reminding.no_address": N_("no mail address"),
}
