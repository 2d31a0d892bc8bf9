"""Sentences of the mail queue and its account."""

from app.text import N_

MESSAGES = {
    "mail.bad_address": N_("“{text}” cannot be written to. One address, like ana@mail.example."),
    "mail.too_long": N_("The message is longer than {limit} characters."),
    "mail.line_break_in_subject": N_("The subject stands on one line."),
    "mail.not_settled": N_("This message is {state}; that cannot be done with it now."),
    "mail.may_have_arrived": N_("A copy may have reached {address}; say first whether it arrived."),
    "mail.bad_host": N_("Type the server's name, like mail.example.org."),
    "mail.bad_port": N_("A port lies between 1 and 65535; usual are 587 and 465."),
    "mail.bad_security": N_("Choose STARTTLS, TLS or none."),
    "mail.password_needs_tls": N_("A password is only sent over an encrypted connection. Choose STARTTLS or TLS."),
    "mail.no_keyring": N_("This computer has no keyring to keep the password; it is asked for each time."),
    "mail.refused": N_("The server refused the address"),
    "mail.message_refused": N_("The server refused the message"),
    "mail.gave_up": N_("Given up after {tries} tries"),
    "mail.line_broke": N_("The line broke after the message was handed over"),
    "mail.attachment_missing": N_("The attached document could not be made"),
    "mail.bytes_changed": N_("The message was changed in the file after it was made; send it anew to its address"),
    "mail.failed_notice": N_("Mail to {name} came back"),
    "mail.uncertain_notice": N_("Mail to {name}: the line broke, it may have arrived"),
    "mail.account_refused": N_("The mail server refuses the account: {reply}"),
    "mail.offline": N_("{host} does not answer: {reply}"),
    "mail.queued_timeline": N_("Mail: {subject}"),
}
