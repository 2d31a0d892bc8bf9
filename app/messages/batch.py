"""Sentences about all documents of a month."""

from app.text import N_

MESSAGES = {
    "batch.bad_month": N_("“{text}” is not a month. Write it like 2026-11."),
    "batch.nothing": N_("Nothing was issued in {month}."),
}
