"""A small window while there is no other: something runs that takes as long as it takes."""

from __future__ import annotations

from PySide6.QtCore import QEventLoop, Qt, QThread
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from ui.widgets.basic import Text


class Waiting(QWidget):
    """Says what is being done and shows that it goes on."""

    def __init__(self, said: str) -> None:
        super().__init__(None, Qt.WindowType.Dialog | Qt.WindowType.CustomizeWindowHint)
        self.setWindowTitle("Deskbell")
        self.setObjectName("waiting")
        self.setFixedWidth(420)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 22)
        column.setSpacing(12)
        column.addWidget(Text(said, "body", wrap=True))
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setAccessibleName(said)
        column.addWidget(bar)

    def until(self, thread: QThread) -> None:
        """Run a thread to its end."""
        loop = QEventLoop()
        thread.finished.connect(loop.quit)
        self.show()
        thread.start()
        loop.exec()
        thread.wait()
        self.close()
        self.deleteLater()  # left to the garbage collector, a tree of widgets may be taken apart in the wrong order
