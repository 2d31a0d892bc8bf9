"""Colors, type and icons from one table; both themes share every other value (the design tokens).

`Theme` is the one style of the process: `theme().color("brass")`, `theme().font("panel")`, `theme().icon(...)`.
Widgets that paint listen to `changed`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from app import paths

#: token → (light, dark)
COLORS: dict[str, tuple[str, str]] = {
    "frame": ("#14222B", "#0A1217"),
    "frame2": ("#21333E", "#17242C"),
    "frameline": ("#2C414D", "#22323B"),
    "frametext": ("#E6EDEF", "#E3EAED"),
    "framemuted": ("#A3B5BD", "#93A6AF"),
    "bg": ("#EFF3F3", "#111B21"),
    "surface": ("#FFFFFF", "#19262E"),
    "surface2": ("#F6F8F8", "#1E2D36"),
    "sunken": ("#E6ECEC", "#0D161B"),
    "line": ("#DCE3E4", "#2B3C46"),
    "line2": ("#7C8E96", "#728791"),
    "text": ("#14222B", "#E8EEF0"),
    "text2": ("#3F525D", "#BAC8CE"),
    "text3": ("#566973", "#97AAB3"),
    "brass": ("#EDB23C", "#EDB84F"),
    "brasshover": ("#E0A22A", "#F3C568"),
    "brasspress": ("#CC8F19", "#D9A236"),
    "brassedge": ("#A06C0B", "#C4922F"),
    "brassink": ("#14222B", "#14222B"),
    "brasstext": ("#7A5100", "#F1C56C"),
    "brasstint": ("#FCF3DF", "#2F2A1B"),
    "brassline": ("#E3C57F", "#6A5526"),
    "ok": ("#0F6749", "#63CFA2"),
    "okbg": ("#E1F2E9", "#15362B"),
    "okfill": ("#17795A", "#2FA67B"),
    "info": ("#1D5A96", "#82BAEE"),
    "infobg": ("#E4EFF9", "#16324D"),
    "infofill": ("#2C6FB0", "#4D93D6"),
    "held": ("#67429A", "#C3A4F0"),
    "heldbg": ("#EFE9F8", "#2D2446"),
    "heldfill": ("#7B57AE", "#9A78D2"),
    "warn": ("#97400C", "#F2A06F"),
    "warnbg": ("#FBEADF", "#3D2619"),
    "warnfill": ("#B9571B", "#DB7B41"),
    "danger": ("#AE2420", "#FF968E"),
    "dangerbg": ("#FBE6E4", "#421F20"),
    "dangerfill": ("#C0322D", "#E5605A"),
    "neutral": ("#4A5D67", "#AFC0C8"),
    "neutralbg": ("#E9EEEF", "#263640"),
    "cdrive": ("#1F6F78", "#5CBDC7"),
    "clang": ("#7A4186", "#D09ADB"),
    "csafe": ("#A34A1D", "#F0996C"),
    "cexam": ("#34567F", "#8DB4E4"),
    "onfill": ("#FFFFFF", "#0D161B"),
}

_COLOR = {token: (QColor(light), QColor(dark)) for token, (light, dark) in COLORS.items()}

#: role → (pixels at 100 %, weight)
TYPE: dict[str, tuple[float, int]] = {
    "amount_xl": (44, 700),
    "amount_change": (36, 700),
    "amount_l": (26, 600),
    "amount_m": (22, 600),
    "title": (20, 600),
    "panel": (18, 600),
    "section": (16, 600),
    "body": (14, 400),
    "name": (14, 600),
    "strong": (14, 700),
    "button": (13.5, 600),
    "button_tight": (13, 500),
    "label": (13, 600),
    "small": (12.5, 400),
    "small_strong": (12.5, 600),
    "badge": (12, 600),
    "rail": (12, 500),
    "key": (11, 600),
}

#: category of a course → its color; an icon always goes with it
CATEGORY = {"driving": "cdrive", "language": "clang", "safety": "csafe", "exam": "cexam", "music": "clang"}


class Theme(QObject):
    """The palette in force, the text size, and what is made of them."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.dark = False
        self.scale = 1.0
        self._pixmaps: dict[tuple[str, str, int, float, float], QPixmap] = {}
        self._fonts: dict[str, QFont] = {}

    def color(self, token: str) -> QColor:
        """A color of the palette in force."""
        return QColor(_COLOR[token][1 if self.dark else 0])

    def shared_color(self, token: str) -> QColor:
        """The same color without a copy, to paint with: whoever changes it takes `color`."""
        return _COLOR[token][1 if self.dark else 0]

    def hex(self, token: str) -> str:
        """The same as text, for style sheets."""
        return COLORS[token][1 if self.dark else 0]

    def tint(self, token: str) -> QColor:
        """A category's ground: 9 % of its color on the surface, 15 % in dark."""
        over, under, share = self.color(token), self.color("surface"), 0.15 if self.dark else 0.09

        def mixed(above: int, below: int) -> int:
            return round(above * share + below * (1 - share))

        return QColor(
            mixed(over.red(), under.red()), mixed(over.green(), under.green()), mixed(over.blue(), under.blue())
        )

    def px(self, size: float) -> int:
        """A size of the tokens at the chosen text size."""
        return round(size * self.scale)

    def font(self, role: str) -> QFont:
        """The font of a role, tabular figures on."""
        if role not in self._fonts:
            size, weight = TYPE[role]
            font = QFont()
            font.setFamilies(["Inter", "Noto Sans Arabic", "Noto Sans Devanagari", "Noto Sans Hebrew"])
            font.setPixelSize(round(size * self.scale))
            font.setWeight(QFont.Weight(weight))
            font.setFeature(QFont.Tag("tnum"), 1)
            if role.startswith("amount"):
                font.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 97.5)
            self._fonts[role] = font
        return QFont(self._fonts[role])

    def shared_font(self, role: str) -> QFont:
        """The same font without a copy, to measure and paint with: whoever changes it takes `font`."""
        if role not in self._fonts:
            self.font(role)
        return self._fonts[role]

    def pixmap(self, name: str, token: str, size: int, stroke: float = 1.75) -> QPixmap:
        """An icon in a color of the palette, sharp on this screen."""
        ratio = QGuiApplication.primaryScreen().devicePixelRatio() if QGuiApplication.primaryScreen() else 1.0
        key = (name, self.hex(token), size, stroke, ratio)
        if key not in self._pixmaps:
            svg = _svg(name).replace("currentColor", self.hex(token))
            svg = re.sub(r'stroke-width="[\d.]+"', f'stroke-width="{stroke}"', svg)
            renderer = QSvgRenderer(QByteArray(svg.encode()))
            pixmap = QPixmap(round(size * ratio), round(size * ratio))
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            renderer.render(painter, QRectF(0, 0, size * ratio, size * ratio))
            painter.end()
            pixmap.setDevicePixelRatio(ratio)
            self._pixmaps[key] = pixmap
        return self._pixmaps[key]

    def icon(self, name: str, token: str = "text", size: int = 18) -> QIcon:
        """`pixmap` as an icon."""
        return QIcon(self.pixmap(name, token, size))

    def use(self, *, dark: bool | None = None, scale: float | None = None) -> None:
        """Change theme or text size (0.9 to 1.5) while the window is open."""
        if dark is not None:
            self.dark = dark
        if scale is not None:
            self.scale = min(1.5, max(0.9, scale))
        self._fonts.clear()
        self.apply()
        self.changed.emit()

    def apply(self) -> None:
        """Give the application its palette, font and style sheet."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        _load_fonts()
        palette = QPalette()
        roles = QPalette.ColorRole
        for role, token in (
            (roles.Window, "bg"), (roles.Base, "surface"), (roles.AlternateBase, "surface2"), (roles.Button, "surface"),
            (roles.WindowText, "text"), (roles.Text, "text"), (roles.ButtonText, "text"),
            (roles.Highlight, "brasstint"),
            (roles.HighlightedText, "text"), (roles.PlaceholderText, "text3"), (roles.ToolTipBase, "frame"),
            (roles.ToolTipText, "frametext"), (roles.Link, "brasstext"), (roles.Mid, "line"), (roles.Dark, "line2"),
        ):  # fmt: skip
            palette.setColor(role, self.color(token))
        application.setPalette(palette)
        application.setFont(self.font("body"))
        application.setStyleSheet(self._sheet())

    def _sheet(self) -> str:
        sheet = _SHEET
        for token in sorted(COLORS, key=len, reverse=True):
            sheet = re.sub(rf"@{token}\b", self.hex(token), sheet)
        icons = (paths.resources() / "icons").as_posix()
        sheet = sheet.replace("%ICONS%", icons).replace("%LOOK%", "dark" if self.dark else "light")
        return re.sub(r"\$(\d+(?:\.\d+)?)", lambda found: f"{self.px(float(found.group(1)))}px", sheet)


@lru_cache(maxsize=256)
def _svg(name: str) -> str:
    return (paths.resources() / "icons" / f"{name}.svg").read_text("utf-8")


@lru_cache(maxsize=1)
def _load_fonts() -> int:
    files = sorted((paths.resources() / "fonts").glob("*.ttf"))
    return sum(QFontDatabase.addApplicationFont(str(file)) >= 0 for file in files)


@lru_cache(maxsize=1)
def theme() -> Theme:
    """The process's one theme."""
    return Theme()


