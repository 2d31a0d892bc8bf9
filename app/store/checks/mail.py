"""The mail queue: states and what each of them promises (DOMAIN.md, "Mail")."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from app.store.checks.rules import Finding, rule, sql
from app.text import N_

sql(
    "mail.one_recipient",
    N_("A message goes to one address"),
    "mail_queue",
    "SELECT id, to_address FROM mail_queue WHERE to_address NOT LIKE '%_@_%' OR to_address LIKE '%,%' OR to_address LIKE '%;%'"
    " OR to_address LIKE '% %' OR instr(to_address, char(10)) OR instr(to_address, char(13)) OR instr(subject, char(10))",
)
sql(
    "mail.sent",
    N_("A sent message has one try with a 2xx reply, or a person's word that it arrived; no other state has one"),
    "mail_queue",
    "SELECT m.id, m.state || ' with ' || count(a.id) || ' accepted tries' FROM mail_queue m LEFT JOIN mail_attempts a"
    " ON a.mail_id = m.id AND (a.outcome = 'sent' OR (a.outcome = 'resolved' AND a.stage = 'arrived'))"
    " GROUP BY m.id HAVING count(a.id) <> (m.state = 'sent')"
    " UNION ALL SELECT mail_id, 'sent after the reply ' || reply FROM mail_attempts"
    " WHERE outcome = 'sent' AND reply NOT LIKE '2%'",
)
sql(
    "mail.tries",
    N_("A message's tries are its attempts, numbered from 1"),
    "mail_queue",
    "SELECT m.id, m.tries || ' tries, ' || count(a.id) || ' attempts' FROM mail_queue m LEFT JOIN mail_attempts a"
    " ON a.mail_id = m.id GROUP BY m.id HAVING m.tries <> count(a.id) OR coalesce(max(a.attempt), 0) <> count(a.id)",
)
sql(
    "mail.never_twice",
    N_("After a try that may have been accepted there is none, unless a person said so"),
    "mail_attempts",
    "SELECT b.id, 'message ' || a.mail_id || ' was tried again by itself' FROM mail_attempts a JOIN mail_attempts b"
    " ON b.mail_id = a.mail_id AND b.attempt = a.attempt + 1 WHERE a.outcome = 'sent'"
    " OR (a.outcome = 'uncertain' AND b.outcome <> 'resolved')",
)
sql(
    "mail.states",
    N_("Sending has a lease, sent and sending have their bytes, waiting ones their next try, failed ones a reason"),
    "mail_queue",
    "SELECT id, state FROM mail_queue WHERE (state = 'sending') <> (lease_until IS NOT NULL)"
    " OR (state IN ('sending', 'sent', 'uncertain') AND mime IS NULL) OR (state = 'queued' AND next_try_at IS NULL)"
    " OR (state = 'failed' AND reason = '') OR (state = 'sent') <> (sent_at IS NOT NULL)"
    " OR (state = 'uncertain' AND NOT EXISTS (SELECT 1 FROM mail_attempts a WHERE a.mail_id = mail_queue.id"
    " AND a.outcome = 'uncertain'))",
)
sql(
    "mail.told",
    N_("Someone was told of every failed or uncertain message"),
    "mail_queue",
    "SELECT id, state FROM mail_queue m WHERE state IN ('failed', 'uncertain') AND NOT EXISTS (SELECT 1 FROM notifications n"
    " WHERE n.link_table = 'mail_queue' AND n.link_id = m.id)",
)


@rule("mail.bytes", N_("The bytes of a message have their hash and carry its Message-ID"))
def message_bytes(connection: Any) -> Iterable[Finding]:
    for row_id, mime, kept, message_id in connection.execute(
        "SELECT id, mime, mime_hash, message_id FROM mail_queue WHERE mime IS NOT NULL"
    ):
        if hashlib.sha256(mime).hexdigest() != kept:
            yield "mail_queue", row_id, "the hash is another"
        elif message_id.encode() not in mime:
            yield "mail_queue", row_id, "the bytes carry another Message-ID"
