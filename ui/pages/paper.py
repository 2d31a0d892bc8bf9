"""An invoice on screen, as it is printed: look, save, print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QKeySequence, QPainter, QPixmap, QShortcut
from PySide6.QtWidgets import QDialog, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.desk import papers
from app.text import _
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter


class InvoicePreview(FormDialog):
    """The pages of a document. The first print is the original; what is saved or printed later says COPY."""

    def __init__(self, context: Context, parent: QWidget, invoice_id: int, *, copy: bool) -> None:
        self.file_name, self.content = papers.invoice_pdf(invoice_id, copy=copy)
        super().__init__(parent, _("Invoice"), "file-text", subtitle=self.file_name, width=760)
        self.setObjectName("invoice_preview")
        self.context = context
        inner = QWidget()
        inner.setObjectName("scrolled")
        column = QVBoxLayout(inner)
        for picture in pages(self.content, 690):
            label = QLabel()
            label.setPixmap(picture)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(label)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        scroll.setFixedHeight(500)
        self.body.addWidget(scroll)
        printing = Button(_("Print"), "printer", keys=("Ctrl", "P"))
        printing.clicked.connect(self.print_pages)
        QShortcut(QKeySequence("Ctrl+P"), self).activated.connect(self.print_pages)
        self.add_foot((printing,), Button(_("Save PDF"), "save", kind="primary", keys=("Ctrl", "Enter")))

    def print_pages(self) -> None:
        """Ctrl+P: choose a printer, then print the pages as they are shown."""
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter

        self._printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        dialog = QPrintDialog(self._printer, self)
        dialog.accepted.connect(self._print)
        QDialog.open(dialog)  # its own open() wants a receiver

    def _print(self) -> None:
        print_pdf(self.content, self._printer)
        self.context.notice.emit(_("Printed {name}.").format(name=self.file_name))

    def main_action(self) -> None:
        path = ask.choose_save_file(self, _("Save PDF"), self.file_name, "PDF (*.pdf)")
        if not path:
            return
        try:
            with open(path, "wb") as file:
                file.write(self.content)
        except OSError as error:
            self.say(_("{path} cannot be written: {why}").format(path=path, why=error.strerror))
            return
        self.accept()
        self.context.notice.emit(_("Saved {path}.").format(path=path))


def pages(content: bytes, width: int) -> list[QPixmap]:
    """A PDF's pages as pictures `width` pixels wide."""
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    found = []
    for page in document:
        bitmap = page.render(scale=width / page.get_width(), rev_byteorder=True)
        data = bytes(bitmap.buffer)
        kind = QImage.Format.Format_RGB888 if bitmap.n_channels == 3 else QImage.Format.Format_RGBX8888
        image = QImage(data, bitmap.width, bitmap.height, bitmap.stride, kind)
        found.append(QPixmap.fromImage(image.copy()))
    document.close()
    return found


def print_pdf(content: bytes, printer: QPrinter) -> int:
    """Put a PDF's pages on a printer; returns how many."""
    painter = QPainter(printer)
    area = painter.viewport()
    found = pages(content, 1654)  # 200 dpi on A4: sharp text, and a page of some 10 MB in memory
    for number, picture in enumerate(found):
        if number:
            printer.newPage()
        size = picture.size().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
        painter.drawPixmap(QRect(area.topLeft(), size), picture)
    painter.end()
    return len(found)


def show_invoice(parent: QWidget, context: Context, invoice_id: int, *, copy: bool = False) -> InvoicePreview:
    """Open the preview of a document."""
    preview = InvoicePreview(context, parent, invoice_id, copy=copy)
    preview.open()
    return preview
