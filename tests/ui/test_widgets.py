"""The shared parts as a person sees and uses them: painted in both looks, mirrored, by keyboard, with their names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QRegion, QStaticText, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFocusFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMainWindow,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.errors import UserError
from app.lists.calendar import Block
from tests.support.odd_text import ODD
from ui.command import CommandPanel, Result
from ui.pages.student_family import PersonRow
from ui.theme import theme
from ui.widgets import cells, paint
from ui.widgets.basic import Badge, Button, Chip, EmptyState, Field, Segment, Text, show_error
from ui.widgets.line import Line, as_tip
from ui.widgets.paint import STATUS, reads_right_to_left
from ui.widgets.squares import SeatSquares
from ui.widgets.table import PAGE, Cell, Column, PagedModel, RowTable


@pytest.fixture(autouse=True)
def as_before(qapp: QApplication) -> Iterator[None]:
    """Every test starts with, and leaves, the light look at 100 %, left to right."""
    qapp.setStyle("Fusion")
    theme().use(dark=False, scale=1.0)
    yield
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    theme().use(dark=False, scale=1.0)


def picture(widget: QWidget) -> QImage:
    widget.resize(widget.sizeHint())
    return widget.grab().toImage()


def shown(qtbot: QtBot, *widgets: QWidget) -> QWidget:
    """Widgets in an open window with room around them."""
    window = QWidget()
    row = QHBoxLayout(window)
    row.setContentsMargins(20, 20, 20, 20)
    for widget in widgets:
        row.addWidget(widget)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def read_from_right(on: bool) -> None:
    QApplication.setLayoutDirection(Qt.LayoutDirection.RightToLeft if on else Qt.LayoutDirection.LeftToRight)


def inked(image: QImage, color: QColor, within: int = 0) -> list[tuple[int, int]]:
    """Where a color stands; `within` takes the smoothed edges of letters and lines too."""

    def near(found: QColor) -> bool:
        pairs = zip((found.red(), found.green(), found.blue()), (color.red(), color.green(), color.blue()), strict=True)
        return max(abs(one - other) for one, other in pairs) <= within

    return [(x, y) for x in range(image.width()) for y in range(image.height()) if near(image.pixelColor(x, y))]


# -- seats


def slot(paid: int = 0, pending: int = 0, held: int = 0, capacity: int = 5, waiting: int = 0) -> Block:
    return Block(
        id=1, session_id=1, title="Theory", code="T", category="driving", icon="car", on_date="2026-03-17",
        start_wall="2026-03-17T09:00", end_wall="2026-03-17T10:30", start_utc="", end_utc="", room="Room 1",
        resource_id=None, instructors=(), capacity=capacity, paid=paid, pending=pending, held=held, waiting=waiting,
        version=1,
    )  # fmt: skip


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("right_to_left", [False, True])
def test_seats_are_told_by_shape_and_stand_in_order(dark: bool, right_to_left: bool) -> None:
    theme().use(dark=dark)
    read_from_right(right_to_left)
    squares = SeatSquares()
    squares.resize(200, 16)
    squares.show_seats(slot(paid=2, pending=1, held=1))
    image = squares.grab().toImage()

    def seat(number: int) -> QImage:
        left = image.width() - number * 16 - 13 if right_to_left else number * 16
        return image.copy(left + 2, 2, 9, 9)

    fill = {kind: theme().color(kind) for kind in ("okfill", "infofill", "heldfill")}
    assert len(inked(seat(0), fill["okfill"])) == 81, "a paid seat is solid"
    assert 8 < len(inked(seat(2), fill["infofill"])) < 60, "a pending seat is hatched"
    held = inked(seat(3), fill["heldfill"])
    assert held, "a held seat has a bar"
    assert {y for _x, y in held} <= {3, 4, 5}, "in its middle"
    free = seat(4)
    assert not any(inked(free, color) for color in fill.values()), "a free seat is empty"


def test_seats_say_their_numbers_in_words_and_break_into_rows() -> None:
    squares = SeatSquares()
    squares.resize(200, 16)
    squares.show_seats(slot(paid=9, pending=2, held=1, capacity=14, waiting=2))
    assert squares.accessibleName() == "12 of 14 seats: 9 paid, 2 pending, 1 held; 2 waiting"
    assert squares.height() == 2 * 16, "twelve have room in a row"
    squares.show_seats(slot(paid=1, capacity=3), own=True)
    assert squares.kinds == ("paid", "own", "free")


@pytest.mark.parametrize("right_to_left", [False, True])
def test_a_bar_of_seats_has_a_part_for_each_kind(right_to_left: bool) -> None:
    read_from_right(right_to_left)
    image = QImage(100, 12, QImage.Format.Format_ARGB32)
    image.fill(theme().color("surface"))
    painter = QPainter(image)
    painter.setLayoutDirection(Qt.LayoutDirection.RightToLeft if right_to_left else Qt.LayoutDirection.LeftToRight)
    paint.draw_seat_bar(painter, QRectF(0, 0, 100, 12), (5, 3, 0, 2))
    painter.end()

    def at(share: float) -> QColor:
        return image.pixelColor(round(100 - share if right_to_left else share), 6)

    assert at(20) == theme().color("okfill")
    assert len(inked(image.copy(22 if right_to_left else 52, 3, 24, 6), theme().color("infofill"))) > 10
    assert at(90) == theme().color("surface")


# -- lines that give way


def test_a_name_of_another_script_stays_at_the_edge_of_its_column(qtbot: QtBot) -> None:
    """The control is a label of Qt's own: it moves the name to the other side."""
    plain = QLabel("\u0644\u064a\u0644\u0649")
    plain.setFont(theme().font("body"))
    for widget, expected in ((Text(plain.text()), True), (Line(plain.text()), True), (plain, False)):
        sheet = QWidget()
        qtbot.addWidget(sheet)
        widget.setParent(sheet)
        for one in (sheet, widget):
            one.resize(300, 30)
        ink = theme().color("text")
        columns = [x for x, _y in inked(sheet.grab().toImage(), ink, 90)]
        assert columns
        assert (max(columns) < 100) is expected


