"""F1 tells how every page works, and names its keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from app import help as help_texts
from app import paths
from tests.support.window import Driver, driver, opened

__all__ = ["driver", "opened"]


@pytest.mark.parametrize("key", ["students", "calendar", "payments", "inbox", "mail", "settings"])
def test_f1_tells_how_the_page_works(driver: Driver, key: str) -> None:
    page = driver.page(key)
    if key == "payments":  # it asks for the student first
        driver.dialog("find_student")
        driver.key(Qt.Key.Key_Escape)
        driver.gone("find_student")
    driver.key(Qt.Key.Key_F1)
    dialog = driver.dialog("keys")
    shown = [label.text() for label in dialog.findChildren(QLabel)]
    words = help_texts.paragraphs("center" if key == "settings" else key)
    assert words
    assert set(words) <= set(shown)
    assert {said for _keys, said in page.help_keys} <= set(shown)
    assert dialog.height() <= 768
    driver.key(Qt.Key.Key_Escape)
    driver.gone("keys")


def test_safe_keeping_has_its_own_words(driver: Driver) -> None:
    driver.page("settings").show_part("keeping")
    driver.key(Qt.Key.Key_F1)
    shown = [label.text() for label in driver.dialog("keys").findChildren(QLabel)]
    assert set(help_texts.paragraphs("keeping")) <= set(shown)


def test_every_help_text_belongs_to_a_page(driver: Driver) -> None:
    settings = driver.page("settings")
    topics = {key for key in driver.window.pages if key != "settings"} | set(settings.part.buttons)
    assert {path.stem for path in (paths.resources() / "help" / "en").iterdir()} == topics
    assert help_texts.paragraphs("nothing of the kind") == []
    assert help_texts.paragraphs("students", "xx") == help_texts.paragraphs("students")
