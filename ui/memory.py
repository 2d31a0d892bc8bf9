"""What the window keeps at this computer: light or dark, the text size, its own size and place."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from app import paths
from ui.theme import theme


def take_look() -> None:
    """Light or dark and the text size as they were chosen here; at the first start, dark where the system is."""
    kept = paths.remembered()
    dark, scale = kept.get("dark"), kept.get("scale")
    if not isinstance(dark, bool):
        dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
    theme().dark = dark
    if isinstance(scale, float) and 0.9 <= scale <= 1.5:
        theme().scale = scale
    theme().apply()


def keep_look() -> None:
    """The look of now, for the next start."""
    paths.remember(dark=theme().dark, scale=theme().scale)


def take_place(window: QWidget) -> None:
    """As large as it was, and where it was; Qt moves it to a screen that is there."""
    kept = paths.remembered().get("window")
    if isinstance(kept, str):
        window.restoreGeometry(QByteArray.fromBase64(kept.encode("ascii", "replace")))


def keep_place(window: QWidget) -> None:
    """Size and place of now, for the next start."""
    paths.remember(window=bytes(window.saveGeometry().toBase64().data()).decode("ascii"))
