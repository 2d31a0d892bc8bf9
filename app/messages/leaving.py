"""Sentences about students who leave."""

from app.text import N_

MESSAGES = {
    "leaving.already": N_("{name} is inactive already."),
    "leaving.timeline": N_("Left the center; coming bookings canceled: {count}"),
    "leaving.timeline_why": N_("Left the center ({reason}); coming bookings canceled: {count}"),
}
