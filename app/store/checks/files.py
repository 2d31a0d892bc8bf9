"""The files kept with people and their notes: each stands somewhere, and is what was given (DOMAIN.md, "Tables")."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from app.store.checks.rules import Finding, rule, sql
from app.text import N_

sql(
    "files.subject",
    N_("A file that is shown stands at a person, a note or an enrollment that is there, or is the center's picture"),
    "attachments",
    # A removed one may stand at a note that was removed with it.
    "SELECT x.id, x.file_name || ' stands at ' || x.subject_table || ' ' || x.subject_id FROM attachments x"
    " WHERE x.removed_at IS NULL AND NOT (x.subject_table = 'settings' OR "
    "(x.subject_table = 'users' AND x.subject_id IN (SELECT id FROM users))"
    " OR (x.subject_table = 'notes' AND x.subject_id IN (SELECT id FROM notes))"
    " OR (x.subject_table = 'courses_enrolled' AND x.subject_id IN (SELECT id FROM courses_enrolled)))",
)


@rule("files.content", N_("The bytes of every file are those that were given"))
def content(connection: Any) -> Iterable[Finding]:
    for row_id, name, digest, found in connection.execute("SELECT id, file_name, sha256, content FROM attachments"):
        if hashlib.sha256(found).hexdigest() != digest:
            yield "attachments", row_id, str(name)
