"""The frame: pages, keys, pills, status bar, text size; asking; and the dialog for the program's own errors."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPlainTextEdit, QScrollBar, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app import log, paths
from ui.crash import CrashDialog, CrashReporter
from ui.dialogs.ask import ask
from ui.dialogs.form import FormDialog
from ui.theme import theme
from ui.widgets.basic import Button, Field
from ui.widgets.paint import width_of
from ui.window import DeskWindow

PAGES = ("today", "students", "calendar", "payments", "inbox", "mail", "reports")
CTRL = Qt.KeyboardModifier.ControlModifier


class Page(QWidget):
    """A page that counts how often it was shown."""

    key_hints = [(("/",), "search")]

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key, self.times = key, 0
        QVBoxLayout(self).addWidget(QLabel(key))

    def page_shown(self) -> None:
        self.times += 1


@pytest.fixture(autouse=True)
def as_before(qapp: QApplication) -> Iterator[None]:
    """Every test starts with, and leaves, the light look at 100 %, left to right."""
    qapp.setStyle("Fusion")
    theme().use(dark=False, scale=1.0)
    yield
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    theme().use(dark=False, scale=1.0)


@pytest.fixture
def window(qtbot: QtBot) -> DeskWindow:
    """The frame over seven pages and the settings."""
    made = DeskWindow("Brückenhaus <b>Training</b> Center")
    for key in PAGES:
        made.add_page(key, key.capitalize(), "users", lambda key=key: Page(key))
    made.add_page("settings", "Settings", "settings", lambda: Page("settings"), foot=True)
    qtbot.addWidget(made)
    made.resize(1366, 768)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.go("today")
    return made


def test_a_page_is_made_when_it_is_first_shown(window: DeskWindow) -> None:
    assert [key for key, entry in window.pages.items() if entry.widget is not None] == ["today"]
    page = window.go("mail")
    assert page.times == 1
    window.go("today")
    assert window.go("mail") is page
    assert page.times == 2


@pytest.mark.parametrize("number", range(1, 8))
def test_control_and_a_digit_go_to_a_page(window: DeskWindow, number: int) -> None:
    window.go("settings")
    QTest.keyClick(window, Qt.Key(Qt.Key.Key_0 + number), CTRL)
    assert window.current().key == PAGES[number - 1]
    rail = window.findChild(QWidget, f"rail_{PAGES[number - 1]}")
    assert rail.isChecked()
    assert rail.accessibleName() == PAGES[number - 1].capitalize()


@pytest.mark.parametrize(
    ("key", "signal"),
    [
        (Qt.Key.Key_F1, "help_requested"),
        (Qt.Key.Key_F2, "enroll_requested"),
        (Qt.Key.Key_F4, "pay_requested"),
    ],
)
def test_the_keys_of_the_bar(window: DeskWindow, qtbot: QtBot, key: Qt.Key, signal: str) -> None:
    with qtbot.waitSignal(getattr(window, signal)):
        QTest.keyClick(window, key)


@pytest.mark.parametrize(
    ("name", "signal"),
    [("bar_enroll", "enroll_requested"), ("bar_pay", "pay_requested"), ("actor", "actor_clicked")],
)
def test_what_can_be_clicked_says_its_name_and_asks(window: DeskWindow, qtbot: QtBot, name: str, signal: str) -> None:
    window.actor_button.set_label("Marta Kowalczyk · Front desk")
    button = window.findChild(QWidget, name)
    assert button.accessibleName() == button.text()
    with qtbot.waitSignal(getattr(window, signal)):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_control_k_selects_what_stands_in_the_command_field(window: DeskWindow) -> None:
    window.command.setText("ana")
    QTest.keyClick(window, Qt.Key.Key_K, CTRL)
    assert window.command.hasFocus()
    assert window.command.selectedText() == "ana"


def test_the_command_field_stands_in_the_middle(window: DeskWindow) -> None:
    middle = window.command.mapTo(window, window.command.rect().center()).x()
    assert abs(middle - window.width() / 2) <= 8
    assert window.command.height() == 32


def test_a_pill_counts_and_says_what_waits(window: DeskWindow) -> None:
    rail = window.findChild(QWidget, "rail_mail")
    before = rail.grab().toImage()
    window.set_pill("mail", 3)
    assert rail.accessibleDescription() == "3"
    image = rail.grab().toImage()
    assert image != before
    assert image.pixelColor(rail.width() // 2 + 14, 3) == theme().color("brass")
    window.set_pill("mail", 0)
    assert rail.accessibleDescription() == ""


def test_the_status_bar_says_the_keys_of_the_page_and_facts_only_when_there_are_some(window: DeskWindow) -> None:
    assert window.hints.accessibleName() == "/ search, F1 all keys"
    assert not window.till_fact.isVisible()
    window.till_fact.set_label("Till 1 open since 08:02")
    assert window.till_fact.isVisible()
    assert window.till_fact.accessibleName() == "Till 1 open since 08:02"


def test_markup_in_the_name_of_the_center_is_shown(window: DeskWindow) -> None:
    assert window.center_label.text() == "Brückenhaus <b>Training</b> Center"
    assert window.center_label.textFormat() == Qt.TextFormat.PlainText


@pytest.mark.parametrize("dark", [False, True])
def test_the_sheet_has_a_round_corner_on_ink(window: DeskWindow, dark: bool) -> None:
    theme().use(dark=dark)
    image = window.grab().toImage()
    corner = window.current().mapTo(window, QPoint(0, 0))
    assert image.pixelColor(corner.x(), corner.y()) == theme().color("frame")
    assert image.pixelColor(corner.x() + 16, corner.y() + 2) == theme().color("bg")


@pytest.mark.parametrize("scale", [0.9, 1.0, 1.25, 1.5])
def test_the_frame_fits_a_small_screen_at_every_text_size(window: DeskWindow, scale: float) -> None:
    window.till_fact.set_label("Till 1 open since 08:02")
    window.mail_fact.set_label("3 mails waiting")
    window.actor_button.set_label("Marta Kowalczyk · Front desk")
    theme().use(scale=scale)
    QApplication.processEvents()
    assert (window.width(), window.height()) == (1366, 768)
    assert window.minimumSizeHint().width() <= 1366
    assert window.minimumSizeHint().height() <= 768
    assert not [bar for bar in window.findChildren(QScrollBar) if bar.isVisible()]
    for key in (*PAGES, "settings"):
        rail = window.findChild(QWidget, f"rail_{key}")
        rail.setChecked(True)
        bold = theme().font("rail")
        bold.setWeight(QFont.Weight.Bold)
        assert rail.width() >= width_of(rail.text(), bold) + 16, f"{key} is cut"
        assert rail.geometry().bottom() <= rail.parentWidget().height()
    bar = window.command.parentWidget()
    assert window.command.geometry().top() >= 0
    assert window.command.geometry().bottom() <= bar.height()


def test_right_to_left_puts_the_rail_right_and_its_marker_at_the_edge(window: DeskWindow) -> None:
    QApplication.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    QApplication.processEvents()
    rail = window.findChild(QWidget, "rail_today")
    corner = rail.mapTo(window, QPoint(0, 0))
    assert corner.x() == 1366 - 80
    image, middle = window.grab().toImage(), corner.y() + rail.height() // 2
    assert image.pixelColor(1365, middle) == theme().color("brass")
    assert image.pixelColor(1366 - 80 + 2, middle) == theme().color("frame")


def test_a_long_notice_gives_way_and_who_is_at_the_desk_stays_whole(window: DeskWindow) -> None:
    theme().use(scale=1.5)
    window.till_fact.set_label("Till 1 open since 08:02")
    window.mail_fact.set_label("3 mails waiting")
    window.actor_button.set_label("Marta Kowalczyk · Front desk is at the desk")
    said = "1 payment waits for an answer: see Payments. " * 2
    window.notice(said)
    QApplication.processEvents()
    actor = window.actor_button
    assert actor.width() >= actor.sizeHint().width()
    assert actor.mapTo(window, actor.rect().topRight()).x() <= 1366
    assert window.notice_label.toolTip() == window.notice_label.text() == said
    assert window.notice_label.geometry().right() < actor.geometry().left()


# -- asking


def test_a_question_is_answered_by_a_call_and_never_blocks(window: DeskWindow, qtbot: QtBot) -> None:
    answers: list[tuple[str, str]] = []
    question = ask(
        window, "Send?", "Once <b>more</b>?", [("yes", "Send"), ("no", "Keep")], lambda *a: answers.append(a)
    )
    qtbot.waitUntil(question.isActiveWindow)
    QTest.mouseClick(question.findChild(Button, "keep"), Qt.MouseButton.LeftButton)
    assert answers == [("no", "")]
    again = ask(window, "Send?", "Once more?", [("yes", "Send")], lambda *a: answers.append(a))
    qtbot.waitUntil(again.isActiveWindow)
    QTest.keyClick(again, Qt.Key.Key_Escape)
    assert answers == [("no", "")], "closing answers nothing"


def test_a_reason_must_be_given(window: DeskWindow, qtbot: QtBot) -> None:
    answers: list[tuple[str, str]] = []
    question = ask(window, "Why?", "Say why.", [("yes", "Go")], lambda *a: answers.append(a), field="Reason")
    qtbot.waitUntil(question.isActiveWindow)
    QTest.keyClick(question, Qt.Key.Key_Return, CTRL)
    assert answers == []
    assert question.edit is not None
    assert question.edit.accessibleDescription()
    QTest.keyClicks(question.edit, "wrong amount")
    QTest.keyClick(question, Qt.Key.Key_Return, CTRL)
    assert answers == [("yes", "wrong amount")]


# -- the program's own errors


@pytest.fixture
def reporter(window: DeskWindow, monkeypatch: pytest.MonkeyPatch) -> CrashReporter:
    """A reporter over the hooks; what Python prints itself is not wanted here."""
    monkeypatch.setattr(sys, "__excepthook__", lambda *error: None)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    made = CrashReporter(window)
    made.install()
    return made


def fail(words: str = "the sums do not agree") -> None:
    try:
        raise ZeroDivisionError(words)
    except ZeroDivisionError as error:
        sys.excepthook(type(error), error, error.__traceback__)


def dialogs() -> list[CrashDialog]:
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, CrashDialog) and one.isVisible()]


def close_all(qtbot: QtBot) -> None:
    for dialog in dialogs():
        dialog.reject()
    qtbot.waitUntil(lambda: not dialogs())


def test_an_error_is_told_once_with_details_to_copy(reporter: CrashReporter, qtbot: QtBot) -> None:
    for _time in range(3):
        fail()
    qtbot.waitUntil(lambda: len(dialogs()) == 1)
    QApplication.processEvents()
    (dialog,) = dialogs()
    details = dialog.findChild(QPlainTextEdit, "details").toPlainText()
    assert "ZeroDivisionError: the sums do not agree" in details
    QTest.mouseClick(dialog.findChild(Button, "copy_details"), Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == details
    close_all(qtbot)
    fail()
    fail("another one")
    qtbot.waitUntil(lambda: len(dialogs()) == 1)
    assert "another one" in dialogs()[0].details
    close_all(qtbot)


@pytest.mark.parametrize("scale", [0.9, 1.0, 1.5])
def test_the_headline_is_whole(reporter: CrashReporter, qtbot: QtBot, scale: float) -> None:
    theme().use(scale=scale)
    fail(f"at {scale}")
    qtbot.waitUntil(lambda: len(dialogs()) == 1)
    (dialog,) = dialogs()
    (headline,) = [one for one in dialog.findChildren(QLabel) if one.text().endswith("Nothing was saved.")]
    assert headline.width() >= width_of(headline.text(), headline.font())
    assert dialog.width() <= 1366
    close_all(qtbot)


def test_the_dialog_names_the_log_where_one_is_kept(reporter: CrashReporter, qtbot: QtBot, tmp_path: Path) -> None:
    log.begin(tmp_path)
    try:
        fail("with a log")
        qtbot.waitUntil(lambda: len(dialogs()) == 1)
        assert "deskbell.log in the data folder" in dialogs()[0].findChild(QLabel, "crash_log").text()
        close_all(qtbot)
        assert "ZeroDivisionError" in paths.log_file(tmp_path).read_text("utf-8")
    finally:
        log.end()
    fail("without one")
    qtbot.waitUntil(lambda: len(dialogs()) == 1)
    assert dialogs()[0].findChild(QLabel, "crash_log") is None
    close_all(qtbot)


def test_an_error_of_another_thread_is_shown_by_the_window(reporter: CrashReporter, qtbot: QtBot) -> None:
    def work() -> None:
        raise LookupError("lost in a thread")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(dialogs()) == 1)
    assert "LookupError: lost in a thread" in dialogs()[0].details
    close_all(qtbot)


def test_the_window_goes_on_after_an_error(reporter: CrashReporter, window: DeskWindow, qtbot: QtBot) -> None:
    fail("a third one")
    qtbot.waitUntil(lambda: len(dialogs()) == 1)
    QTest.keyClick(dialogs()[0], Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not dialogs())
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_2, CTRL)
    assert window.current().key == "students"


def test_stopping_the_program_is_no_error(reporter: CrashReporter) -> None:
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    QApplication.processEvents()
    assert dialogs() == []


# -- forms that say more than they did -----------------------------------------------------------------------


def test_a_form_grows_by_an_error_line_and_gives_the_room_back(window: DeskWindow, qtbot: QtBot) -> None:
    form = FormDialog(window, "A form", "user")
    field = form.add_field("name", Field("Name"))
    form.body.addWidget(field)
    form.open()
    before = form.height()
    field.set_error("This is wrong, and it takes a whole line to say why it is wrong. " * 4)
    qtbot.waitUntil(lambda: form.height() > before)
    assert field.below.height() >= field.below.heightForWidth(field.below.width())
    field.clear_error()
    qtbot.waitUntil(lambda: form.height() < before + 8)  # a styled edit is 2 pixels higher than a fresh one
    form.reject()


def test_without_its_guard_a_form_keeps_the_room_of_an_error_that_is_gone(
    window: DeskWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.dialogs.form.grow", lambda _form: None)
    form = FormDialog(window, "A form", "user")
    field = form.add_field("name", Field("Name"))
    form.body.addWidget(field)
    form.open()
    before = form.height()
    field.set_error("This is wrong, and it takes a whole line to say why it is wrong. " * 4)
    qtbot.waitUntil(lambda: form.height() > before)
    field.clear_error()
    QApplication.sendPostedEvents()
    QApplication.processEvents()
    assert form.height() >= before + 8
    form.reject()
