"""Sentences of encryption: the file that moves, the center at rest."""

from app.text import N_

MESSAGES = {
    "secrecy.weak_passphrase": N_("At least {characters} characters or {words} words: whoever finds the file can try."),
    "secrecy.passphrases_differ": N_("This is not the same as above."),
    "secrecy.passphrase_needed": N_("{path} is opened with a passphrase."),
    "secrecy.wrong_passphrase": N_("The passphrase does not open this file. Look at capitals and the keyboard's language."),
    "secrecy.not_sealed": N_("{path} is not a file that Deskbell made to move a center."),
    "secrecy.whole_path": N_("Choose the folder, too."),
    "secrecy.stopped": N_("Stopped. Nothing was written."),
    "secrecy.cut": N_("it was cut short; copy it again"),
}
