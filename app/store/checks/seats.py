"""Sessions, slots, seats and progress (DOMAIN.md, "Seats"). `now` is the moment of the check."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from app import clock
from app.errors import UserError
from app.store.checks.rules import Finding, rule, sql
from app.text import N_

_LIVE = "(e.status IN ('booked', 'attended') OR (e.status = 'held' AND e.held_until > ?))"


def _now_sql(name: str, meaning: str, table: str, query: str) -> None:
    """A query whose every `?` is the present stamp."""

    def find(connection: Any) -> Iterable[Finding]:
        for row_id, detail in connection.execute(query, (clock.stamp(),) * query.count("?")):
            yield table, row_id, str(detail)

    rule(name, meaning)(find)


_now_sql(
    "seats.capacity",
    N_("Live seats are never more than a slot has"),
    "slots",
    f"SELECT s.id, count(*) || ' live seats of ' || s.capacity FROM slots s JOIN slot_enrolled e ON e.slot_id = s.id"
    f" WHERE {_LIVE} GROUP BY s.id HAVING count(*) > s.capacity",
)
sql(
    "seats.kept_count",
    N_("The kept count of a slot is its booked and attended seats"),
    "slots",
    "SELECT s.id, 'kept ' || s.seats_taken || ', rows say ' || coalesce(r.n, 0) FROM slots s LEFT JOIN ("
    " SELECT slot_id, count(*) AS n FROM slot_enrolled WHERE status IN ('booked', 'attended') GROUP BY slot_id) r"
    " ON r.slot_id = s.id WHERE s.seats_taken <> coalesce(r.n, 0)",
)
sql(
    "seats.one_each",
    N_("One seat per student and slot"),
    "slot_enrolled",
    "SELECT max(id), 'student ' || student_id || ' has ' || count(*) FROM slot_enrolled WHERE status <> 'canceled'"
    " GROUP BY slot_id, student_id HAVING count(*) > 1",
)
sql(
    "seats.session",
    N_("A seat carries the session of its slot"),
    "slot_enrolled",
    "SELECT e.id, 'session ' || e.session_id || ', slot has ' || s.session_id FROM slot_enrolled e"
    " JOIN slots s ON s.id = e.slot_id WHERE e.session_id <> s.session_id",
)
sql(
    "seats.enrollment",
    N_("A seat belongs to an enrollment of its student in the session's course, and to a student"),
    "slot_enrolled",
    "SELECT e.id, 'enrollment ' || c.number FROM slot_enrolled e JOIN courses_enrolled c ON c.id = e.enrollment_id"
    " JOIN sessions n ON n.id = e.session_id WHERE c.student_id <> e.student_id OR c.course_id <> n.course_id"
    " UNION ALL SELECT e.id, 'held by no student' FROM slot_enrolled e JOIN users u ON u.id = e.student_id"
    " WHERE u.role <> 'student'",
)
sql(
    "seats.canceled_slot",
    N_("A canceled slot has no seats, and says why it was canceled"),
    "slots",
    "SELECT s.id, count(e.id) || ' seats' FROM slots s LEFT JOIN slot_enrolled e ON e.slot_id = s.id"
    " AND e.status <> 'canceled' WHERE s.canceled_at IS NOT NULL GROUP BY s.id HAVING count(e.id) > 0 OR s.cancel_reason = ''",
)
_now_sql(
    "seats.two_places",
    N_("No student sits in two slots at once, unless someone said why"),
    "slot_enrolled",
    "SELECT e.id, 'also in slot ' || t.id FROM slot_enrolled e JOIN slots s ON s.id = e.slot_id"
    " JOIN slot_enrolled f ON f.student_id = e.student_id AND f.id > e.id JOIN slots t ON t.id = f.slot_id"
    f" WHERE {_LIVE} AND {_LIVE.replace('e.', 'f.')} AND s.canceled_at IS NULL AND t.canceled_at IS NULL"
    " AND s.start_utc < t.end_utc AND t.start_utc < s.end_utc AND e.override_reason = '' AND f.override_reason = ''"
    " AND s.override_reason = '' AND t.override_reason = ''",
)
sql(
    "slots.room",
    N_("No room, vehicle or equipment is used more often at once than there is of it, unless someone said why"),
    "slots",
    "SELECT s.id, r.name || ' is taken' FROM slots s JOIN resources r ON r.id = s.resource_id"
    " WHERE s.canceled_at IS NULL AND s.override_reason = '' AND r.quantity <= (SELECT count(*) FROM slots t"
    " WHERE t.resource_id = s.resource_id AND t.id <> s.id AND t.canceled_at IS NULL AND t.override_reason = ''"
    " AND t.start_utc < s.end_utc AND s.start_utc < t.end_utc)",
)
sql(
    "slots.instructor",
    N_("No instructor teaches in two places at once, unless someone said why"),
    "slots",
    """
    WITH teaching AS (
        SELECT s.id, s.start_utc, s.end_utc, i.instructor_id FROM slots s
            JOIN session_instructor i ON i.session_id = s.session_id
            WHERE s.canceled_at IS NULL AND s.override_reason = '' AND NOT EXISTS (SELECT 1 FROM slot_instructor x
                WHERE x.slot_id = s.id AND x.instructor_id = i.instructor_id AND x.kind = 'removed')
        UNION SELECT s.id, s.start_utc, s.end_utc, x.instructor_id FROM slots s
            JOIN slot_instructor x ON x.slot_id = s.id AND x.kind = 'added'
            WHERE s.canceled_at IS NULL AND s.override_reason = ''
    ), ordered AS (
        SELECT id, instructor_id, start_utc, max(end_utc) OVER (
            PARTITION BY instructor_id ORDER BY start_utc, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS busy_until FROM teaching
    ) SELECT id, 'instructor ' || instructor_id || ' teaches elsewhere' FROM ordered WHERE start_utc < busy_until
    """,
)
sql(
    "slots.instructors_work_here",
    N_("Only people who work here teach"),
    "session_instructor",
    "SELECT i.id, u.role FROM session_instructor i JOIN users u ON u.id = i.instructor_id WHERE u.role = 'student'"
    " UNION ALL SELECT i.id, u.role FROM slot_instructor i JOIN users u ON u.id = i.instructor_id WHERE u.role = 'student'",
)
_now_sql(
    "students.next_slot",
    N_(
        "The kept next slot is the earliest coming live seat; one that has begun waits for the day to be rolled forward"
    ),
    "users",
    """
    SELECT u.id, 'kept ' || coalesce(u.next_slot_at, 'none') || ', rows say ' || coalesce(n.at, 'none') FROM users u
    LEFT JOIN (
        SELECT e.student_id, min(s.start_utc) AS at FROM slot_enrolled e JOIN slots s ON s.id = e.slot_id
        WHERE s.canceled_at IS NULL AND s.start_utc > ? AND (
            e.status IN ('booked', 'attended') OR (e.status = 'held' AND e.held_until > ?))
        GROUP BY e.student_id
    ) n ON n.student_id = u.id
    WHERE u.next_slot_at IS NOT n.at AND (u.next_slot_at IS NULL OR u.next_slot_at > ?) AND NOT EXISTS (
        SELECT 1 FROM slot_enrolled h WHERE h.student_id = u.id AND h.status = 'held' AND h.slot_id = u.next_slot_id)
    """,
)
sql(
    "progress.attended",
    N_("Progress is the sum of attended slot time"),
    "courses_enrolled",
    """
    WITH done AS (
        SELECT e.enrollment_id AS id,
            sum(CASE n.class_type WHEN 'theory' THEN 1 ELSE 0 END * minutes) AS theory,
            sum(CASE n.class_type WHEN 'practical' THEN 1 ELSE 0 END * minutes) AS practical
        FROM (SELECT x.enrollment_id, x.session_id,
                CAST(round((julianday(s.end_utc) - julianday(s.start_utc)) * 1440) AS INTEGER) AS minutes
              FROM slot_enrolled x JOIN slots s ON s.id = x.slot_id
              WHERE x.status = 'attended' AND x.enrollment_id IS NOT NULL AND s.canceled_at IS NULL) e
        JOIN sessions n ON n.id = e.session_id GROUP BY e.enrollment_id
    ), said AS (
        SELECT c.id, c.number, c.progress_bp, c.theory_done_minutes AS t, c.practical_done_minutes AS p,
            coalesce(d.theory, 0) AS theory, coalesce(d.practical, 0) AS practical,
            k.theory_minutes + k.practical_minutes AS planned,
            min(coalesce(d.theory, 0), k.theory_minutes) + min(coalesce(d.practical, 0), k.practical_minutes) AS counted
        FROM courses_enrolled c JOIN courses k ON k.id = c.course_id LEFT JOIN done d ON d.id = c.id
    )
    SELECT id, number || ': kept ' || t || ' + ' || p || ' minutes, attended ' || theory || ' + ' || practical FROM said
    WHERE t <> theory OR p <> practical
        OR progress_bp <> CASE WHEN planned = 0 THEN 0 ELSE min(10000, counted * 10000 / planned) END
    """,
)

sql(
    "progress.completed",
    N_("A completed course has the day it was completed, and no other has one"),
    "courses_enrolled",
    "SELECT id, number FROM courses_enrolled WHERE (status = 'completed') <> (completed_on IS NOT NULL)",
)


@rule("slots.times", N_("A slot's UTC times are its wall times in its zone, and its day is its start's"))
def times(connection: Any) -> Iterable[Finding]:
    for row_id, day, start_wall, end_wall, zone, start, end in connection.execute(
        "SELECT id, on_date, start_wall, end_wall, zone, start_utc, end_utc FROM slots"
    ):
        if start_wall[:10] != day or not (_is(start_wall, zone, start) and _is(end_wall, zone, end)):
            yield "slots", row_id, f"{start_wall} to {end_wall} in {zone} is not {start} to {end}"


def _is(wall: str, zone: str, stamp: str) -> bool:
    for fold in (0, 1):
        try:
            if clock.stamp(clock.wall_to_utc(datetime.fromisoformat(wall), zone, fold)) == stamp:
                return True
        except UserError:
            return False
    return False
