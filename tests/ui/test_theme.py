"""The palettes against the token table, fonts for every script, and the change of look while widgets are open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics, QRawFont
from PySide6.QtWidgets import QApplication, QLineEdit

from app import paths
from ui import theme as module
from ui.theme import COLORS, TYPE, theme
from ui.widgets.basic import Text

#: (ink, ground) → contrast as the token table gives it, light and dark.
CONTRAST: dict[tuple[str, str], tuple[float, float]] = {
    ("text", "surface"): (16.2, 13.2), ("text", "bg"): (14.5, 14.9), ("text", "brasstint"): (14.7, 12.2),
    ("text2", "surface"): (8.2, 9.0), ("text2", "surface2"): (7.6, 8.2), ("text2", "brasstint"): (7.4, 8.3),
    ("text3", "surface"): (5.7, 6.4), ("text3", "surface2"): (5.4, 5.9), ("text3", "bg"): (5.1, 7.2),
    ("text3", "sunken"): (4.8, 7.6), ("text3", "brasstint"): (5.2, 5.9), ("brassink", "brass"): (8.5, 8.9),
    ("brassink", "brasshover"): (7.2, 10.0), ("brassink", "brasspress"): (5.8, 7.1),
    ("brasstext", "surface"): (7.0, 9.5), ("brasstext", "bg"): (6.3, 10.8), ("brasstext", "brasstint"): (6.3, 8.8),
    ("ok", "surface"): (6.9, 8.1), ("ok", "okbg"): (5.9, 6.9), ("info", "infobg"): (6.1, 6.4),
    ("held", "heldbg"): (6.3, 6.8), ("warn", "warnbg"): (5.9, 6.7), ("text2", "warnbg"): (7.0, 8.2),
    ("danger", "surface"): (6.8, 7.4), ("danger", "dangerbg"): (5.7, 6.9), ("danger", "brasstint"): (6.2, 6.8),
    ("neutral", "neutralbg"): (5.9, 6.6), ("framemuted", "frame"): (7.7, 7.5), ("framemuted", "frame2"): (6.2, 6.3),
    ("frametext", "frame"): (13.7, 15.5), ("brass", "frame"): (8.5, 10.4), ("onfill", "okfill"): (5.4, 6.0),
    ("onfill", "dangerfill"): (5.6, 5.4),
}  # fmt: skip
#: Edges, fills and icons: 3 : 1 is their floor.
EDGES: dict[tuple[str, str], tuple[float, float]] = {
    ("brassedge", "surface"): (4.5, 5.5), ("brassedge", "bg"): (4.0, 6.2), ("brassedge", "brasstint"): (4.1, 5.1),
    ("line2", "surface"): (3.4, 4.1), ("line2", "bg"): (3.0, 4.6), ("okfill", "surface"): (5.4, 5.1),
    ("infofill", "surface"): (5.2, 4.8), ("heldfill", "surface"): (5.5, 4.4), ("warnfill", "surface"): (4.7, 5.1),
    ("dangerfill", "surface"): (5.6, 4.5), ("cdrive", "surface"): (5.8, 7.0), ("clang", "surface"): (7.2, 6.9),
    ("csafe", "surface"): (5.9, 7.0), ("cexam", "surface"): (7.5, 7.2),
}  # fmt: skip


@pytest.fixture(autouse=True)
def as_before(qapp: QApplication) -> Iterator[None]:
    """Every test starts with, and leaves, the light look at 100 %."""
    theme().use(dark=False, scale=1.0)
    yield
    theme().use(dark=False, scale=1.0)


def contrast(ink: str, ground: str) -> float:
    """WCAG 2.2, from the two colors as text."""

    def luminance(color: str) -> float:
        parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_counted_right() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("look", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("pair", "floor"), [*((pair, 4.5) for pair in CONTRAST), *((pair, 3.0) for pair in EDGES)], ids=str
)
def test_every_pair_can_be_read_and_is_what_the_table_says(pair: tuple[str, str], floor: float, look: int) -> None:
    ratio = contrast(COLORS[pair[0]][look], COLORS[pair[1]][look])
    said = {**CONTRAST, **EDGES}[pair][look]
    assert ratio >= floor - 0.05, f"{pair} has only {ratio:.2f}"
    assert ratio == pytest.approx(said, abs=0.11)


def test_the_look_changes_while_widgets_are_open(qapp: QApplication) -> None:
    label, edit = Text("Ana", "body", "text"), QLineEdit("Ana")
    for widget in (label, edit):
        widget.resize(120, 40)
    light = edit.grab().toImage().pixelColor(60, 5)
    assert light == QColor("#FFFFFF")
    theme().use(dark=True)
    assert edit.grab().toImage().pixelColor(60, 5) == QColor("#19262E")
    assert "#E8EEF0" in label.styleSheet()
    assert qapp.palette().window().color() == QColor("#111B21")


@pytest.mark.parametrize("scale", [0.9, 1.0, 1.25, 1.5])
def test_every_role_follows_the_text_size(scale: float) -> None:
    theme().use(scale=scale)
    for role, (pixels, weight) in TYPE.items():
        font = theme().font(role)
        assert font.pixelSize() == round(pixels * scale)
        assert int(font.weight()) == weight


def test_the_text_size_stays_between_90_and_150_percent() -> None:
    theme().use(scale=3)
    assert theme().scale == 1.5
    theme().use(scale=0.1)
    assert theme().scale == 0.9


def test_figures_stand_under_each_other() -> None:
    metrics = QFontMetrics(theme().font("body"))
    assert len({metrics.horizontalAdvance(digit * 10) for digit in "0123456789"}) == 1


@pytest.mark.parametrize("name", ["Łukasz Wiśniewski", "Nguyễn Thị Mai", "अनिका शर्मा", "ليلى حدّاد", "Олена Коваленко"])
def test_names_of_every_script_have_a_glyph_in_the_shipped_fonts(name: str) -> None:
    assert module._load_fonts() >= 8
    fonts = [QRawFont(str(file), 14) for file in sorted((paths.resources() / "fonts").glob("*.ttf"))]
    for char in name:
        assert any(font.supportsCharacter(ord(char)) for font in fonts), f"no glyph for U+{ord(char):04X}"


def test_every_icon_draws_something_in_the_color_asked_for() -> None:
    files = sorted((paths.resources() / "icons").glob("*.svg"))
    assert len(files) > 80
    wanted = theme().color("danger")
    for file in files:
        if file.stem.startswith(("arrow-light", "arrow-dark", "cross-", "tick-")):
            continue  # drawn by the style sheet, in colors of their own
        image = theme().pixmap(file.stem, "danger", 24).toImage()
        inked = [image.pixelColor(x, y) for x in range(24) for y in range(24) if image.pixelColor(x, y).alpha() > 200]
        assert inked, f"{file.stem} is empty"
        near = [c for c in inked if abs(c.red() - wanted.red()) + abs(c.green() - wanted.green()) < 24]
        assert near, f"{file.stem} is not tinted"


def test_the_license_of_the_icons_is_shipped() -> None:
    text = Path(paths.resources() / "icons" / "LICENSE").read_text("utf-8")
    assert "ISC License" in text
    assert "Lucide" in text


def test_the_style_sheet_has_no_open_place() -> None:
    for dark in (False, True):
        theme().use(dark=dark)
        sheet = theme()._sheet()
        assert not any(mark in sheet for mark in ("@", "$", "%ICONS%", "%LOOK%"))


def test_a_category_ground_is_a_tint_of_its_color() -> None:
    tint = theme().tint("cdrive")
    assert tint == QColor(235, 242, 243)  # 9 % of #1F6F78 on white
    assert tint != theme().color("surface")


def test_the_fonts_fall_back_in_one_fixed_order() -> None:
    families = theme().font("body").families()
    assert families[0] == "Inter"
    assert {"Noto Sans Arabic", "Noto Sans Devanagari"} <= set(families)
    assert Qt.LayoutDirection.LeftToRight == QApplication.layoutDirection()
