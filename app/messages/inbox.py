"""Sentences of the inbox itself; what a notification says stands in its flow's own area."""

from app.text import N_

MESSAGES = {
    "inbox.no_such_person": N_("Choose someone who works here."),
    "inbox.snooze_past": N_("Choose a moment that is still ahead."),
}
