"""Sentences about the picture and the texts on documents."""

from app.text import N_

MESSAGES = {
    "letterhead.too_large": N_("The picture has more than 1 MB. Save it smaller and choose it again."),
    "letterhead.no_picture": N_("This is no picture that can be printed. Choose a PNG or JPEG file."),
    "letterhead.too_many_pixels": N_(
        "The picture is {wide} × {high} pixels large. Save it smaller and choose it again."
    ),
}
