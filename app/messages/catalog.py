"""Sentences about courses, products and resources."""

from app.text import N_

MESSAGES = {
    "catalog.code_taken": N_("“{code}” is already the code of {name}. Choose another."),
    "catalog.name_taken": N_("There is already something called “{name}”. Choose another name."),
    "catalog.price": N_("A price is zero or more, and no larger than Deskbell can book."),
    "catalog.count": N_("Write a whole number from 1 to 1,000,000; stock and hours may also be 0."),
    "catalog.no_stock": N_("Only physical products have stock."),
    "catalog.kind_fixed": N_("A product stays physical or digital. Add a new product instead."),
    "catalog.tax_rate": N_("Choose one of the center's current tax rates."),
    "catalog.age": N_("A minimum age lies between 0 and 120 years."),
    "catalog.unit": N_("A teaching unit lasts between 1 and 1,440 minutes."),
    "catalog.prerequisite": N_("Choose another course as the one to be passed first."),
    "catalog.choice": N_("“{value}” is not one of the choices here."),
}
