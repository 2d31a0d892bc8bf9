"""How each person at the desk likes the roster: its columns, its order, and the views they gave a name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from app import store, text
from app.desk.accounts import Actor, require
from app.errors import UserError
from app.store.models import Setting
from app.store.prepared import prepared

#: So many views can be told apart at a glance, and a person may have no more.
MOST_VIEWS = 20
NAME_LIMIT = 40


@dataclass(frozen=True)
class View:
    """A named question to the roster: words and filters (`app.lists.filters`), columns and order.

    `sort` is a key of `app.lists.people.ORDERS`, downwards after a minus, '' for none. No columns: the usual ones.
    """

    name: str = ""
    words: str = ""
    filters: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    sort: str = ""


@dataclass(frozen=True)
class Arrangement:
    """What one person chose: columns and order of the roster, and their views in the order they were made."""

    columns: tuple[str, ...] = ()
    sort: str = ""
    views: tuple[View, ...] = ()


def load(user_id: int | None) -> Arrangement:
    """What a person chose; the usual where they chose nothing, or another program left something else there."""
    try:
        kept = _kept(user_id, "roster", {})
        columns, sort = _texts(kept.get("columns", ())), str(kept.get("sort", ""))
    except (ValueError, TypeError, AttributeError):
        columns, sort = (), ""
    return Arrangement(columns, sort, _views(user_id))


def arrange(actor: Actor, columns: Sequence[str], sort: str) -> None:
    """Keep the columns and the order of the roster for whoever is at the desk."""
    require(actor, "desk.arrange")
    with store.write("Arrange list", actor) as w:
        _keep(w, actor, "roster", {"columns": list(columns), "sort": sort})


def save_view(actor: Actor, view: View) -> None:
    """Keep a view under its name, in place of one that has it.

    UserErrors beside `name`: those of `text.clean`, `arranging.too_many`.
    """
    require(actor, "desk.arrange")
    made = replace(view, name=_clean(view.name), words=text.clean(view.words, field="words"))
    with store.write("Save view", actor) as w:
        before = _views(actor.user_id)
        if made.name not in (one.name for one in before):
            if len(before) >= MOST_VIEWS:
                raise UserError("arranging.too_many", "name", limit=MOST_VIEWS)
            before = (*before, made)
        _keep_views(w, actor, tuple(made if one.name == made.name else one for one in before))


def rename_view(actor: Actor, name: str, other: str) -> None:
    """Give a view another name. UserErrors beside `name`: as `save_view`, `arranging.taken`, `store.gone`."""
    require(actor, "desk.arrange")
    other = _clean(other)
    with store.write("Rename view", actor) as w:
        before = _views(actor.user_id)
        names = [one.name for one in before]
        if name not in names:
            raise UserError("store.gone", "name")
        if other in names and other != name:
            raise UserError("arranging.taken", "name", name=other)
        _keep_views(w, actor, tuple(replace(one, name=other) if one.name == name else one for one in before))


def remove_view(actor: Actor, name: str) -> None:
    """Forget a view. UserError `store.gone` where it is gone already."""
    require(actor, "desk.arrange")
    with store.write("Remove view", actor) as w:
        before = _views(actor.user_id)
        left = tuple(one for one in before if one.name != name)
        if left == before:
            raise UserError("store.gone", "name")
        _keep_views(w, actor, left)


def _clean(name: str) -> str:
    return text.clean(name, field="name", limit=NAME_LIMIT, required=True)


def _views(user_id: int | None) -> tuple[View, ...]:
    try:
        return tuple(
            View(
                str(one["name"]), str(one.get("words", "")), _texts(one.get("filters", ())),
                _texts(one.get("columns", ())), str(one.get("sort", "")),
            )
            for one in _kept(user_id, "views", [])
        )  # fmt: skip
    except (ValueError, TypeError, AttributeError, KeyError):
        return ()


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in values)


def _keep_views(w: store.Write, actor: Actor, views: tuple[View, ...]) -> None:
    _keep(w, actor, "views", [asdict(one) for one in views])


# Columns and views are rows of their own: taking a view back does not ask for a column first.


def _kept(user_id: int | None, what: str, otherwise: Any) -> Any:
    for (value,) in _value(f"person.{user_id}.{what}"):
        return json.loads(value)
    return otherwise


@prepared
def _value(key: str) -> Any:
    return Setting.select(Setting.value).where(Setting.key == key)


def _keep(w: store.Write, actor: Actor, what: str, kept: Any) -> None:
    key, value = f"person.{actor.user_id}.{what}", json.dumps(kept, ensure_ascii=False)
    row = Setting.get_or_none(Setting.key == key)
    if row is None:
        w.insert(Setting, key=key, value=value)
    elif row.value != value:
        w.update(Setting, row.id, value=value)
