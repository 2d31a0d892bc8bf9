"""A document on screen, as it is printed: look, print, mail, save."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSizeF, Qt
from PySide6.QtGui import QImage, QKeySequence, QPageSize, QPainter, QPixmap, QShortcut
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from app import clock
from app.desk import invoices, papers
from app.errors import UserError
from app.lists import find
from app.lists import statement as account
from app.store import Changes, uuid7
from app.text import _
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.form import FormDialog, window_under
from ui.theme import theme
from ui.widgets.basic import Button, Segment, Text

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter


#: How each form of a document is made: a word to choose it by, and what returns its file name and its bytes.
Forms = Sequence[tuple[str, Callable[[], tuple[str, bytes]]]]


class PaperPreview(FormDialog):
    """The pages of a document as they come from the printer, in one of the forms it has. A form with a reference can
    be mailed to whom it is for.
    """

    #: How wide it is, in pixels at 100 %.
    wide = 760

    def __init__(
        self, context: Context, parent: QWidget, title: str, name: str, forms: Forms,
        references: Mapping[str, papers.Reference] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent, title, "file-text", width=self.wide)
        self.setObjectName(name)
        self.context, self.forms, self.references = context, forms, references or {}
        #: Whether print fills the paper to its edge: labels have to meet theirs.
        self.whole_paper = False
        if len(forms) > 1:
            keys = [(label, label, ("Alt", str(number))) for number, (label, _make) in enumerate(forms, start=1)]
            self.form = Segment(keys, "paper_form")
            self.form.set_value(forms[0][0])
            self.form.chosen.connect(self.show_form)
            self.body.addWidget(self.form, alignment=Qt.AlignmentFlag.AlignHCenter)
            for label, _words, combination in keys:
                shortcut = QShortcut(QKeySequence("+".join(combination)), self)
                shortcut.activated.connect(partial(self.show_form, label))
        self.scroller = QScrollArea()
        self.scroller.setWidgetResizable(True)
        self.scroller.setFixedHeight(max(400, window_under(parent).height() - 190 - (48 if len(forms) > 1 else 0)))
        self.body.addWidget(self.scroller)
        printing = Button(_("Print"), "printer", keys=("Ctrl", "P"))
        printing.setObjectName("print")
        printing.clicked.connect(self.print_pages)
        QShortcut(QKeySequence("Ctrl+P"), self).activated.connect(self.print_pages)
        self.post = Button(_("Mail"), "send", keys=("Ctrl", "M"))
        self.post.setObjectName("mail_paper")
        self.post.clicked.connect(self.mail)
        QShortcut(QKeySequence("Ctrl+M"), self).activated.connect(self.mail)
        others = (printing, self.post) if self.references else (printing,)
        self.add_foot(others, Button(_("Save PDF"), "save", kind="primary", keys=("Ctrl", "Enter")))
        self.show_form(forms[0][0])

    def show_form(self, label: str) -> None:
        """The document in another of its forms."""
        if len(self.forms) > 1:
            self.form.set_value(label)
        self.file_name, self.content = dict(self.forms)[label]()
        self._reference = self.references.get(label)
        self._key = uuid7()  # each form that is looked at is mailed once
        to = papers.addressee(self._reference).email if self._reference is not None else ""
        self.subtitle.setText(" · ".join(filter(None, (self.file_name, to))))
        inner = QWidget()
        inner.setObjectName("scrolled")
        column = QVBoxLayout(inner)
        for picture in pages(self.content, 690):
            shown = QLabel()
            shown.setPixmap(picture)
            shown.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(shown)
        column.addStretch(1)
        self.scroller.setWidget(inner)

    def print_pages(self) -> None:
        """Ctrl+P: choose a printer, then print the pages as they are shown."""
        self._printer = ask.choose_printer(self, self._print)

    def _print(self) -> None:
        print_pdf(self.content, self._printer, whole_paper=self.whole_paper)
        self.context.notice.emit(_("Printed {name}.").format(name=self.file_name))

    def mail(self) -> None:
        """Ctrl+M: queue a mail that brings the document to whom it is for."""
        if self._reference is not None and self.post.isEnabled():
            told = partial(self._mailed, self.file_name, papers.addressee(self._reference).email)
            self.context.run(papers.mail, self._reference, self._key, done=told, failed=self.refuse, busy=self.post)

    def _mailed(self, name: str, address: str, _mail: int) -> None:
        """Say it where it is read: the status bar is below this form. Another form of it may be shown meanwhile."""
        said = _("{name} is in the mail queue, to {address}.").format(name=name, address=address)
        self.context.notice.emit(said)
        if name == self.file_name:
            self.subtitle.setText(said)

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


class InvoicePreview(PaperPreview):
    """The preview of an invoice or a credit note: it says what became of it, and an invoice is credited from here."""

    wide = 860

    def __init__(self, context: Context, parent: QWidget, invoice_id: int, *, copy: bool) -> None:
        document = invoices.document(invoice_id)
        of_note = document.kind == "credit_note"
        title, name = (_("Credit note"), "credit_note_preview") if of_note else (_("Invoice"), "invoice_preview")
        reference = {"kind": "invoice", "id": invoice_id, "copy": copy}
        super().__init__(context, parent, title, name, [("", partial(papers.made, reference))], {"": reference})
        self.invoice_id, self.document = invoice_id, document
        self.state = Text("", "label", "text2", wrap=True)
        self.state.setObjectName("document_state")
        self.body.insertWidget(0, self.state)
        self.credit = Button(_("Credit note…"), "undo-2", kind="quiet", keys=("Alt", "C"))
        self.credit.setObjectName("credit_this")
        self.credit.clicked.connect(self.credit_it)
        self._shortcut("Alt+C", self.credit_it)
        self.foot.insertWidget(2, self.credit)
        self._room = self.scroller.height()
        context.changed.connect(self._changed)
        self._say_state()

    def _say_state(self) -> None:
        """What is no invoice, or none any more, says so above its pages."""
        label, note = self.document.label, invoices.copy_state(self.invoice_id).credited_by
        said = ""
        self._refusal: UserError | None = None
        if self.document.kind == "credit_note":
            said = _("This is the credit note to invoice {label}.").format(label=self.document.refers_to_label)
            self._refusal = UserError("invoices.is_credit_note", label=label)
        elif note:
            said = _("This invoice is credited in full by {note}.").format(note=note)
            self._refusal = UserError("invoices.already_credited", label=label, note=note)
        self.state.setText(said)
        self.state.setVisible(bool(said))
        self.scroller.setFixedHeight(self._room - (theme().px(32) if said else 0))

    def _changed(self, changes: Changes) -> None:
        if self.isVisible() and "invoices" in changes.tables:
            self._say_state()
            self.show_form("")

    def credit_it(self) -> None:
        """Alt+C: a credit note over this invoice, or in one sentence why there is none."""
        if self._refusal is not None:
            self.state.hide()  # the refusal says it too
            self.refuse(self._refusal)
            return
        from ui.dialogs import credit  # it shows the credit note by this page's own preview

        credit.credit(self.context, self, find.documents([self.invoice_id]))


def pages(content: bytes, width: int) -> list[QPixmap]:
    """A PDF's pages as pictures `width` pixels wide."""
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    found = []
    for page in document:
        wide = min(width, round(width * page.get_width() / 400))  # a strip of a roll is not blown up to a sheet
        bitmap = page.render(scale=wide / page.get_width(), rev_byteorder=True)
        data = bytes(bitmap.buffer)
        kind = QImage.Format.Format_RGB888 if bitmap.n_channels == 3 else QImage.Format.Format_RGBX8888
        image = QImage(data, bitmap.width, bitmap.height, bitmap.stride, kind)
        found.append(QPixmap.fromImage(image.copy()))
    document.close()
    return found


