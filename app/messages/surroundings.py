"""Sentences about where the data folder lies."""

from app.text import N_

MESSAGES = {
    "surroundings.network": N_(
        "{path} is on a network share ({kind}). A broken connection, or two computers that write at once, can damage the data file. Keep it on this computer’s own disk, and let the share be the second place for backups."
    ),
    "surroundings.synced": N_(
        "{path} is kept in step by {by}, which copies the data file while it changes and may put an older one in its place. Keep it outside, and let that folder be the second place for backups."
    ),
    "surroundings.little_room": N_(
        "Only {megabytes} MB are free on the disk of {path}. Free some space, or backups and new entries will be refused."
    ),
    "surroundings.clock_early": N_("This computer’s clock says {now:stamp}, which cannot be. Set it before you go on."),
    "surroundings.clock_behind": N_(
        "This computer’s clock says {now:stamp}, but the newest entry is from {newest:stamp}. Set the clock before you go on: invoices carry its date."
    ),
    "surroundings.older_than_backup": N_(
        "The backup of {made_at:stamp} holds {count} operations that the data file does not. It seems to be an older copy: compare before you go on."
    ),
}
