"""Scenarios of promises and reminders, for the tests that try every writer."""

from __future__ import annotations

import io
from typing import Any

from app.desk import invoices, letterhead, promises, refunds, reminding
from app.store.models import Promise
from tests.support.center import SmallCenter
from tests.support.writers import _due, _line, _third, scenario


def _promise(made: SmallCenter) -> Any:
    return promises.add(made.staff, _third(), "2026-12-24", 5_000, "after the holidays")


scenario("promises.add")(_promise)


@scenario("promises.add in place of another", before=_promise)
def _(made: SmallCenter) -> Any:
    return promises.add(made.staff, _third(), "2026-12-31", 6_000)


def _last() -> int:
    return int(Promise.select().order_by(Promise.id.desc()).get().id)


@scenario("promises.keep", before=_promise)
def _(made: SmallCenter) -> None:
    promises.keep(made.staff, _last())


@scenario("promises.withdraw", before=_promise)
def _(made: SmallCenter) -> None:
    promises.withdraw(made.staff, _last())


@scenario("refunds.apply_credit that keeps a promise", before=_promise)
def _(made: SmallCenter) -> Any:
    return refunds.apply_credit(made.staff, _third(), (_line(_due(_third())),), "use")


@scenario("reminding.remind", later=40)
def _(made: SmallCenter) -> None:
    found = reminding.remind(made.staff, [(_third(), None), (made.other_student, None)])
    assert any(not one.obstacle for one in found), found


@scenario("invoices.bill with a day and a text")
def _(made: SmallCenter) -> Any:
    lines = (_line(_due(_third())),)
    return invoices.bill(made.staff, _third(), lines, due_on="2026-12-31", note="Your order 7", send_mail=True)


@scenario("letterhead.save_texts")
def _(made: SmallCenter) -> None:
    letterhead.save_texts(made.admin, "en", "Welcome", "Thank you")


@scenario("letterhead.set_logo")
def _(made: SmallCenter) -> None:
    letterhead.set_logo(made.admin, "logo.png", PICTURE)


def png(wide: int = 40, high: int = 20, color: str = "teal") -> bytes:
    """A picture."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (wide, high), color).save(out, "PNG")
    return out.getvalue()


PICTURE = png()
