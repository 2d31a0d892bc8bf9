"""Mail through the window: an account is entered, the background thread sends while typing goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from app import store
from app.desk import papers
from app.mail import queue, secrets
from app.mail.worker import MailRunner
from app.store.models import MailQueue
from tests.support.center import SmallCenter
from tests.support.mailserver import exim, misbehaving
from tests.support.window import Driver, opened

pytestmark = pytest.mark.slow


def put(center: SmallCenter, key: str, address: str) -> None:
    with store.connected(), store.write("Write mail", center.staff) as w:
        queue.enqueue(
            w, event_key=key, to_name="Ana Satler", to_address=address, template_key="message", language="en",
            params={"subject": key, "text": "Hello"},
        )  # fmt: skip


@pytest.fixture
def window(qapp: QApplication, tmp_path: Path) -> Iterator[tuple[Driver, MailRunner]]:
    runner = MailRunner(papers.resolve, timeout=10)
    for driver in opened(qapp, tmp_path / "center", runner):
        yield driver, runner


def account(driver: Driver, host: str, port: int, security: str, user: str, password: str) -> None:
    """Type the account into the settings and save it, as the manager."""
    driver.desk.context.set_actor(driver.center.admin)
    page = driver.page("settings")
    for name, typed in (("host", host), ("port", str(port)), ("username", user), ("password", password)):
        driver.type(page, f"mail_{name}", typed)
    page.security.setCurrentIndex(page.security.findData(security))
    driver.click(page, "save_the_mail_account")
    driver.settled()


def states() -> dict[str, str]:
    return {row.event_key: row.state for row in MailQueue.select()}


def test_the_queue_is_sent_in_the_background_by_a_real_server(
    window: tuple[Driver, MailRunner], tmp_path: Path
) -> None:
    driver, runner = window
    mail = driver.page("mail")
    driver.until(lambda: mail.banner.isVisible())
    import threading

    def write() -> None:
        put(driver.center, "good", "ana@mail.example")
        put(driver.center, "refused", "nosuch@mail.example")

    writer = threading.Thread(target=write)
    writer.start()
    writer.join()
    with exim(tmp_path / "mail" / "exim") as server:
        runner._ca_file = server.ca_file
        account(driver, "localhost", server.port, "starttls", "desk", "s3cret")
        assert secrets.password("localhost", "desk") == "s3cret"
        driver.until(lambda: states() == {"good": "sent", "refused": "failed"}, 30)
        assert server.wait_for(1)[0]["Envelope-To"] == "ana@mail.example"
    mail = driver.page("mail")
    driver.until(lambda: not mail.banner.isVisible())
    row = next(row for row in mail._rows.values() if row.state == "failed")
    mail.select(row.id)
    assert "550" in row.last_reply
    assert mail.badge.label == "Failed"


def test_typing_goes_on_while_a_server_hangs(window: tuple[Driver, MailRunner]) -> None:
    driver, _runner = window
    import threading

    writer = threading.Thread(target=put, args=(driver.center, "one", "ana@mail.example"))
    writer.start()
    writer.join()
    with misbehaving("hang") as server:
        account(driver, "127.0.0.1", server.port, "none", "", "")
        driver.until(lambda: states() == {"one": "sending"})
        page = driver.page("students")
        search = driver.find(page, QLineEdit, "student_search")
        search.setFocus()
        QTest.keyClicks(search, "satler")
        QApplication.processEvents()
        assert states() == {"one": "sending"}
        assert search.text() == "satler"
        assert [row.name for row in page.model._fetch(page.model.ids).values()] == ["Ana Satler"]
    driver.until(lambda: states() == {"one": "queued"})
    mail = driver.page("mail")
    driver.until(lambda: mail.banner.isVisible())
    assert "nothing is lost" in mail.banner_title.text()


def test_closed_and_opened_again_everything_is_there_and_sending_goes_on(qapp: QApplication, tmp_path: Path) -> None:
    import threading

    folder = tmp_path / "center"
    center: SmallCenter | None = None
    for driver in opened(qapp, folder, MailRunner(papers.resolve, timeout=10)):
        center = driver.center
        writer = threading.Thread(target=put, args=(center, "waits", "ana@mail.example"))
        writer.start()
        writer.join()
        page = driver.page("students")
        driver.click(page, "new_student")
        form = driver.dialog("form")
        driver.type(form, "first_name", "Reopened")
        driver.click(form, "save")
        driver.gone("form")
        driver.settled()
        assert states() == {"waits": "queued"}
    with misbehaving("take") as server:
        for driver in opened(qapp, folder, MailRunner(papers.resolve, timeout=10), center):
            page = driver.page("students")
            driver.type(page, "student_search", "reopened")
            driver.until(lambda page=page: len(page.model.ids) == 1)
            account(driver, "127.0.0.1", server.port, "none", "", "")
            driver.until(lambda: states() == {"waits": "sent"})
        assert server.dots == 1
