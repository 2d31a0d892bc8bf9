"""Safe keeping through the real window: back up, lose work, get it back; the second place; check and repair; damage."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QScrollArea, QWidget

from app import paths, store
from app.desk import enrollment, keeping, people
from app.desk.accounts import Actor
from app.desk.enrollment import EnrollmentDraft
from app.store import backup, checks, cipher
from app.store.models import CourseEnrolled, MailQueue, Notification, Operation, User
from tests.support.breaking import breaking
from tests.support.window import Driver, driver
from ui import run
from ui.dialogs import ask
from ui.pages.keeping.check import _Group
from ui.theme import theme

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture(autouse=True)
def plain_look(qapp: QApplication) -> Iterator[None]:
    theme().use(dark=False, scale=1.0)
    yield
    theme().use(dark=False, scale=1.0)


class Restarted:
    """What whoever runs the program does when a window asked for a restore."""

    def __init__(self, driver: Driver) -> None:
        self.driver, self.first = driver, driver.desk
        self.closed: list[bool] = []
        driver.window.closing.connect(lambda: self.closed.append(True))

    def wait(self) -> Driver:
        self.driver.until(lambda: bool(self.closed))
        self.first.stop()
        again = run.reopened(self.first)
        assert again is not None
        again.start()
        again.window.activateWindow()
        self.again = again
        return Driver(again, self.driver.center)


@pytest.fixture
def restarted(driver: Driver) -> Iterator[Restarted]:
    made = Restarted(driver)
    yield made
    again = getattr(made, "again", None)
    if again is not None:
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QDialog):
                widget.close()
        again.stop()
        store.release_folder()
        driver.desk.stop = lambda: None  # type: ignore[method-assign]


def be(driver: Driver, actor: Actor) -> None:
    driver.desk.context.set_actor(actor)


def safe_keeping(driver: Driver) -> Any:
    """Settings → Safe keeping, by mouse."""
    driver.page("settings")
    driver.click(driver.window, "settings_part_keeping")
    return driver.window.current().keeping


def backed_up(driver: Driver, count: int) -> None:
    driver.until(lambda: len(backup.listing(driver.center.folder)) == count, 20)
    driver.until(lambda: not driver.desk.backups.state.running)
    driver.settled()


def work(driver: Driver) -> None:
    """What is done after the backup: an enrollment with its mail, a new student, a changed one."""
    context, center = driver.desk.context, driver.center
    context.run(enrollment.enroll, EnrollmentDraft(center.student, center.course))
    context.run(people.add_student, people.StudentDraft("Yusuf <i>Demir</i>", "& Söhne", email="y@mail.example"))
    driver.settled()


def words(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


# -- back up and restore -------------------------------------------------------------------------------------


def test_back_up_work_and_restore_by_mouse(driver: Driver, restarted: Restarted) -> None:
    be(driver, driver.center.admin)
    context, center = driver.desk.context, driver.center
    context.run(enrollment.enroll, EnrollmentDraft(center.other_student, center.course))  # its mail waits in the backup
    driver.settled()
    page = safe_keeping(driver)
    driver.click(page, "back_up_now")
    backed_up(driver, 1)
    driver.until(lambda: page.backups.model.ids == [1])
    driver.until(lambda: driver.window.backup_fact.text() == "Last backup just now")
    work(driver)
    present = keeping.last_operation()
    driver.click(page, "restore")
    dialog = driver.dialog("restore_dialog")
    said = words(dialog)
    assert "1 would be gone: Yusuf <i>Demir</i> & Söhne" in said
    assert "1 would be as they were then: Ana Satler" in said
    assert "1 would be gone: E-00002" in said
    assert "kept aside" in said
    driver.click(dialog, "restore_now")
    after = restarted.wait()
    assert "Restored" in after.window.notice_label.text()
    assert [row.number for row in CourseEnrolled.select()] == ["E-00001"]
    assert User.get_or_none(User.first_name.startswith("Yusuf")) is None
    assert {row.state for row in MailQueue.select()} == {"held"}
    last = Operation.select().where(Operation.label == "Restore backup").get()
    assert last.actor_id == center.admin.user_id
    assert Notification.get(Notification.key == "keeping.restored")
    (aside,) = center.folder.glob("before-restore-*.db")
    assert backup.last_operation_in(aside) == present
    assert backup.verify(aside) == ""
    # A copy of the present file was made before it went, and the new window works.
    assert "restore" in {one.why for one in backup.listing(center.folder)}
    inbox = after.page("inbox")
    assert any("The center was restored" in row.accessibleName() for row in inbox.rows)
    assert checks.run() == []


def test_whoever_has_the_same_id_in_the_restored_file_is_not_at_the_desk(driver: Driver, restarted: Restarted) -> None:
    be(driver, driver.center.admin)
    other = driver.center.folder.parent / "other.db"
    backup.make(other)
    with contextlib.closing(cipher.connect(other, isolation_level=None)) as connection:
        uid = f"UPDATE users SET uid = '{store.uuid7()}' WHERE id = {driver.center.admin.user_id}"
        breaking(connection, uid)
    driver.desk.restore(other)
    after = restarted.wait()
    assert "Restored" in after.window.notice_label.text()
    assert after.desk.context.actor.user_id == driver.center.staff.user_id, "as at every start, and not the other one"


def test_a_file_that_is_damaged_under_the_window_is_restored_over_by_whoever_is_at_the_desk(
    driver: Driver, restarted: Restarted
) -> None:
    """One byte of the schema is no text any more: nothing can be read, not even who is at the desk."""
    be(driver, driver.center.admin)
    backup.take(driver.center.folder, "asked")
    work(driver)
    page = driver.page("settings")
    page.show_part("keeping")
    page = page.keeping
    driver.until(lambda: page.backups.table.current_id() is not None)
    file = paths.data_file(driver.center.folder)
    with contextlib.closing(cipher.connect(file)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    at = file.read_bytes().index(b"CREATE TABLE operations")
    with file.open("r+b") as raw:
        raw.seek(at + 3)
        raw.write(b"\xff")
    page.backups.table.setFocus()
    driver.key(Qt.Key.Key_Return)
    dialog = driver.dialog("restore_dialog")
    assert "The present file cannot be read" in words(dialog)
    QTest.keyClick(dialog, Qt.Key.Key_Return, CTRL)
    after = restarted.wait()
    assert "Restored" in after.window.notice_label.text()
    assert after.desk.context.actor.user_id == driver.center.admin.user_id
    assert Operation.get(Operation.label == "Restore backup").actor_id == driver.center.admin.user_id
    assert Notification.get(Notification.key == "keeping.restored")
    assert checks.run() == []


def test_back_up_work_and_restore_by_keyboard_alone(driver: Driver, restarted: Restarted) -> None:
    be(driver, driver.center.admin)
    driver.key(Qt.Key.Key_K, CTRL)
    QTest.keyClicks(QApplication.focusWidget(), "back up now")
    driver.key(Qt.Key.Key_Return)
    backed_up(driver, 1)
    work(driver)
    driver.key(Qt.Key.Key_K, CTRL)
    QTest.keyClicks(QApplication.focusWidget(), "safe keeping")
    driver.key(Qt.Key.Key_Return)
    page = driver.window.current().keeping
    driver.until(page.backups.table.hasFocus)
    driver.key(Qt.Key.Key_Return)  # Enter on a moment shows what would change
    dialog = driver.dialog("restore_dialog")
    driver.key(Qt.Key.Key_Escape)  # and Esc leaves everything as it is
    driver.gone("restore_dialog")
    assert CourseEnrolled.select().count() == 1
    page.backups.table.setFocus()
    driver.key(Qt.Key.Key_Return)
    dialog = driver.dialog("restore_dialog")
    QTest.keyClick(dialog, Qt.Key.Key_Return, CTRL)
    after = restarted.wait()
    assert CourseEnrolled.select().count() == 0
    assert after.window.isVisible()


def test_an_unsound_copy_can_be_looked_at_and_not_restored(driver: Driver) -> None:
    be(driver, driver.center.admin)
    page = safe_keeping(driver)
    driver.desk.context.run(_break_balance)
    driver.settled()
    driver.click(page, "back_up_now")
    backed_up(driver, 1)
    driver.until(lambda: driver.window.backup_fact.text() == "Backup needs you")
    driver.click(page, "restore")
    dialog = driver.dialog("restore_dialog")
    assert "cannot be restored as a whole: The kept balance is what the rows say" in words(dialog)
    assert not dialog.main.isEnabled()
    QTest.keyClick(dialog, Qt.Key.Key_Return, CTRL)
    assert driver.window.isVisible()
    assert dialog.isVisible()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)


def test_the_front_desk_sees_what_would_change_and_is_told_who_restores(driver: Driver) -> None:
    be(driver, driver.center.staff)
    page = safe_keeping(driver)
    driver.click(page, "back_up_now")
    backed_up(driver, 1)
    driver.click(page, "restore")
    dialog = driver.dialog("restore_dialog")
    assert "An admin restores" in words(dialog)
    assert not dialog.main.isEnabled()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)


@pytest.mark.parametrize(("dark", "scale"), [(False, 1.0), (True, 1.5)])
def test_a_long_list_of_long_names_has_room(driver: Driver, dark: bool, scale: float) -> None:
    theme().use(dark=dark, scale=scale)
    be(driver, driver.center.admin)
    page = safe_keeping(driver)
    driver.click(page, "back_up_now")
    backed_up(driver, 1)
    driver.desk.context.run(_many_people)
    work(driver)
    driver.click(page, "restore")
    dialog = driver.dialog("restore_dialog")
    said = words(dialog)
    assert "41 would be gone" in said
    assert " and 29 more" in said
    window = driver.window
    assert dialog.height() <= window.height()
    area = dialog.findChild(QWidget, "differences")
    for label in dialog.findChildren(QLabel):
        if label.isVisible() and label.text() and label.wordWrap():
            assert label.height() >= label.heightForWidth(label.width()), label.text()
            assert label.mapTo(dialog, label.rect().bottomRight()).x() <= dialog.width()
    bar = area.verticalScrollBar()
    assert bar.maximum() > 0 or scale == 1
    QTest.keyClick(area, Qt.Key.Key_PageDown)
    assert bar.value() == min(bar.pageStep(), bar.maximum())
    QTest.keyClick(dialog, Qt.Key.Key_Escape)


# -- the second place ----------------------------------------------------------------------------------------


def test_the_second_place_is_chosen_and_gets_the_backup(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(driver, driver.center.admin)
    stick = tmp_path / "stick"
    stick.mkdir()
    page = safe_keeping(driver)
    monkeypatch.setattr(ask, "choose_folder", lambda *_: str(stick))
    driver.click(page, "choose_place")
    driver.settled()
    assert keeping.second_place() is not None
    driver.click(page, "back_up_now")
    backed_up(driver, 1)
    driver.until(lambda: len(list(stick.rglob("*.db"))) == 1)
    assert backup.verify(next(stick.rglob("*.db"))) == ""
    driver.type(page, "second_place", "/no/such/folder")
    driver.click(page, "save_place")
    driver.settled()
    assert "There is no folder /no/such/folder" in page.place.place_field.error
    assert page.place.place_field.edit.hasFocus()
    assert keeping.second_place()[0] == stick  # type: ignore[index]


def test_the_status_bar_says_when_and_opens_safe_keeping(driver: Driver) -> None:
    driver.desk.context.backup_wanted.emit()
    backed_up(driver, 1)
    driver.until(lambda: driver.window.backup_fact.text() == "Last backup just now")
    driver.page("students")
    driver.click(driver.window, "fact_backup")
    assert driver.window.current().part.value() == "keeping"
    assert driver.window.current().keeping.backups.isVisible()


# -- check and repair ----------------------------------------------------------------------------------------


def check_of(driver: Driver) -> Any:
    return driver.window.current().keeping.check


def ended(driver: Driver) -> None:
    driver.until(lambda: check_of(driver).thread_ is None, 30)
    QApplication.processEvents()


def test_check_repair_and_the_report(driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.desk.context.run(_break_balance)
    driver.desk.context.run(_break_document)
    driver.settled()
    be(driver, driver.center.staff)
    driver.key(Qt.Key.Key_K, CTRL)
    QTest.keyClicks(QApplication.focusWidget(), "check and repair")
    driver.key(Qt.Key.Key_Return)
    ended(driver)
    card = check_of(driver)
    said = words(card)
    assert "The kept balance is what the rows say" in said
    assert "Ana Satler (S-000001)" in said
    assert "table" not in said.split("\n")[0]
    assert "money.balance" not in said
    assert len([one for one in card.findChildren(_Group) if one.isVisible()]) == 2
    theme().use(scale=1.5)
    QTest.qWait(50)
    (area,) = [one for one in driver.window.current().keeping.findChildren(QScrollArea) if one.isAncestorOf(card)]
    assert area.horizontalScrollBar().maximum() == 0
    theme().use(scale=1.0)
    assert not card.mend.isEnabled()
    assert "An admin repairs" in said
    report = tmp_path / "report.txt"
    monkeypatch.setattr(ask, "choose_save_file", lambda *_: str(report))
    driver.click(card, "save_report")
    assert "Ana Satler" in report.read_text("utf-8")
    monkeypatch.setattr(ask, "choose_save_file", lambda *_: str(tmp_path / "no" / "such"))
    driver.click(card, "save_report")
    QApplication.processEvents()
    assert "cannot be written" in words(card)
    be(driver, driver.center.admin)
    driver.click(card, "repair")
    ended(driver)
    said = words(card)
    assert "Made anew: Balances." in said
    assert "1 rule of" in said
    assert "The kept balance is" not in said
    assert [one.why for one in backup.listing(driver.center.folder)] == ["repair"]
    assert driver.window.current().keeping.backups.model.ids == [1]
    assert User.get_by_id(driver.center.student).balance_minor == 0
    repaired = Operation.select().where(Operation.label == "Repair balances").get()
    assert repaired.actor_id == driver.center.admin.user_id
    assert not card.mend.isVisible()


def test_a_check_can_be_stopped_and_says_so(driver: Driver) -> None:
    slow = checks.Rule("slow", "Counts for minutes", _for_minutes)
    page = safe_keeping(driver)
    checks.RULES["slow"] = slow
    try:
        page.check.check.setFocus()
        driver.key(Qt.Key.Key_Space)
        driver.until(lambda: page.check.now.text() == "Counts for minutes")
        assert page.check.bar.isVisible()
        # The desk goes on writing meanwhile.
        driver.desk.context.run(people.add_note, driver.center.student, "beside a check")
        driver.settled()
        assert page.check.stop.hasFocus()
        driver.key(Qt.Key.Key_Space)
        driver.until(lambda: page.check.thread_ is None, 2)
        QApplication.processEvents()
        assert "Stopped" in words(page.check)
        # A window that closes in the middle of one does not wait for it.
        page.check.check_file()
        driver.until(lambda: page.check.now.text() == "Counts for minutes")
        page.finish()
        assert page.check.thread_ is None
    finally:
        del checks.RULES["slow"]


def test_damage_that_shows_while_the_window_is_open_is_one_sentence_and_the_way_to_the_backups(driver: Driver) -> None:
    (root,) = store.db.execute_sql("SELECT rootpage FROM sqlite_master WHERE name = 'notes'").fetchone()
    size = store.db.execute_sql("PRAGMA page_size").fetchone()[0]
    store.db.execute_sql("PRAGMA wal_checkpoint").fetchone()
    driver.desk.context.run(_fold_log)
    driver.settled()
    with paths.data_file(driver.center.folder).open("r+b") as raw:
        raw.seek((root - 1) * size)
        raw.write(bytes(size))
    for _ in range(2):
        driver.desk.context.run(people.add_note, driver.center.student, "into a hole")
    driver.settled()
    question = driver.dialog("fault")
    assert "The data file is damaged" in words(question)
    assert question.main.text() == "Open safe keeping"
    QTest.keyClick(question, Qt.Key.Key_Return, CTRL)
    driver.gone("fault")
    assert driver.window.current().part.value() == "keeping"


# -- behind the program's back, on the desk's own thread -----------------------------------------------------


def _break_balance(_actor: Actor) -> None:
    breaking(store.db.connection(), "UPDATE users SET balance_minor = balance_minor + 7 WHERE number = 'S-000001'")


def _break_document(_actor: Actor) -> None:
    breaking(store.db.connection(), "UPDATE users SET password_hash = 'x' WHERE number = 'S-000002'")


def _many_people(actor: Actor) -> None:
    with store.write("Many people", actor) as w:
        for number in range(40):
            w.insert(User, role="instructor", first_name=f"Number {number} " + "Bartholomäus-Maximilian " * 3)


def _fold_log(_actor: Actor) -> None:
    store.db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def _for_minutes(connection: Any) -> Any:
    return connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1e10)"
        " SELECT 'users', 0, count(*) FROM n"
    )


# -- what a newcomer stumbles over ---------------------------------------------------------------------------


def test_every_card_is_seen_at_once_on_a_small_screen(driver: Driver) -> None:
    be(driver, driver.center.admin)
    driver.window.resize(1366, 748)  # the system's title bar has the rest
    page = safe_keeping(driver)
    driver.settled()
    QApplication.processEvents()
    area = page.move_card.parentWidget().parentWidget()
    last = page.move_card.mapTo(area, page.move_card.rect().bottomLeft()).y()
    assert last <= area.height()


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5])
def test_no_card_is_wider_than_its_column(driver: Driver, scale: float) -> None:
    theme().use(scale=scale)
    page = safe_keeping(driver)
    driver.settled()
    QApplication.processEvents()
    column = page.move_card.parentWidget()
    assert column.minimumSizeHint().width() <= column.parentWidget().width()


def test_the_keys_of_the_parts_work_from_the_rail(driver: Driver) -> None:
    page = driver.page("settings")
    driver.find(driver.window, QWidget, "rail_settings").setFocus()
    driver.key(Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    assert page.part.value() == "keeping"


def test_the_focus_comes_back_to_back_up_now_and_never_rests_on_restore(driver: Driver) -> None:
    be(driver, driver.center.admin)
    page = safe_keeping(driver)
    now = page.backups.now
    now.setFocus()
    driver.key(Qt.Key.Key_Space)
    assert page.backups.table.hasFocus() or page.backups.none.isVisible()
    assert not page.backups.back.hasFocus()
    backed_up(driver, 1)
    driver.until(now.isEnabled)
    assert not page.backups.back.hasFocus()


def test_who_may_not_choose_the_place_is_told_who_may_and_keeps_the_focus(driver: Driver, tmp_path: Path) -> None:
    be(driver, driver.center.staff)
    page = safe_keeping(driver)
    driver.type(page, "second_place", str(tmp_path))
    page.place.save_place.setFocus()
    driver.key(Qt.Key.Key_Space)
    driver.settled()
    assert "Only an admin may do this" in page.place.place_field.error
    assert page.place.save_place.hasFocus()


def test_without_a_copy_the_list_says_so(driver: Driver) -> None:
    page = safe_keeping(driver)
    assert "No backup yet" in words(page.backups)
    driver.click(page, "back_up_now")
    backed_up(driver, 1)
    driver.until(lambda: "No backup yet" not in words(page.backups))
    assert page.backups.table.isVisible()