_SHEET = """
QToolTip { background: @frame; color: @frametext; border: 1px solid @frameline; padding: 4px 8px; }
QMainWindow, QDialog#plain { background: @frame; }
QWidget#page { background: @bg; border-top-left-radius: 12px; border-bottom-left-radius: 12px; }
QFrame[card="true"] { background: @surface; border: 1px solid @line; border-radius: 10px; }
QFrame[framed="true"] { background: @surface; border: 1px solid @line; border-radius: 7px; }
QFrame[aside="true"] { background: @surface2; border: none; border-left: 1px solid @line; }
QFrame[card="true"][dropping="true"] { background: @brasstint; border: 1px dashed @brassedge; }
QFrame[card="true"]:focus { border-color: @brassedge; }
QFrame[tinted="true"] { background: @surface2; border: 1px solid @line; border-radius: 8px; }
QFrame[foot="true"] { background: @surface2; border: none; border-top: 1px solid @line;
  border-bottom-left-radius: 9px; border-bottom-right-radius: 9px; }
QFrame[band="true"] { background: @surface2; border: none; border-bottom: 1px solid @line; }
QFrame[datetile="true"] { background: @surface; border: 1px solid @line; border-radius: 7px; }
QFrame[rule="true"] { background: @line; border: none; max-height: 1px; min-height: 1px; }
QFrame[note="true"] { background: @brasstint; border: none; border-left: 3px solid @brassedge; border-radius: 5px; }
QLabel[tile="true"] { background: @brasstint; border: none; border-radius: 12px; }
QFrame[brassband="true"] { background: @brasstint; border: none; border-radius: 7px; }
QWidget[row="true"] { background: transparent; border: 2px solid transparent; border-radius: 5px; }
QWidget[row="true"]:focus { border-color: @brassedge; }
QWidget[lined="true"] { border: none; border-bottom: 1px solid @line; }
QFrame[just_now="true"] { background: @okbg; border: none; }
QFrame[good="true"] { background: @okbg; border: none; border-radius: 8px; }
QLineEdit, QPlainTextEdit, QComboBox, QSpinBox, QDateEdit, QTimeEdit {
  background: @surface; color: @text; border: 1px solid @line2; border-radius: 7px;
  padding: 0 10px; min-height: $34;
  selection-background-color: @brassline; selection-color: @text; }
QLineEdit[big="true"] { min-height: 50px; padding: 0 12px; }
QLineEdit[big="true"]:focus { min-height: 48px; padding: 0 11px; }
QLineEdit[low="true"] { min-height: $30; }
QLineEdit[low="true"]:focus { min-height: $28; }
QPlainTextEdit { padding: 6px 8px; }
QLineEdit:hover, QComboBox:hover, QPlainTextEdit:hover { border-color: @text2; }
QLineEdit:focus, QComboBox:focus, QPlainTextEdit:focus, QSpinBox:focus, QDateEdit:focus, QTimeEdit:focus {
  border: 2px solid @brassedge; padding: 0 9px; }
QPlainTextEdit:focus { padding: 5px 7px; }
QLineEdit:disabled, QComboBox:disabled { background: @sunken; border-color: @line; color: @text3; }
QLineEdit[wrong="true"], QComboBox[wrong="true"] { border: 2px solid @danger; padding: 0 9px; }
QLineEdit[flat="true"] { border: none; background: transparent; padding: 0; }
QLineEdit[bar="true"] { background: @frame2; color: @frametext; border: 1px solid @frameline; border-radius: 8px;
  min-height: $30; placeholder-text-color: @framemuted; }
QLineEdit[bar="true"]:focus { background: @surface; color: @text; border: 2px solid @brass; min-height: $28;
  placeholder-text-color: @text3; }
QComboBox::drop-down { border: none; width: 28px; }
QComboBox::down-arrow { image: url("%ICONS%/arrow-%LOOK%.svg"); width: 16px; height: 16px; }
QComboBox QAbstractItemView { background: @surface; color: @text; border: 1px solid @line2; padding: 4px;
  outline: none; }
QCheckBox { spacing: 8px; color: @text; border: 2px solid transparent; border-radius: 5px; padding: 1px 2px; }
QCheckBox::indicator { width: 16px; height: 16px; border: 1px solid @line2; border-radius: 4px;
  background: @surface; }
QCheckBox::indicator:checked { background: @text; border-color: @text; image: url("%ICONS%/tick-%LOOK%.svg"); }
QCheckBox[added="true"]::indicator:checked:enabled { background: transparent; border-color: transparent;
  image: url("%ICONS%/cross-%LOOK%.svg"); }
QListWidget::indicator { width: 16px; height: 16px; border: 1px solid @line2; border-radius: 4px;
  background: @surface; }
QListWidget::indicator:checked { background: @text; border-color: @text; image: url("%ICONS%/tick-%LOOK%.svg"); }
QCheckBox:focus { border-color: @brassedge; }
QTableView, QListView, QScrollArea, QTreeView { background: @surface; border: none; outline: none;
  gridline-color: @line; }
QScrollArea > QWidget > QWidget#scrolled { background: transparent; }
QHeaderView { background: @surface2; border: none; }
QHeaderView::section { background: @surface2; color: @text2; border: none; border-bottom: 1px solid @line;
  padding: 0 6px; font-weight: 600; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 2px; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 2px; }
QScrollBar::handle { background: @line2; border-radius: 3px; min-height: 32px; min-width: 32px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QMenu { background: @surface; color: @text; border: 1px solid @line2; padding: 4px; }
QMenu::item { padding: 6px 18px; border-radius: 5px; }
QMenu::item:selected { background: @brasstint; }
QTabBar { font-weight: 600; font-size: $13; }
QTabBar::tab { background: transparent; border: none; border-bottom: 2px solid transparent; padding: 9px 5px 8px 5px;
  color: @text2; }
QTabBar::tab:selected { color: @text; border-bottom: 2px solid @brassedge; }
QTabBar::tab:focus { background: @brasstint; }
QSplitter::handle { background: transparent; }
QStatusBar { background: @frame; color: @framemuted; border: none; }
QStatusBar::item { border: none; }
QProgressBar { background: @sunken; border: none; border-radius: 3px; max-height: 6px; }
QProgressBar::chunk { background: @okfill; border-radius: 3px; }
"""