def test_a_line_gives_way_with_an_ellipsis_and_keeps_the_whole_in_its_tooltip(qtbot: QtBot) -> None:
    line = Line("A very long name that has no room here")
    qtbot.addWidget(line)
    line.resize(80, 20)
    line.grab()
    assert line.toolTip() == line.text()
    line.resize(line.natural_width() + 4, 20)
    line.grab()
    assert line.toolTip() == ""


def test_the_keys_of_a_button_go_before_its_word(qtbot: QtBot) -> None:
    button = Button("Take payment", keys=("F4",))
    whole, least = button.sizeHint().width(), button.minimumSizeHint().width()
    assert least == whole - paint.keys_width(("F4",)) - 10
    qtbot.addWidget(button)

    def ink(width: int) -> int:
        button.resize(width, button.sizeHint().height())
        return len(inked(button.grab().toImage(), theme().color("line2"), 40))

    assert ink(whole) > ink(least) + 20, "the key cap is drawn where there is room"


def test_labels_of_one_line_stay_on_one_line(qtbot: QtBot) -> None:
    """In the forms a field with a hint stands beside one without."""
    one, other = Field("Born", hint="like 1998-05-31"), Field("Language")
    window = QWidget()
    grid = QGridLayout(window)
    for number, field in enumerate((one, other)):
        grid.addWidget(field, 0, number, Qt.AlignmentFlag.AlignTop)
    qtbot.addWidget(window)
    window.show()
    assert one.label.mapTo(window, QPoint(0, 0)).y() == other.label.mapTo(window, QPoint(0, 0)).y()


# -- buttons, chips, segments


