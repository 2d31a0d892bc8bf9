"""A form that says more than it did grows with it: wrapped lines ask for their height only once they stand there."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog


def grow(dialog: QDialog) -> None:
    """Make a dialog as high as what it says now, and no higher; its middle stays where it is."""
    layout = dialog.layout()
    assert layout is not None
    layout.activate()
    wide, before = dialog.width(), dialog.height()
    high = layout.totalHeightForWidth(wide) if layout.hasHeightForWidth() else layout.totalSizeHint().height()
    if high != before:
        place = dialog.geometry()
        middle = place.center()
        dialog.resize(wide, high)
        place.setSize(dialog.size())
        place.moveCenter(middle)
        dialog.move(place.topLeft())  # where it was, also if whoever was resized has moved by itself
