"""Sentences about notes, and about files kept with them."""

from app.text import N_

MESSAGES = {
    "notes.timeline_edited": N_("Note changed"),
    "notes.timeline_removed": N_("Note removed"),
    "files.timeline_attached": N_("File attached: {name}"),
    "files.timeline_removed": N_("File removed: {name}"),
    "files.vanished": N_("“{name}” is not there any more."),
    "files.folder": N_("“{name}” is a folder. Attach the files in it one by one."),
    "files.special": N_("“{name}” is not a file that can be kept."),
    "files.unreadable": N_("“{name}” cannot be read: {why}."),
    "files.empty": N_("“{name}” is empty."),
    "files.too_large": N_("“{name}” is larger than {limit} MB. Scan it at a lower resolution, or split it."),
    "files.changing": N_("“{name}” is being written at this moment. Try again when that is done."),
    "files.twice": N_("This file is kept here already: “{name}”, since {at:stamp}."),
    "files.damaged": N_("“{name}” is not as it was kept. Run the check under Safe keeping."),
    "files.no_viewer": N_("This computer has no program that opens “{name}”. Save it instead."),
    "files.not_opened": N_("“{name}” is only saved, never opened from here: it is neither PDF, PNG nor JPEG."),
}
