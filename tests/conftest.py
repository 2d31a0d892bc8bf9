"""For every test: fixed random choices, a home of its own, and no skipping."""

from __future__ import annotations

import os

import keyring
import pytest
from hypothesis import settings
from keyring.backend import KeyringBackend
from keyring.errors import NoKeyringError

from tests.support import center

settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
settings.load_profile("fixed")


class NoKeyring(KeyringBackend):
    """A computer without a keyring: nothing of this one's is read or written."""

    priority = 1  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        raise NoKeyringError(service)

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NoKeyringError(service)


keyring.set_keyring(NoKeyring())


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is remembered from, or left in, the home of whoever runs the tests."""
    home = tmp_path_factory.getbasetemp() / "home"
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))


def pytest_runtest_setup() -> None:
    center.new_test()


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped") and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
