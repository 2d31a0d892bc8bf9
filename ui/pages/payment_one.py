"""One payment by one means: started before its money moves, then completed or failed, once (DOMAIN.md, flow 3)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.desk import payments
from app.errors import DeskError, UserError
from app.store import uuid7
from ui.context import Context


class OnePayment(QObject):
    """What stands at the desk while nothing is split; `SplitTender` is the same for several means.

    The file can be held for seconds, and somebody else may be called meanwhile: an answer that comes then is told as
    `late`, never as that of whoever stands there now. Signals: `started`, `completed` (payments.Completed), `failed`,
    `refused` (the error), `settled_elsewhere` (the error: another desk was first), `late`.
    """

    started = Signal()
    completed = Signal(object)
    failed = Signal()
    refused = Signal(object)
    settled_elsewhere = Signal(object)
    late = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.key = uuid7()  # a double click with one key is one payment
        self.payment_id: int | None = None

    def begin(self) -> None:
        """Nothing stands yet. What was started before stays in the file."""
        self.key, self.payment_id = uuid7(), None

    def resume(self, payment_id: int) -> None:
        """One that was started before stands here again."""
        self.key, self.payment_id = uuid7(), payment_id

    def go_on(self, draft: Callable[[], payments.PaymentDraft], busy: QWidget) -> None:
        """Start it; once it stands, complete it."""
        if self.payment_id is not None:
            self._run(self._completed, payments.complete, self.payment_id, busy=busy)
            return
        try:
            asked = draft()
        except UserError as error:
            self.refused.emit(error)
            return
        self._run(self._started, payments.start, asked, busy=busy)

    def fail(self, reason: str) -> None:
        """No money moved."""
        self._run(self._failed, payments.fail, self.payment_id, reason)

    def _run(self, done: Callable[[Any], None], *what: Any, busy: QWidget | None = None) -> None:
        key = self.key
        self.context.run(*what, done=partial(self._answer, key, done), failed=partial(self._refuse, key), busy=busy)

    def _answer(self, key: str, done: Callable[[Any], None], answer: Any) -> None:
        if key == self.key:
            done(answer)
        else:
            self.late.emit()

    def _started(self, payment_id: int) -> None:
        self.payment_id = payment_id
        self.started.emit()

    def _completed(self, done: payments.Completed) -> None:
        self.completed.emit(done)

    def _failed(self, _nothing: object) -> None:
        self.failed.emit()

    def _refuse(self, key: str, error: DeskError) -> None:
        if key != self.key:
            self.late.emit()
        elif isinstance(error, UserError) and error.key in ("payments.already_completed", "payments.already_failed"):
            self.settled_elsewhere.emit(error)
        else:
            self.refused.emit(error)