def page_size(content: bytes) -> QSizeF:
    """How large the first page of a PDF is, in points."""
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    wide, high = document[0].get_size()
    document.close()
    return QSizeF(wide, high)


def print_pdf(content: bytes, printer: QPrinter, *, whole_paper: bool = False) -> int:
    """Put a PDF's pages on a printer, within its edges or at their very size; returns how many."""
    if whole_paper:
        printer.setFullPage(True)
        printer.setPageSize(QPageSize(page_size(content), QPageSize.Unit.Point))
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


def show(
    parent: QWidget, context: Context, title: str, name: str, found: Sequence[tuple[str, papers.Reference]]
) -> PaperPreview:
    """Open the preview of a document in the forms it has, each a word and what it is a reference to."""
    forms = [(label, partial(papers.made, reference)) for label, reference in found]
    preview = PaperPreview(context, parent, title, name, forms, dict(found))
    preview.open()
    return preview


def show_invoice(parent: QWidget, context: Context, invoice_id: int, *, copy: bool = False) -> PaperPreview:
    """Open the preview of an invoice or a credit note.

    The first print is the original; what is saved or printed later says COPY.
    """
    preview = InvoicePreview(context, parent, invoice_id, copy=copy)
    preview.open()
    return preview


def show_quote(parent: QWidget, context: Context, quote_id: int) -> PaperPreview:
    """Open the preview of a promised price."""
    return show(parent, context, _("Quote"), "quote_preview", [("", {"kind": "quote", "id": quote_id})])


def show_made(
    parent: QWidget, context: Context, title: str, name: str, made: tuple[str, bytes],
    reference: papers.Reference | None = None,
) -> PaperPreview:  # fmt: skip
    """Open the preview of a document that was made already, as beside the window; with a reference it can be mailed."""
    mailed = {"": reference} if reference is not None else None
    preview = PaperPreview(context, parent, title, name, [("", lambda: made)], mailed)
    preview.open()
    return preview


def show_receipt(parent: QWidget, context: Context, payment_id: int, *, copy: bool = False) -> PaperPreview:
    """Open the preview of a payment's receipt, for the 80 mm roll or for A4."""
    reference = {"kind": "receipt", "id": payment_id, "copy": copy}
    found = [(_("80 mm roll"), {**reference, "paper": "roll"}), (_("A4"), {**reference, "paper": "a4"})]
    return show(parent, context, _("Receipt"), "receipt_preview", found)


def show_statement(parent: QWidget, context: Context, student_id: int) -> PaperPreview:
    """Open the preview of a student's account: this year, from the first day, and with all whom the payer pays for."""
    found = _years(context, [student_id], None)
    payer = account.payer_of(student_id)
    if payer is not None:
        ((_label, whole),) = _years(context, account.of_payer(payer[0]), payer[0])[1:]
        found.append((_("All of {payer}").format(payer=payer[1]), whole))
    return show(parent, context, _("Statement"), "statement_preview", found)


def show_payer_statement(parent: QWidget, context: Context, payer_id: int) -> PaperPreview:
    """Open the preview of the account of all whom a payer pays for: this year, and from the first day."""
    found = _years(context, account.of_payer(payer_id), payer_id)
    return show(parent, context, _("Statement"), "statement_preview", found)


def _years(context: Context, students: Sequence[int], payer_id: int | None) -> list[tuple[str, papers.Reference]]:
    today = clock.local_date(context.center.zone).isoformat()
    whole = {"kind": "statement", "students": list(students), "payer": payer_id, "last_on": today}
    return [
        (_("This year"), {**whole, "first_on": f"{today[:4]}-01-01"}),
        (_("From the first day"), {**whole, "first_on": "0001-01-01"}),
    ]
