"""Sentences about how somebody likes their lists."""

from app.text import N_

MESSAGES = {
    "arranging.too_many": N_("You have {limit} views. Remove one first."),
    "arranging.taken": N_("You have a view “{name}” already."),
}
