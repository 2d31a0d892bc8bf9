"""Sentences of safe keeping: backups, restores, undo."""

from app.text import N_

MESSAGES = {
    "keeping.restored": N_("The center was restored to {made_at:stamp}; {mails} unsent mails are held"),
    "keeping.restored_by": N_("{who} restored the center to {made_at:stamp}; {mails} unsent mails are held"),
    "keeping.held": N_("Held since the restore: it may have been sent already"),
    "keeping.no_folder": N_("There is no folder {path}. Choose one on another disk or a stick."),
    "keeping.inside_data_folder": N_("That is inside the data folder. Choose one on another disk or a stick."),
    "keeping.second_place_gone": N_("The second place {path} is not there at the moment."),
    "keeping.second_place_failed": N_("The copy to {path} failed: {detail}. The backup on this computer is whole."),
    "keeping.second_place_missing": N_("Backups were last copied to {path} on {seen_on:date}. Plug it in again"),
    "keeping.failed": N_("The last backup failed: {detail}. The data and the earlier copies are as they were."),
    "keeping.align_failed": N_(
        "Some copies may not be encrypted as the data file is: {detail}. The next backup tries again."
    ),
    "keeping.stays_open": N_(
        "Not encrypted as the data file is: {names}. The next backup tries again; delete what you do not need."
    ),
    "keeping.job_failed": N_("It was not finished: {detail}. What was there before is there."),
    "keeping.unsound": N_("The data file breaks a rule: {detail}"),
}
