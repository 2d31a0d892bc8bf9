"""A form that says more than it did grows with it: wrapped lines ask for their height only once they stand there."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog


def grow(dialog: QDialog) -> None:
    """Make a dialog as high as what it says now, and no higher; its middle stays where it is."""
    layout = dialog.layout()
    assert layout is not None
    layout.activate()
    before, high = dialog.height(), layout.totalHeightForWidth(dialog.width())
    if high not in (-1, before):
        dialog.resize(dialog.width(), high)
        dialog.move(dialog.x(), dialog.y() + (before - dialog.height()) // 2)
