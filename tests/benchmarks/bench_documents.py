"""All documents of a month: as fast at the end as at the start, memory that does not grow; the floor is reportlab."""

from __future__ import annotations

import io
import os
import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app import clock, store
from app.desk import enrollment, invoices
from app.desk.enrollment import SaleDraft, SaleItem
from app.desk.payments import PayLine
from app.documents import type as setting
from app.documents.invoice import render
from app.exchange import batch
from app.store.models import Invoice, Product
from tests.support.center import SmallCenter, build

pytestmark = pytest.mark.benchmark
DOCUMENTS = int(os.environ.get("DESKBELL_DOCUMENTS", "1000"))


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallCenter]:
    made = build(tmp_path_factory.mktemp("bench") / "center")
    with store.write("Enough books", made.admin) as w:
        w.update(Product, made.book, stock=10 * DOCUMENTS)
    with clock.frozen(datetime(2026, 11, 20, 12, tzinfo=UTC)):
        for _number in range(DOCUMENTS):
            lines = enrollment.sell(made.staff, SaleDraft(made.student, (SaleItem(made.book),) * 3))
            chosen = [PayLine(product_enrolled_id=line) for line in lines]
            invoices.bill(made.staff, made.student, chosen, send_mail=False)
    yield made
    store.close_center()


def floor_s(document_id: int) -> float:
    """Seconds that bare reportlab takes for the words of one document."""
    from reportlab.pdfgen.canvas import Canvas

    document, drawn = invoices.document(document_id), []
    draw = setting.draw

    def recording(
        canvas: object, x: float, y: float, text: str, font: str, size: float, align: str = "left", **more: bool
    ) -> float:
        drawn.append((x, y, text, font, size))
        return draw(canvas, x, y, text, font, size, align, **more)

    setting.draw = recording  # type: ignore[assignment]
    render(document)
    setting.draw = draw
    begun = time.perf_counter()
    for _turn in range(30):
        canvas = Canvas(io.BytesIO(), invariant=1)
        for x, y, text, font, size in drawn:
            for run in setting.runs(text, font):
                canvas.setFont(run.font, size)
                canvas.drawString(x, y, run.text)
        canvas.showPage()
        canvas.save()
    return (time.perf_counter() - begun) / 30


@pytest.mark.parametrize("form", ["folder", "one"])
def test_a_month_of_many(month: SmallCenter, tmp_path: Path, form: str) -> None:
    write = batch.write_folder if form == "folder" else batch.write_one
    floor = floor_s(Invoice.get().id)
    at: list[float] = [time.perf_counter()]
    memory: list[int] = []

    def tell(done: int, _total: int) -> None:
        at.append(time.perf_counter())
        if done % (DOCUMENTS // 10) == 0:
            memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

    assert write(month.staff, "2026-11", tmp_path / "out", progress=tell) == DOCUMENTS
    tenth = DOCUMENTS // 10
    first, last = (at[2 * tenth] - at[tenth]) / tenth, (at[-1] - at[-1 - tenth]) / tenth
    whole = (at[-1] - at[0]) / DOCUMENTS
    print(
        f"\n{DOCUMENTS} documents, {form}: {whole * 1e3:.1f} ms each ({1 / whole:.0f}/s), last tenth against the second"
        f" {last / first:.2f}x, bare reportlab {floor * 1e3:.1f} ms ({whole / floor:.2f}x),"
        f" memory +{(memory[-1] - memory[0]) / 1024:.1f} MB from the first tenth to the last"
    )
    assert last < 1.6 * first, "the rate is steady"
    assert whole < 6 * floor
    assert memory[-1] - memory[0] < (8 if form == "folder" else 60) * 1024
