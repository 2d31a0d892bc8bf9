"""Sentences of the demo center."""

from app.text import N_

MESSAGES = {
    "demo.too_many": N_("Between 1 and 1,000,000 students."),
}
