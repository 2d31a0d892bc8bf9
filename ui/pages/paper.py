"""An invoice on screen, as it is printed: look, save, print."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from app.desk import papers
from app.text import _
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button


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
        self.add_foot((), Button(_("Save PDF"), "save", kind="primary", keys=("Ctrl", "Enter")))

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


def show_invoice(parent: QWidget, context: Context, invoice_id: int, *, copy: bool = False) -> InvoicePreview:
    """Open the preview of a document."""
    preview = InvoicePreview(context, parent, invoice_id, copy=copy)
    preview.open()
    return preview
