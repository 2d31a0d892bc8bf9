"""Sentences that every floor may need."""

from app.text import N_

MESSAGES = {
    "clock.unknown_zone": N_("There is no time zone called “{name}”. Example: Europe/Vienna."),
    "clock.does_not_exist": N_(
        "{wall:stamp} does not exist: the clocks go forward then. Choose an earlier or later time."
    ),
    "clock.exists_twice": N_("{wall:stamp} comes twice: the clocks go back then. Choose the first or the second."),
    "money.not_an_amount": N_("“{text}” is not an amount. Write it like {example}."),
    "money.empty": N_("Type an amount, like {example}."),
    "money.too_large": N_("“{text}” is more than Deskbell can book in one amount."),
    "text.required": N_("Please fill this in."),
    "text.too_long": N_("At most {limit} characters; this has {length}."),
    "text.control_character": N_("This contains an invisible control character. Please type it again."),
    "text.broken": N_("This contains a broken character. Please type it again."),
    "rights.by_staff": N_("the front desk or an admin"),
    "rights.by_admin": N_("an admin"),
    "rights.by_super_admin": N_("a super admin"),
    "rights.missing": N_("Only {who:key} may do this. Who is at the desk is chosen at the lower right."),
    "store.changed_meanwhile": N_(
        "Someone changed this record in the meantime. It has been read again; please repeat your change."
    ),
    "store.gone": N_("This record no longer exists."),
    "store.foreign_file": N_(
        "{path} belongs to another program, or its beginning is damaged. Deskbell did not touch it."
    ),
    "store.strange_schema": N_(
        "Another program changed how {path} is built ({detail}). Deskbell did not touch it. Restore the last backup."
    ),
    "store.newer_file": N_(
        "This data was written by a newer Deskbell (schema {found}, this program knows {known}). Update Deskbell to open it."
    ),
    "store.read_only": N_("Deskbell cannot write in {path}. Choose another folder or change its permissions."),
    "store.disk_full": N_("The disk is full. Nothing was saved. Free some space and try again."),
    "store.io_error": N_("The disk reported an error. Nothing was saved. Check the disk and try again."),
    "store.damaged": N_("The data file is damaged: {detail}. Restore the last backup."),
    "store.locked": N_("Another program holds the data file. Nothing was saved; try again in a moment."),
    "store.in_use": N_("Deskbell is already open on {path}. Close that window first."),
    "store.work_missing": N_(
        "The last operations ({count}) are not in the data file any more: it was copied or synchronized without its log, or replaced. Compare with the backups before you go on."
    ),
    "store.key_missing": N_("{path} is encrypted, and this computer does not have its key. Type the recovery code."),
    "store.missing": N_("There is no Deskbell data in {path}."),
    "store.not_empty": N_("{path} already holds a center. Choose an empty folder."),
    "store.upgrade_failed": N_(
        "The data could not be brought up to this version of Deskbell: {detail}. The file is as it was. Go on with the former version, and send this sentence to whoever looks after the program."
    ),
    "store.old_sqlite": N_("The bundled SQLite {version} can corrupt data. Reinstall Deskbell."),
}
