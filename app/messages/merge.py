"""Sentences about merging two records of one person."""

from app.text import N_

MESSAGES = {
    "merge.same": N_("These are one and the same record. Choose another one."),
    "merge.already": N_("{name} was merged already. Open the record in use instead."),
    "merge.started": N_(
        "Payment {number} of {name} is still under way. Say in Payments whether it completed or failed, then merge."
    ),
    "merge.no_backup": N_("No sound backup could be made first ({detail}), so nothing was merged."),
    "merge.reason": N_("two records were merged"),
    "merge.twin_canceled": N_(
        "Both are enrolled in {course}: {number} is canceled and {amount:money} owed no more, {other} stays"
    ),
    "merge.twin_stays": N_(
        "Both are enrolled in {course}, with money or attendance: {number} and {other} stay. Cancel one afterwards"
    ),
    "merge.same_slot": N_("Both have a place in {title}, {at:stamp}: one of them stays"),
    "merge.overlap_coming": N_("{title}, {at:stamp}, overlaps {other}: the seat is given back"),
    "merge.overlap_past": N_("{title}, {at:stamp}, overlapped {other}: both stay, with this reason"),
    "merge.timeline": N_("{name} ({number}) was merged into this record"),
    "merge.done": N_("{name} ({number}) was merged into {into}"),
}
