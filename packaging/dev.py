#!/usr/bin/env python3
"""Run, test and build Deskbell from a checkout, with nothing but the standard library.

    python3 packaging/dev.py run [ARGS...]            open the window, or hand ARGS to the command line
    python3 packaging/dev.py test [--fast|--full [AREA]] [-- PYTEST ARGS...]
    python3 packaging/dev.py bench                    the timings, as ratios to a floor of the same run
    python3 packaging/dev.py build                    the frozen one-folder program, then its self-test
    python3 packaging/dev.py check                    ruff, and mypy over app
    python3 packaging/dev.py lock                     write the locks anew

It finds a Python that the project supports, makes `.venv` from the hashed lock, and on Debian installs as root
what the system lacks. Elsewhere, or without rights, it stops with the one command to run.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "packaging" / "locks" / "dev.txt"
SUPPORTED = [(3, 11), (3, 12), (3, 13)]

SETUP = ["python3-venv"]
NO_SCREEN = ["libgl1", "libegl1", "libfontconfig1", "libdbus-1-3", "libxkbcommon0", "libglib2.0-0"]
WINDOW = [
    "libxcb-cursor0", "libxcb-icccm4", "libxcb-keysyms1", "libxcb-shape0", "libxcb-xkb1", "libxkbcommon-x11-0",
]  # fmt: skip
TESTS = [*WINDOW, "xvfb", "qpdf", "poppler-utils", "exim4-daemon-light", "openssl", "gcc", "libc6-dev"]
BUILD = ["binutils"]

#: Test runs that take longer than this fail: a suite nobody waits for guards nothing.
MOST_SECONDS = 20 * 60

#: The tests' folders go into memory where so many bytes are free there: several times what they come to.
MOST_IN_MEMORY = 2 * 1024**3


#: What `--full` runs: hours, but for `import`.
FULL = """the long counts of an area, without one those of all:
money   random work with money 1,000 x 100, 10,000 invoices under kills, and the functions
        of money killed at every statement and on a disk that is full or fails at every step
