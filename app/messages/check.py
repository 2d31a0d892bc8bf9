"""Sentences of check and repair: what a broken rule means and what to do, by area; what a repair makes anew."""

from app.text import N_

#: `check.means.<area>` and `check.next.<area>`; a rule of its own name comes before its area.
MESSAGES = {
    "check.means.file": N_("The data file itself is not as Deskbell wrote it. Figures that rest on it may be wrong."),
    "check.next.file": N_(
        "Check the disk, then go back to the last verified backup. Send this report to support first if work"
        " since then matters."
    ),
    "check.unread": N_("A part of the file cannot be read"),
    "check.means.file.unread": N_("The disk or another program changed bytes in the file."),
    "check.next.file.unread": N_(
        "Go back to the last verified backup: “Restore” shows first what would be different. Send this report to"
        " support first if work since then matters."
    ),
    "check.means.file.schema": N_(
        "A part of the file that finds, guards or records rows is missing or was changed by another program."
    ),
    "check.next.file.schema": N_("Let “Repair” make it anew. What is not ours is left alone: tell support about it."),
    "check.means.file.search": N_("Someone may not be found by name, number, mail or phone. Nobody is lost."),
    "check.next.file.search": N_("Let “Repair” make the search index anew."),
    "check.means.file.integrity": N_(
        "The disk or another program changed bytes in the file. Where only an index is hurt, no row is."
    ),
    "check.means.file.values": N_("A text, a date or a moment is written in a form that Deskbell never writes."),
    "check.next.file.values": N_("Open the record, type the field again and save. Tell support if it comes back."),
    "check.means.file.references": N_("A record points at another one that is not there."),
    "check.means.record": N_(
        "Something was changed behind the record of changes, by another program or by hand. Who did it is not known."
    ),
    "check.next.record": N_(
        "Look at the people and numbers named here and compare them with paper. Restore a backup from before if they"
        " are wrong."
    ),
    "check.means.record.closed": N_(
        "The mark of the operation under way was left behind by a crash or another program."
    ),
    "check.next.record.closed": N_("Let “Repair” close it. No row is changed."),
    "check.means.money": N_("What was paid, refunded or owed does not add up for the people and numbers named here."),
    "check.next.money": N_(
        "Take no further money on these records. Compare them with receipts and the till, then send this report to"
        " support."
    ),
    "check.means.money.balance": N_("The balance in lists is another than the sum of what was bought and paid."),
    "check.next.money.balance": N_("Let “Repair” work it out again from the payments. No payment is changed."),
    "check.means.invoices": N_("A document that was handed out, or its number, is not as it was issued."),
    "check.next.invoices": N_(
        "Do not correct it by hand: documents are frozen by law. Send this report to support, and keep the newest"
        " verified backup."
    ),
    "check.means.numbers": N_("A number that people quote could be given a second time."),
    "check.next.numbers": N_("Send this report to support before new people or payments are added."),
    "check.means.seats": N_("A seat, a slot or the count of them contradicts what was booked."),
    "check.next.seats": N_("Open the slot in the calendar and put it right there: move or cancel the seat."),
    "check.means.seats.kept_count": N_("The number of taken seats in the calendar is another than the booked seats."),
    "check.next.seats.kept_count": N_("Let “Repair” count them again. No booking is changed."),
    "check.means.slots": N_("A slot stands at another time, or on top of another one, than it should."),
    "check.next.slots": N_("Open the slot in the calendar and move it, or give a reason for the clash."),
    "check.means.students": N_("The next slot in the list of students is another than the calendar has."),
    "check.next.students": N_("Let “Repair” read it again from the calendar. No booking is changed."),
    "check.means.progress": N_("The progress of a course is another than the attended time."),
    "check.next.progress": N_("Let “Repair” add it up again from attendance. No attendance is changed."),
    "check.means.progress.completed": N_("A course is called completed without a day, or has a day without being so."),
    "check.next.progress.completed": N_("Correct the attendance of the last slot once: the course is then set right."),
    "check.means.mail": N_("A message's state does not fit what was tried. It may have been sent, or not."),
    "check.next.mail": N_("Ask the person named whether the mail arrived before it is sent again."),
    "check.means.flow": N_("Something was booked without what belongs to it: the entry, the notification, the mail."),
    "check.next.flow": N_("Look at the record named here and compare it with paper. Send this report to support."),
    "check.means.inbox": N_("A notification has nobody who would see it."),
    "check.next.inbox": N_("Tell the manager. Send this report to support if it is more than one."),
    "check.means.file.merged": N_("A record that was merged away does not lead to the record in use."),
    "check.next.file.merged": N_("Take the merge back in the history and merge again. Send this report to support."),
    "check.means.people.merged": N_("Something was booked on a record that was merged away, or was left behind there."),
    "check.next.people.merged": N_("Take the merge back in the history, then merge again: what is there moves, too."),
    "check.means.money.till_missed": N_(
        "Cash was taken or given back while the till was open, and is missing in what should be inside it."
    ),
    "check.next.money.till_missed": N_(
        "Count the till and compare it with the receipts of cash named here; the difference when it is closed is"
        " theirs. Then send this report to support."
    ),
    "check.means.people.erased": N_("Something personal is still there about someone who was erased on request."),
    "check.next.people.erased": N_("Send this report to support: what is named here has to be taken out, too."),
    "check.means.discounts": N_("A price was lowered by a rule that does not fit it, or by a coupon that was used up."),
    "check.next.discounts": N_(
        "Look at the line and its discount under Settings, Discounts. An invoice that is wrong is credited; tell support."
    ),
    "check.means.quotes": N_("A price that was promised is not the one that was charged, or was charged twice."),
    "check.next.quotes": N_(
        "Look at the enrollment beside its quote. An invoice that is wrong is credited; tell support."
    ),
    "check.means.files": N_("A file kept with a person is not the file that was given, or stands nowhere."),
    "check.next.files": N_(
        "Attach the file again from paper or from the person's own copy. Send this report to support."
    ),
    "check.means.people": N_("A person has no number, or a password that nobody may have."),
    "check.next.people": N_("Send this report to support."),
    "repair.triggers": N_("Guards and the record of changes"),
    "repair.indexes": N_("Indexes"),
    "repair.search": N_("The search index"),
    "repair.operation": N_("The mark of the open operation"),
    "repair.balances": N_("Balances"),
    "repair.next_slots": N_("Next slots"),
    "repair.seats": N_("Counts of taken seats"),
    "repair.progress": N_("Course progress"),
    "repair.twice": N_("Rows that are there twice stand in the way of {name}."),
}
