"""The rules of the house, read off the source without importing it. Each rule is seen to find a planted violation."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOP_LEVEL = {"pyproject.toml", "app", "ui", "resources", "tests", "packaging", "README.md"}

#: Floors from low to high. A module may import its own floor and those below.
FLOORS: list[tuple[str, ...]] = [
    ("app.errors",),
    ("app.clock", "app.log", "app.money", "app.paths", "app.settings", "app.messages", "app.text"),
    ("app.store",),
    ("app.desk", "app.lists", "app.documents", "app.mail", "app.exchange"),
    ("app.workers", "app.demo", "app.selftest", "app.cli"),
    ("ui",),
]
SQL = re.compile(
    r"^\s*(SELECT\s+.+\s+FROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|PRAGMA\s|CREATE\s+(TABLE|INDEX))",
    re.S,
)
WRITERS = ("app/desk/", "app/mail/", "app/store/", "app/demo/", "app/exchange/")
#: Files that only describe: models and the first schema.
LONG_FILES = {"app/store/models.py", "app/store/migrations/m0001_first_schema.py"}


def sources(root: Path) -> Iterator[tuple[str, str, ast.Module]]:
    """(path, module name, tree) of every module of the program."""
    for package in ("app", "ui"):
        for path in sorted((root / package).rglob("*.py")):
            relative = path.relative_to(root)
            module = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
            yield relative.as_posix(), module, ast.parse(path.read_text("utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def floor(module: str) -> int | None:
    for number, names in enumerate(FLOORS):
        if any(module == name or module.startswith(name + ".") for name in names):
            return number
    return None


def arrows_point_down(root: Path) -> list[str]:
    found = []
    for path, module, tree in sources(root):
        own = floor(module)
        for name in imports(tree):
            other = floor(name)
            if own is not None and other is not None and other > own:
                found.append(f"{path} imports {name}")
    return found


def qt_stays_upstairs(root: Path) -> list[str]:
    found = []
    for path, _module, tree in sources(root):
        if path.startswith("app/"):
            allowed = path == "app/workers.py"
            for name in imports(tree):
                if name.startswith("PySide6") and not (allowed and name.startswith(("PySide6.QtCore", "PySide6"))):
                    found.append(f"{path} imports {name}")
                if allowed and re.match(r"PySide6\.Qt(?!Core)", name):
                    found.append(f"{path} imports {name}")
    return found


def windows_know_no_database(root: Path) -> list[str]:
    banned = ("peewee", "playhouse", "sqlcipher3", "sqlite3", "app.store.models", "app.store.database")
    return [
        f"{path} imports {name}"
        for path, _module, tree in sources(root)
        if path.startswith("ui/")
        for name in imports(tree)
        if name.startswith(banned)
    ]


def sql_stays_in_the_store(root: Path) -> list[str]:
    found = []
    for path, _module, tree in sources(root):
        if path.startswith("app/store/"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value):
                found.append(f"{path}:{node.lineno}")
            if isinstance(node, ast.Attribute) and node.attr in ("execute_sql", "raw"):
                found.append(f"{path}:{node.lineno} {node.attr}")
    return found


def _opens_write(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(node, ast.Call) and ast.unparse(node.func) in ("store.write", "write") for node in ast.walk(function)
    )


def writers_ask_first(root: Path) -> list[str]:
    """Every function of the desk, and of its imports, that opens a write takes the actor first and asks for a right."""
    found = []
    for path, _module, tree in sources(root):
        if not path.startswith(("app/desk/", "app/exchange/")):
            continue
        for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
            if not _opens_write(function) or function.name == "found":  # the first rows have no actor yet
                continue
            first = function.args.args[0].arg if function.args.args else ""
            asks = [
                node.lineno
                for node in ast.walk(function)
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "require"
            ]
            writes = [
                node.lineno
                for node in ast.walk(function)
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "store.write"
            ]
            if first != "actor" or not asks or min(asks) > min(writes):
                found.append(f"{path}: {function.name}")
    return found


def only_writers_write(root: Path) -> list[str]:
    return [
        f"{path}:{node.lineno}"
        for path, _module, tree in sources(root)
        if not path.startswith(WRITERS)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "store.write"
    ]


def keys_have_sentences(root: Path) -> list[str]:
    known: set[str] = set()
    for path in (root / "app" / "messages").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Dict):
                known |= {key.value for key in node.keys if isinstance(key, ast.Constant)}
    found = []
    for path, _module, tree in sources(root):
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func).split(".")[-1] in ("UserError", "EnvironmentFault")
                and node.args
                and isinstance(node.args[0], ast.Constant)
                and node.args[0].value not in known
            ):
                found.append(f"{path}:{node.lineno} {node.args[0].value}")
    return found


def files_stay_readable(root: Path) -> list[str]:
    return [
        path
        for path, _module, _tree in sources(root)
        if path not in LONG_FILES and len((root / path).read_text("utf-8").splitlines()) > 700
    ]


def desk_has_no_circles(root: Path) -> list[str]:
    graph = {
        module: {name for name in imports(tree) if name.startswith("app.desk.")}
        for _path, module, tree in sources(root)
        if module.startswith("app.desk.")
    }
    graph = {module: {name for name in names if name in graph and name != module} for module, names in graph.items()}
    while leaves := [module for module, names in graph.items() if not names]:
        for leaf in leaves:
            del graph[leaf]
        for names in graph.values():
            names.difference_update(leaves)
    return sorted(graph)


def damage_is_foreseen(root: Path) -> list[str]:
    """Whoever catches the driver's error catches what it raises over bytes that are no text, too: `cipher.UNREADABLE`.

    A constraint or a lock is another thing: those say of a sound file that it said no.
    """
    alone = {f"{name}.{error}" for name in ("driver", "cipher.driver") for error in ("Error", "DatabaseError")}
    found = []
    for path, _module, tree in sources(root):
        for node in ast.walk(tree):
            caught: list[ast.expr] = []
            if isinstance(node, ast.ExceptHandler) and node.type is not None:
                caught = [node.type]
            elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("suppress", "isinstance"):
                caught = node.args
            names = {ast.unparse(part) for one in caught for part in ast.walk(one) if isinstance(part, ast.Attribute)}
            if names & alone:
                found.append(f"{path}:{node.lineno}")  # type: ignore[attr-defined]
    return found


Check = Callable[[Path], list[str]]
RULES: dict[Check, dict[str, str]] = {
    arrows_point_down: {"app/store/x.py": "from app.desk import people"},
    qt_stays_upstairs: {"app/desk/x.py": "from PySide6.QtCore import QObject"},
    windows_know_no_database: {"ui/x.py": "from app.store.models import User"},
    sql_stays_in_the_store: {"app/lists/x.py": "QUERY = 'SELECT id FROM users'"},
    damage_is_foreseen: {"app/store/x.py": "try:\n    f()\nexcept (OSError, driver.Error):\n    pass"},
    writers_ask_first: {
        "app/desk/x.py": "def f(actor):\n    with store.write('x', actor) as w:\n        require(actor, 'late')"
    },
    only_writers_write: {"app/lists/x.py": "def f(actor):\n    with store.write('x', actor) as w:\n        pass"},
    keys_have_sentences: {"app/desk/x.py": "def f():\n    raise UserError('no.such.key')"},
    files_stay_readable: {"ui/x.py": "a = 1\n" * 701},
    desk_has_no_circles: {"app/desk/x.py": "from app.desk import y", "app/desk/y.py": "from app.desk import x"},
}


@pytest.mark.parametrize("check", RULES, ids=lambda check: check.__name__)
def test_the_house_keeps_its_rules(check: Check) -> None:
    assert check(ROOT) == []


@pytest.mark.parametrize("check", RULES, ids=lambda check: check.__name__)
def test_a_planted_violation_is_found(check: Check, tmp_path: Path) -> None:
    for name in ("app/messages/common.py", "app/store/a.py", "app/desk/a.py", "app/lists/a.py", "ui/a.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("MESSAGES = {}\n")
    assert check(tmp_path) == []
    for name, text in RULES[check].items():
        (tmp_path / name).write_text(text + "\n")
    assert check(tmp_path) != []


def test_the_top_level_holds_what_it_should() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tops = {line.split("/")[0] for line in listed.splitlines()}
    assert {name for name in tops if not name.startswith(".")} <= TOP_LEVEL


def test_no_committed_file_names_a_registry() -> None:
    hosts = ["pypi" + ".org", "pythonhosted" + ".org", "registry.npmjs" + ".org", "deb.debian" + ".org"]
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = []
    for line in listed.splitlines():
        if line.endswith((".ttf", ".png", ".db", ".ico")):
            continue
        words = (ROOT / line).read_text("utf-8", "replace")
        found += [f"{line}: {host}" for host in hosts if host in words]
    assert found == []