safe    kills, power loss, damage, backups, undo; every function killed and on a failing disk
faults  every function killed at every statement
import  spoiled files
DESKBELL_SLICE=FROM:TO in the environment does a part of a long count: give one file after --"""


def main(argv: list[str]) -> int:
    """Do what the command line says; returns the exit code."""
    parser = argparse.ArgumentParser(prog="dev.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="open Deskbell from this checkout")
    run.add_argument("args", nargs=argparse.REMAINDER)
    as_written = argparse.RawTextHelpFormatter
    test = commands.add_parser("test", help="everything that guards a promise", formatter_class=as_written)
    test.add_argument("--fast", action="store_true", help="no subprocess, server or virtual screen")
    test.add_argument("--full", nargs="?", const="all", metavar="AREA", help=FULL)
    test.add_argument("args", nargs=argparse.REMAINDER, help="after --: handed to pytest")
    for name in ("bench", "build", "check", "lock"):
        commands.add_parser(name)
    if argv[:1] == ["run"] and argv[1:2] not in (["-h"], ["--help"]):
        options = argparse.Namespace(command="run", args=argv[1:])  # argparse hands on nothing that begins with a dash
    else:
        options = parser.parse_args(argv)
    return {"run": do_run, "test": do_test, "bench": do_bench, "build": do_build, "check": do_check, "lock": do_lock}[
        options.command
    ](options)


def do_run(options: argparse.Namespace) -> int:
    """Open the window, or run a command of the program."""
    opens_window = not any(not word.startswith("-") for word in _without_values(options.args))
    need_system(NO_SCREEN + (WINDOW if opens_window and sys.platform.startswith("linux") else []))
    python = environment()
    return subprocess.call([python, "-m", "ui.main", *options.args], cwd=ROOT)


def _without_values(words: list[str]) -> list[str]:
    """The words that are neither `--data-dir` nor its value."""
    found, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word == "--data-dir":
            skip = True
        else:
            found.append(word)
    return found


def do_test(options: argparse.Namespace) -> int:
    """Lint, then the tests, two at a time, without a screen. Never skips, never times anything."""
    extra = [word for word in options.args if word != "--"]
    need_system(NO_SCREEN if options.fast else NO_SCREEN + TESTS)
    python = environment()
    if lint(python):
        return 1
    env = test_environment()
    if options.full:
        env["DESKBELL_FULL"] = options.full
    chosen = "not slow and not benchmark" if options.fast else "not benchmark"
    # What a worker has not begun goes to the one that is done: the slow tests of the last folders end together.
    command = [python, "-m", "pytest", "-n", "2", "--dist", "worksteal", "--durations=20", "-m", chosen]
    started = time.monotonic()
    with _folders_in_memory() as folders:
        code = subprocess.call([*command, *folders, *extra], cwd=ROOT, env=env, stdin=subprocess.DEVNULL)
    if code == 0 and time.monotonic() - started > MOST_SECONDS and not options.full:
        print(f"The tests took more than {MOST_SECONDS // 60} minutes.", file=sys.stderr)
        return 1
    return code


@contextlib.contextmanager
def _folders_in_memory() -> Iterator[list[str]]:
    """Where the tests keep their folders: in memory if there is room, for every commit waits for its disk.

    The program is as careful as ever; what a kill leaves does not depend on a disk. Where there is no such place
    pytest chooses, as it does when called by itself.
    """
    memory = Path("/dev/shm")
    try:
        roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > MOST_IN_MEMORY
    except OSError:
        roomy = False
    if not roomy:
        yield []
        return
    with tempfile.TemporaryDirectory(prefix="deskbell-tests-", dir=memory) as folder:
        yield ["--basetemp", f"{folder}/pytest"]


def do_bench(_: argparse.Namespace) -> int:
    """Time what the project promises, each figure beside its floor."""
    need_system(NO_SCREEN + TESTS)
    python = environment()
    command = [python, "-m", "pytest", "tests/benchmarks", "-m", "benchmark", "-s", "-q"]
    command += ["-o", "python_files=bench_*.py"]
    return subprocess.call(command, cwd=ROOT, env=test_environment(), stdin=subprocess.DEVNULL)


def do_build(_: argparse.Namespace) -> int:
    """Freeze the program for this system and let it prove itself."""
    need_system(NO_SCREEN + BUILD)
    python = environment()
    spec = ROOT / "packaging" / "deskbell.spec"
    command = [python, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN"]
    code = subprocess.call([*command, "--distpath", "dist", "--workpath", "build", str(spec)], cwd=ROOT)
    if code:
        return code
    folder = ROOT / "dist" / "deskbell"
    program = folder / ("deskbell.exe" if sys.platform == "win32" else "deskbell")
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    print(f"Built {program.relative_to(ROOT)}, {size / 1e6:.0f} MB. Self-test:")
    return subprocess.call([str(program), "self-test"], env=test_environment())


def do_check(_: argparse.Namespace) -> int:
    """Lint alone."""
    return lint(environment())


def do_lock(_: argparse.Namespace) -> int:
    """Resolve the dependencies anew, with hashes, for every platform, without a registry's address."""
    python = environment()
    subprocess.check_call([python, "-m", "pip", "install", "--quiet", "uv"])
    base = [python, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"]
    base += ["--no-emit-index-url", "--no-emit-find-links", "--no-header", "--python-version", "3.11", "pyproject.toml"]
    for name, extra in (("runtime", []), ("dev", ["--extra", "dev"])):
        target = LOCK.with_name(f"{name}.txt")
        subprocess.check_call([*base, *extra, "-o", str(target)], cwd=ROOT)
    return 0


def lint(python: str) -> int:
    """The rules of form, and strict types everywhere; 0 when all hold."""
    return subprocess.call([python, "-m", "ruff", "check", "."], cwd=ROOT) or subprocess.call(
        [python, "-m", "mypy", "--no-error-summary"], cwd=ROOT
    )


def test_environment() -> dict[str, str]:
    """A home of its own, no screen, a fixed zone: nothing of this computer reaches a test."""
    home = ROOT / "build" / "test-home"
    home.mkdir(parents=True, exist_ok=True)
    env = dict(os.environ)
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        env[name] = str(home / name.lower())
    env.update(HOME=str(home), TZ="UTC", LANG="C.UTF-8", QT_QPA_PLATFORM="offscreen", PYTHONHASHSEED="0")
    env.pop("DISPLAY", None)
    return env


# -- what the machine must have ----------------------------------------------------------------------------------


def find_python() -> str:
    """A Python the project supports: this one, or another on the path."""
    if sys.version_info[:2] in SUPPORTED:
        return str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())
    for major, minor in SUPPORTED:
        found = shutil.which(f"python{major}.{minor}")
        if found:
            return found
    wanted = ", ".join(f"{major}.{minor}" for major, minor in SUPPORTED)
    raise SystemExit(f"Deskbell needs Python {wanted}; this is {sys.version.split()[0]}. Install one of these first.")


