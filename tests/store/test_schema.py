"""The schema: models and file agree, a kept file of every released schema opens and is sound, frozen rows stay."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as driver

from app import clock, store
from app.store import checks, migrations
from app.store.models import MODELS
from tests.support.full_center import START

DATA = Path(__file__).resolve().parent.parent / "data"


def made() -> driver.Connection:
    connection = driver.connect(":memory:", isolation_level=None)
    migrations.upgrade(connection)
    return connection


def test_models_are_the_schema() -> None:
    connection = made()
    tables = {
        name
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%STRICT%'")
    }
    assert {model._meta.table_name for model in MODELS} == tables - {"current_operation", "people_search"}
    for model in MODELS:
        name = model._meta.table_name
        rows = connection.execute(f"SELECT name, type, [notnull], pk FROM pragma_table_info('{name}')").fetchall()
        assert set(model._meta.columns) == {row[0] for row in rows}, name
        for column, kind, required, key in rows:
            field = model._meta.columns[column]
            assert field.null is (not required and not key), f"{name}.{column}"
            expected = {"INTEGER": ("INT", "AUTO"), "TEXT": ("TEXT",), "BLOB": ("BLOB",)}[kind]
            assert field.field_type in expected, f"{name}.{column}"


def test_every_table_is_strict_and_every_reference_is_enforced() -> None:
    connection = made()
    loose = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%STRICT%' AND name NOT LIKE 'sqlite_%'"
        " AND name NOT LIKE 'people_%'"
    ).fetchall()
    assert loose == []
    for table in migrations.recorded_tables(connection):
        columns = [row[0] for row in connection.execute(f"SELECT name FROM pragma_table_info('{table}')")]
        referring = {row[3] for row in connection.execute(f"PRAGMA foreign_key_list('{table}')")}
        free = {"link_id", "subject_id", "message_id", "tax_id"}
        assert {name for name in columns if name.endswith("_id")} - free <= referring, table


@pytest.mark.parametrize("version", range(1, migrations.SCHEMA_VERSION + 1))
def test_a_file_of_every_schema_opens_and_is_sound(tmp_path: Path, version: int) -> None:
    (tmp_path / "center").mkdir()
    shutil.copy(DATA / f"schema-{version}.db", tmp_path / "center" / "center.db")
    store.open_center(tmp_path / "center")
    try:
        with clock.frozen(START.replace(hour=18)):
            assert checks.run() == []
        fresh, old = made(), store.db.connection()
        listing = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"
        assert old.execute(listing).fetchall() == fresh.execute(listing).fetchall()
        assert old.execute("PRAGMA user_version").fetchone()[0] == migrations.SCHEMA_VERSION
    finally:
        store.close_center()


def test_a_step_that_fails_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def half(connection: driver.Connection) -> None:
        connection.execute("CREATE TABLE half_done (id INTEGER PRIMARY KEY) STRICT")
        raise RuntimeError("half way")

    connection = driver.connect(str(tmp_path / "x.db"), isolation_level=None)
    monkeypatch.setattr(migrations, "STEPS", [*migrations.STEPS, half])
    monkeypatch.setattr(migrations, "SCHEMA_VERSION", len(migrations.STEPS))
    with pytest.raises(RuntimeError, match="half way"):
        migrations.upgrade(connection)
    assert connection.execute("PRAGMA user_version").fetchone()[0] == len(migrations.STEPS) - 1
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'half_done'").fetchone()[0] == 0
    connection.close()
