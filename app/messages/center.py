"""Sentences about the center's own settings."""

from app.text import N_

MESSAGES = {
    "center.quote_days": N_("Write a number of days between 1 and 366."),
    "center.bad_iban": N_("“{text}” is not an IBAN: a digit is wrong or missing."),
    "center.unknown_currency": N_("“{code}” is not a currency. Example: EUR."),
    "center.unknown_locale": N_("“{code}” is not a language code. Example: en or de-AT."),
    "center.currency_fixed": N_("Prices have been agreed already, so the currency stays as it is."),
    "center.gross_or_net": N_("Prices are quoted either gross or net."),
    "center.due_days": N_("Between 0 and 365 days."),
    "center.bad_pattern": N_("A number pattern needs the year and the number, like {{year}}-{{number:06d}}."),
    "center.same_pattern": N_("Invoices and credit notes would get the same numbers. Write another pattern."),
    "center.rate_typed": N_("Write a rate as a percentage, like {example}."),
    "center.bad_rate": N_("A tax rate lies between 0 % and 100 %."),
    "center.rate_without_tax": N_("Only the standard category has a rate above 0 %."),
    "center.reason_needed": N_("Say why no tax is due; it is printed on the invoice."),
}