def stamp_of(lock: bytes, python: str) -> str:
    """What the environment was made from."""
    return hashlib.sha256(lock + python.encode()).hexdigest()


def environment() -> str:
    """The environment's Python, made anew when the lock or the interpreter changed."""
    base = find_python()
    lock = LOCK.read_bytes()
    stamp = stamp_of(lock, base)
    mark = VENV / "deskbell.stamp"
    python = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if python.exists() and mark.exists() and mark.read_text() == stamp:
        return str(python)
    print("Making the environment in .venv ...", file=sys.stderr)
    if VENV.exists():
        shutil.rmtree(VENV)
    if subprocess.call([base, "-m", "venv", str(VENV)]) != 0:
        need_system(SETUP, force=True)
        subprocess.check_call([base, "-m", "venv", str(VENV)])
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    subprocess.check_call([*install, "-r", str(LOCK)])
    mark.write_text(stamp)
    return str(python)


def missing_packages(wanted: list[str], installed: str) -> list[str]:
    """Those of `wanted` that dpkg-query's list (``name status`` lines) does not call installed."""
    there = {line.split()[0].split(":")[0] for line in installed.splitlines() if line.endswith(" installed")}
    # A transition renamed libglib2.0-0 to libglib2.0-0t64 on newer releases.
    return [name for name in wanted if name not in there and f"{name}t64" not in there]


def need_system(wanted: list[str], *, force: bool = False) -> None:
    """Install as root what Debian lacks; elsewhere stop with the one command to run."""
    if not sys.platform.startswith("linux"):
        return
    if not shutil.which("dpkg-query"):
        return
    listing = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n"], capture_output=True, text=True, check=True
    ).stdout
    missing = wanted if force else missing_packages(wanted, listing)
    if not missing:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid() != 0:
        raise SystemExit("Some system packages are missing. Run this, then try again:\n\n  sudo " + " ".join(command))
    print("Installing system packages: " + " ".join(missing), file=sys.stderr)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.check_call(["apt-get", "update", "-qq"], env=env)
    with _no_services():
        subprocess.check_call([*command, "-qq"], env=env, stdout=subprocess.DEVNULL)


class _no_services:
    """While packages are set up, none of their services is started: the tests start their own."""

    policy = Path("/usr/sbin/policy-rc.d")

    def __enter__(self) -> None:
        self.made = not self.policy.exists()
        if self.made:
            self.policy.write_text("#!/bin/sh\nexit 101\n")
            self.policy.chmod(0o755)

    def __exit__(self, *_: object) -> None:
        if self.made:
            self.policy.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
