"""Sentences of encryption: the file that moves, the center at rest."""

from app.text import N_

MESSAGES = {
    "secrecy.weak_passphrase": N_("At least {characters} characters or {words} words: whoever finds the file can try."),
    "secrecy.passphrases_differ": N_("This is not the same as above."),
    "secrecy.passphrase_needed": N_("{path} is opened with a passphrase."),
    "secrecy.wrong_passphrase": N_(
        "The passphrase does not open this file. Look at capitals and the keyboard's language."
    ),
    "secrecy.not_sealed": N_("{path} is not a file that Deskbell made to move a center."),
    "secrecy.whole_path": N_("Choose the folder, too."),
    "secrecy.stopped": N_("Stopped. Nothing was written."),
    "secrecy.cut": N_("it was cut short; copy it again"),
    "secrecy.unsound": N_("The file breaks a rule and stays as it is: {detail}. Check and repair it first."),
    "secrecy.differs": N_("The other copy of {path} is not the same ({detail}). The file stays as it is."),
    "secrecy.code_letter": N_("“{letter}” is not a letter of the code. Look at the paper again."),
    "secrecy.code_group": N_("Group {group} of {groups} is not as it stands on the paper."),
    "secrecy.code_length": N_("The code has {groups} groups of {letters} letters; this has {found} letters."),
    "secrecy.wrong_group": N_("This is not the last group on the paper."),
    "secrecy.other_code": N_("A sound code, but of another key. Look for the paper of this center."),
    "secrecy.switched_on": N_("Encryption was switched on; the recovery code is that of key {key_id}"),
    "secrecy.switched_off": N_("Encryption was switched off"),
}