@pytest.mark.parametrize("dark", [False, True])
def test_only_the_primary_button_is_brass(dark: bool) -> None:
    theme().use(dark=dark)
    grounds = {kind: picture(Button("Pay", kind=kind)).pixelColor(6, 16) for kind in ("primary", "default", "danger")}
    assert grounds["primary"] == theme().color("brass")
    assert grounds["default"] == grounds["danger"] == theme().color("surface")


def test_a_button_that_is_off_is_not_brass() -> None:
    button = Button("Pay", kind="primary")
    button.setEnabled(False)
    assert picture(button).pixelColor(6, 16) == theme().color("sunken")


def test_what_acts_is_named_as_it_reads() -> None:
    segment = Segment([("once", "Pay at once", ("1",)), ("three", "3 installments", ("3",))], "plan")
    for widget in (Button("New student", "user-plus"), Chip("Owes money", "coins"), *segment.buttons.values()):
        assert widget.accessibleName() == widget.text()
        assert widget.objectName()
    button = Button("Pay")
    button.set_label("Pay €40.00")
    assert (button.accessibleName(), button.objectName()) == ("Pay €40.00", "pay")


@pytest.mark.parametrize("make", [lambda: Button("Edit"), lambda: Chip("Owes money")], ids=["button", "chip"])
def test_space_presses_and_a_brass_ring_stands_off_the_focus(qtbot: QtBot, make: Any) -> None:
    one, other, field = make(), Button("Other"), QLineEdit()
    window = shown(qtbot, other, one, field)
    one.setFocus()
    rings = [frame for frame in window.findChildren(QFocusFrame) if frame.isVisible()]
    assert [ring.widget() for ring in rings] == [one]
    edge = one.mapTo(window, QPoint(0, one.height() // 2))
    image = window.grab().toImage()
    assert image.pixelColor(edge.x() - 3, edge.y()) == theme().color("brassedge"), "the ring"
    assert image.pixelColor(edge.x() - 1, edge.y()) != theme().color("brassedge"), "two pixels of distance"
    with qtbot.waitSignal(one.clicked):
        QTest.keyClick(one, Qt.Key.Key_Space)
    other.setFocus()
    assert [ring.widget() for ring in window.findChildren(QFocusFrame) if ring.isVisible()] == [other]
    field.setFocus()
    assert not [ring for ring in window.findChildren(QFocusFrame) if ring.isVisible()], "a field has its own edge"


def test_the_ring_outlives_the_window_it_was_in(qtbot: QtBot) -> None:
    first = Button("First")
    window = shown(qtbot, first)
    first.setFocus()
    window.close()
    window.deleteLater()
    with qtbot.waitSignal(window.destroyed):
        pass
    second = Button("Second")
    other = shown(qtbot, second)
    second.setFocus()
    assert [ring.widget() for ring in other.findChildren(QFocusFrame) if ring.isVisible()] == [second]


def test_a_segment_holds_one_choice_and_tells_only_of_clicks(qtbot: QtBot) -> None:
    segment = Segment([("a", "All", ()), ("n", "Not yet", ())])
    qtbot.addWidget(segment)
    segment.set_value("a")
    assert segment.value() == "a"
    with qtbot.waitSignal(segment.chosen) as told:
        QTest.mouseClick(segment.buttons["n"], Qt.MouseButton.LeftButton)
    assert told.args == ["n"]
    assert not segment.buttons["a"].isChecked()


def test_a_chip_shows_and_says_its_count() -> None:
    chip = Chip("Owes money", "coins", "owes")
    narrow = chip.sizeHint().width()
    chip.set_count(12318)
    assert chip.sizeHint().width() > narrow + 30
    assert chip.accessibleDescription() == "12318"


@pytest.mark.parametrize("make", [lambda: Button("Pay", "banknote", keys=("F4",)), lambda: Chip("Owes", "coins")])
def test_parts_mirror(make: Any) -> None:
    part = make()
    straight = picture(part)
    read_from_right(True)
    mirrored = picture(part)
    ink = part.fontMetrics().height()

    def first(image: QImage, columns: range) -> int:
        """How many columns until something is drawn inside the edge."""
        ground = image.pixelColor(5, image.height() // 2)
        middle = range(image.height() // 2 - ink // 3, image.height() // 2 + ink // 3)
        return next(
            n for n, x in enumerate(columns) if any(image.pixelColor(x, y).rgb() != ground.rgb() for y in middle)
        )

    wide = straight.width()
    from_left, from_right = range(5, wide - 5), range(wide - 6, 5, -1)
    assert abs(first(straight, from_left) - first(mirrored, from_right)) <= 2
    assert straight != mirrored


@pytest.mark.parametrize("scale", [0.9, 1.0, 1.5])
def test_heights_follow_the_text(scale: float) -> None:
    theme().use(scale=scale)
    assert Button("Pay").sizeHint().height() == round(32 * scale)
    assert Chip("Owes").sizeHint().height() == round(28 * scale)
    assert Badge("paid", "Paid").sizeHint().height() == round(20 * scale)


# -- badges and text


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("status", sorted(STATUS))
def test_a_status_is_icon_word_and_color(status: str, dark: bool) -> None:
    theme().use(dark=dark)
    _icon, ink, ground, _outlined = STATUS[status]
    badge = Badge(status, "Word")
    image = picture(badge)
    assert image.pixelColor(image.width() - 4, image.height() // 2) == theme().color(ground)
    assert inked(image.copy(0, 0, 24, image.height()), theme().color(ink), 60), "the icon"
    assert inked(image.copy(25, 0, image.width() - 25, image.height()), theme().color(ink), 60), "the word"
    assert badge.accessibleName() == "Word"


def test_markup_is_shown_not_rendered() -> None:
    name = "<b>Łukasz</b> &amp; <img src=x>"
    assert Text(name).textFormat() == Qt.TextFormat.PlainText
    empty = EmptyState("users", name, name)
    assert {label.textFormat() for label in empty.findChildren(Text)} == {Qt.TextFormat.PlainText}
    plain = QLabel(name)
    plain.setFont(theme().font("body"))
    plain.setTextFormat(Qt.TextFormat.PlainText)
    assert Text(name).sizeHint().width() == plain.sizeHint().width()


@pytest.mark.parametrize(
    ("words", "expected"),
    [("+43 699 555 07 10", False), ("€80.00 due", False), ("", False), ("ليلى حدّاد", True), ("2 مقعد", True)],
)
def test_text_keeps_its_own_direction(words: str, expected: bool) -> None:
    assert reads_right_to_left(words) is expected


@pytest.mark.parametrize("words", ["+43 699 555 07 10", "€152.00 due", "2026-000398", "09:00–10:30"])
def test_a_number_reads_the_same_in_a_mirrored_window(words: str) -> None:
    def drawn(direction: Qt.LayoutDirection) -> set[tuple[int, int]]:
        image = QImage(220, 30, QImage.Format.Format_ARGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        painter.setLayoutDirection(direction)
        wide = paint.width_of(words, theme().font("body"))
        box = QRectF(10, 0, wide, 30)
        paint.draw_line(painter, box, words, theme().font("body"), QColor("black"))
        painter.end()
        return set(inked(image, QColor("black"), 120))

    straight, mirrored = drawn(Qt.LayoutDirection.LeftToRight), drawn(Qt.LayoutDirection.RightToLeft)
    # Right-aligned text may start a part of a pixel later: nearly the same, where a reversed order is not.
    moved = [{(x + by, y) for x, y in mirrored} for by in (-1, 0, 1)]
    assert max(len(straight & one) / len(straight | one) for one in moved) > 0.7


# -- fields


def test_an_error_stands_beside_its_field_and_belongs_to_it(qtbot: QtBot) -> None:
    field = Field("Email", hint="where invoices go")
    window = shown(qtbot, field)
    assert field.window() is window
    field.set_error("This is not an address.")
    assert field.edit.accessibleDescription() == "This is not an address."
    assert field.below.isVisible()
    assert field.below.text() == "This is not an address."
    image = field.edit.grab().toImage()
    assert image.pixelColor(0, image.height() // 2) == theme().color("danger")
    QTest.keyClicks(field.edit, "a")
    assert (field.error, field.below.text(), field.edit.accessibleDescription()) == ("", "where invoices go", "")


def test_an_error_goes_to_its_field_or_is_said_elsewhere(qtbot: QtBot) -> None:
    name, email = Field("Name"), Field("Email")
    window = shown(qtbot, name, email)
    assert window.isVisible()
    said: list[str] = []
    show_error(UserError("people.name_missing", field="name"), {"name": name, "email": email}, said.append)
    assert name.error
    assert not email.error
    assert name.edit.hasFocus()
    assert said == []
    show_error(UserError("people.name_missing", field="nowhere"), {"name": name}, said.append)
    assert len(said) == 1


# -- tables


def table(count: int, fetched: list[list[int]] | None = None, width: int = 120) -> RowTable:
    def fetch(ids: list[int]) -> dict[int, int]:
        if fetched is not None:
            fetched.append(ids)
        return {one: one for one in ids}

    columns = [
        Column("Name", 0, lambda row: Cell(f"Student {row}", "name")),
        Column("Balance", width, lambda row: Cell("€152.00 due", "strong", "danger"), right=True),
    ]
    made = RowTable(PagedModel(columns, fetch), "roster", 35)
    made.show_ids(list(range(1, count + 1)))
    return made


def test_a_long_list_knows_its_length_and_reads_only_what_is_seen(qtbot: QtBot) -> None:
    fetched: list[list[int]] = []
    roster = table(100_000, fetched)
    qtbot.addWidget(roster)
    roster.resize(600, 400)
    roster.show()
    roster.grab()
    assert roster.paged.rowCount() == 100_000
    assert not roster.paged.canFetchMore(roster.rootIndex())
    assert [len(ids) for ids in fetched] == [PAGE]
    roster.scrollToBottom()
    roster.grab()
    assert max(max(ids) for ids in fetched) == 100_000
    assert sum(len(ids) for ids in fetched) <= 4 * PAGE


def test_a_frame_looks_at_the_file_once_at_most(qtbot: QtBot) -> None:
    """Also where the rows that are seen lie on two pages, and wherever the list is dragged to."""
    fetched: list[list[int]] = []
    roster = table(100_000, fetched)
    qtbot.addWidget(roster)
    roster.resize(600, 400)
    roster.show()
    roster.grab()
    for row in (PAGE - 3, 5 * PAGE - 1, 777 * PAGE - 5, 30, 99_999, 50 * PAGE):
        fetched.clear()
        roster.verticalScrollBar().setValue(row * roster.rowHeight(0))
        roster.grab()
        assert len(fetched) <= 1, row
        first, last = roster.visible_rows()
        for number in (first - 1, last - 1):
            assert roster.paged.row(number) == number + 1
        assert len(fetched) <= 1, row
    assert len(roster.paged._pages) <= 61


def test_rows_say_what_they_hold_after_a_refresh(qtbot: QtBot) -> None:
    """What a row shows is kept while it is drawn again and again, and not beyond a change."""
    amounts = {1: "€1.00", 2: "€2.00"}
    columns = [Column("Amount", 0, lambda row: Cell(amounts[row], "strong", "danger"))]
    roster = RowTable(PagedModel(columns, lambda ids: {one: one for one in ids}), "roster", 35)
    qtbot.addWidget(roster)
    roster.resize(300, 200)
    roster.show()
    roster.show_ids([1, 2])
    before = roster.viewport().grab().toImage()
    assert roster.viewport().grab().toImage() == before
    amounts[1] = "€7,777.00"
    roster.paged.refresh()
    assert roster.viewport().grab().toImage() != before


def test_the_selection_stays_on_its_person_when_the_list_changes(qtbot: QtBot) -> None:
    roster = table(50)
    qtbot.addWidget(roster)
    roster.select_id(30)
    roster.show_ids([7, 30, 5])
    assert roster.current_id() == 30
    roster.show_ids([7, 5])
    assert roster.current_id() == 7


def test_arrows_move_and_enter_opens(qtbot: QtBot) -> None:
    roster = table(5)
    window = shown(qtbot, roster)
    assert window.isVisible()
    roster.setFocus()
    QTest.keyClick(roster, Qt.Key.Key_Down)
    assert roster.current_id() == 2
    with qtbot.waitSignal(roster.activated_id) as opened:
        QTest.keyClick(roster, Qt.Key.Key_Return)
    assert opened.args == [2]


class _Painted(QObject):
    """What of a view was drawn anew."""

    def __init__(self, view: QWidget) -> None:
        super().__init__()
        self.region = QRegion()
        view.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.region = self.region.united(event.region())
        return False


def test_the_ring_leaves_the_whole_row_it_was_at(qtbot: QtBot) -> None:
    """With several selected the row before stays tinted: nothing else would have drawn it anew."""
    roster = table(5)
    roster.let_select_many()
    window = shown(qtbot, roster)
    assert window.isVisible()
    roster.select_id(1)
    roster.setFocus()
    QApplication.processEvents()
    painted = _Painted(roster.viewport())
    QTest.keyClick(roster, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    QApplication.processEvents()
    row = QRect(0, 0, roster.viewport().width(), roster.rowHeight(0))
    assert roster.selected_ids() == [1, 2]
    assert QRegion(row).subtracted(painted.region).isEmpty()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("right_to_left", [False, True])
def test_the_selected_row_is_tinted_with_a_stripe_where_reading_starts(
    qtbot: QtBot, dark: bool, right_to_left: bool
) -> None:
    theme().use(dark=dark)
    read_from_right(right_to_left)
    roster = table(5)
    qtbot.addWidget(roster)
    roster.resize(500, 300)
    roster.select_id(2)
    roster.show()
    view = roster.viewport()
    image = view.grab().toImage()
    start, end = (view.width() - 2, 1) if right_to_left else (1, view.width() - 2)
    second = 35 + 17
    assert image.pixelColor(start, second) == theme().color("brassedge")
    assert image.pixelColor(end, second) == theme().color("brasstint")
    assert image.pixelColor(start, 17) == theme().color("surface")


def test_columns_and_rows_follow_the_text(qtbot: QtBot) -> None:
    roster = table(3)
    qtbot.addWidget(roster)
    theme().use(scale=1.5)
    assert roster.columnWidth(1) == 180
    assert roster.rowHeight(0) == round(35 * 1.5)
    assert roster.horizontalHeader().height() == 48


@pytest.mark.parametrize("width", [120, 60], ids=["room", "too narrow"])
@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_an_amount_is_never_shortened(qtbot: QtBot, scale: float, width: int) -> None:
    theme().use(scale=scale)
    roster = table(1, width=width)
    qtbot.addWidget(roster)
    roster.resize(800, 200)
    roster.show()
    image = roster.viewport().grab().toImage()
    color = theme().color("danger")
    columns = sorted({x for x, _y in inked(image, color)})
    drawn = columns[-1] - columns[0] + 1
    whole = paint.width_of("€152.00 due", theme().font("strong"))
    assert abs(drawn - whole) <= 4, f"{drawn} of {whole} pixels"


MARKUP = [said for said in ODD if any(sign in said for sign in "<>&")]


def drawn_width(qtbot: QtBot, said: str) -> int:
    """How wide the words of a cell come out."""
    column = Column("Name", 0, lambda row: Cell(said, "strong", "danger"))
    roster = RowTable(PagedModel([column], lambda ids: {one: one for one in ids}), "roster", 35)
    qtbot.addWidget(roster)
    roster.resize(900, 200)
    roster.show()
    roster.show_ids([1])
    image = roster.viewport().grab().toImage()
    columns = sorted({x for x, _y in inked(image, theme().color("danger"), 120) if x > 3})  # behind the stripe
    assert roster.paged.data(roster.paged.index(0, 0)) == said
    return columns[-1] - columns[0] + 1


@pytest.mark.parametrize("said", MARKUP)
def test_markup_in_a_cell_is_drawn_as_it_is_written(qtbot: QtBot, said: str) -> None:
    assert abs(drawn_width(qtbot, said) - paint.width_of(said, theme().font("strong"))) <= 6


def test_control_markup_that_is_rendered_is_narrower(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    class Rich(QStaticText):
        def setTextFormat(self, _format: Qt.TextFormat) -> None:
            super().setTextFormat(Qt.TextFormat.RichText)

    cells._line.cache_clear()
    monkeypatch.setattr(cells, "QStaticText", Rich)
    try:
        assert drawn_width(qtbot, "<b>Ana</b>") < paint.width_of("<b>Ana</b>", theme().font("strong")) - 10
    finally:
        cells._line.cache_clear()


@pytest.mark.parametrize("said", [said for said in ODD if "\n" not in said])
def test_odd_text_is_one_line_of_a_cell(said: str) -> None:
    """Whatever stands in a name, it is one line and keeps its letters."""
    line = cells._line(said, "body", 1.0)
    assert line.textFormat() == Qt.TextFormat.PlainText
    # A mark of byte order at the front is no letter: Qt takes it away.
    assert line.text() == " ".join(said.splitlines()).lstrip("\ufeff\ufffe")
    assert line.size().height() < 2 * theme().px(20)


@pytest.mark.parametrize("scale", [0.9, 1.0, 1.25, 1.5])
@pytest.mark.parametrize("wide", [820, 640, 420])
def test_amounts_stay_in_sight_where_columns_have_no_room(qtbot: QtBot, scale: float, wide: int) -> None:
    theme().use(scale=scale)
    columns = [
        Column("Name", 0, lambda row: Cell(f"Student {row}", "name", avatar=row)),
        Column("Phone", 156, lambda row: Cell("+43 660 555 01 84")),
        Column("Email", 78, lambda row: Cell("ana.satler@mail.example")),
        Column("Balance", 98, lambda row: Cell("€240.00 due", "strong", "danger"), right=True),
        Column("Status", 90, lambda row: Cell("Active", badge="active")),
    ]
    roster = RowTable(PagedModel(columns, lambda ids: {one: one for one in ids}), "roster", 35)
    qtbot.addWidget(roster)
    roster.resize(wide, 300)
    roster.show()
    roster.show_ids([1, 2, 3])
    QApplication.processEvents()
    balance = roster.visualRect(roster.paged.index(0, 3))
    assert not roster.isColumnHidden(3)
    assert balance.left() >= 0
    assert balance.right() <= roster.viewport().width()
    assert not roster.isColumnHidden(0)
    assert not roster.isColumnHidden(4), "a state stays"
    if scale == 1.0 and wide == 820:
        assert not any(roster.isColumnHidden(number) for number in range(5))


def test_columns_come_back_when_there_is_room_again(qtbot: QtBot) -> None:
    columns = [Column("Name", 0, lambda row: Cell("Ana")), Column("Email", 200, lambda row: Cell("ana@mail.example"))]
    roster = RowTable(PagedModel(columns, lambda ids: {one: one for one in ids}), "roster", 35)
    qtbot.addWidget(roster)
    roster.resize(250, 200)
    roster.show()
    roster.show_ids([1])
    assert roster.isColumnHidden(1)
    roster.resize(600, 200)
    QApplication.processEvents()
    assert not roster.isColumnHidden(1)


def test_the_whole_row_is_tinted_under_the_pointer(qtbot: QtBot) -> None:
    roster = table(5)
    window = shown(qtbot, roster)
    window.resize(600, 300)
    roster.select_id(1)
    view = roster.viewport()
    QTest.mouseMove(view, QPoint(20, 35 + 17))
    qtbot.waitUntil(lambda: roster.hovered == 1)
    image = view.grab().toImage()
    last = roster.columnViewportPosition(1) + roster.columnWidth(1) - 3
    assert image.pixelColor(5, 35 + 17) == image.pixelColor(last, 35 + 17) == theme().color("surface2")
    assert image.pixelColor(5, 2 * 35 + 17) == theme().color("surface")


def test_wide_windows_give_their_room_to_the_columns_that_grow(qtbot: QtBot) -> None:
    columns = [
        Column("Name", 0, lambda row: Cell("Ana"), least=170),
        Column("Email", 80, lambda row: Cell("ana@mail.example"), grow=True),
        Column("Balance", 100, lambda row: Cell("settled"), right=True),
    ]
    roster = RowTable(PagedModel(columns, lambda ids: {one: one for one in ids}), "roster", 35)
    qtbot.addWidget(roster)
    roster.resize(350, 200)
    roster.show()
    roster.show_ids([1])
    QApplication.processEvents()
    narrow = [roster.columnWidth(number) for number in range(3)]
    roster.resize(750, 200)
    QApplication.processEvents()
    wide = [roster.columnWidth(number) for number in range(3)]
    assert [more - less for more, less in zip(wide, narrow, strict=True)] == [200, 200, 0]
    assert sum(wide) == roster.viewport().width()


def test_an_ampersand_in_a_name_is_no_key(qtbot: QtBot) -> None:
    for made in (PersonRow("Rose &1 Sons", icon="users"), Button("Rose &1 Sons"), Chip("Rose &1 Sons")):
        qtbot.addWidget(made)
        assert made.text() == "Rose &1 Sons"
        assert made.shortcut().isEmpty(), "Alt+1 is the first view of the roster"
    again = Button("New")
    qtbot.addWidget(again)
    again.set_label("New “&1”")
    assert again.shortcut().isEmpty()
    choice = Segment([("all", "All of Rose &1 Sons", ())])
    qtbot.addWidget(choice)
    assert choice.buttons["all"].text() == "All of Rose &1 Sons"
    assert choice.buttons["all"].shortcut().isEmpty()


def test_markup_in_a_name_is_text_in_a_tool_tip_line_by_line() -> None:
    said = as_tip("<b>Evening</b>\n17:30 · Room 1")
    shown = QTextDocument()
    shown.setHtml(said)
    assert shown.toPlainText() == "<b>Evening</b>\n17:30 · Room 1"
    assert as_tip("Evening\nRoom 1") == "Evening\nRoom 1"


def test_a_long_entry_of_a_list_does_not_widen_its_form(qtbot: QtBot) -> None:
    wide = []
    for entry in ("short", "Course of a very long name " * 10):
        box = QComboBox()
        box.addItem(entry)
        field = Field("Course", box)
        qtbot.addWidget(field)
        wide.append(field.sizeHint().width())
    assert wide[0] == wide[1]


def test_the_list_below_the_bar_ends_within_its_window(qtbot: QtBot) -> None:
    """Many people, papers and acts fit one word: each kind keeps its first, and the keys at the foot stay in sight."""
    window = QMainWindow()
    qtbot.addWidget(window)
    window.resize(900, 500)
    field = QLineEdit(window)
    field.setGeometry(100, 10, 400, 30)
    window.show()
    qtbot.waitExposed(window)
    kinds = {"Acts": 5, "People": 5, "Invoices": 3, "Commands": 2}
    every = [
        Result(kind, f"{kind} {one}", "", window.close, "check") for kind, many in kinds.items() for one in range(many)
    ]
    panel = CommandPanel(window, field, lambda _typed: every)
    field.setFocus()
    QTest.keyClicks(field, "fiona")
    qtbot.waitUntil(panel.isVisible)
    assert panel.geometry().bottom() < window.height()
    titles = [row.result.title for row in panel.rows]
    assert titles[:2] == ["Acts 0", "Acts 1"] and {f"{kind} 0" for kind in kinds} <= set(titles)
    window.resize(900, 900)
    QTest.keyClicks(field, "x")
    qtbot.waitUntil(lambda: len(panel.rows) == len(every))
