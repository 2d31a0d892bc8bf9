"""Sentences of the command line."""

from app.text import N_

MESSAGES = {
    "cli.no_such_file": N_("There is no file {path}."),
    "cli.bad_backup": N_("{path} is not a sound Deskbell backup: {detail}."),
    "cli.file_exists": N_("{path} is already there. Choose another name."),
    "cli.cannot_write": N_("{path} cannot be written."),
    "cli.older_in_use": N_(
        "The data in {path} is of an older version, and a window or another command has it open. Close that first: this command would upgrade the data under it."
    ),
    "cli.cannot_read": N_("{path} cannot be read."),
}
