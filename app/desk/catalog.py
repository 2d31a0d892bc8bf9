"""What the center teaches, sells and owns: courses, products, rooms and vehicles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app import money, store, text
from app.desk import seats
from app.desk.accounts import Actor, require
from app.errors import UserError
from app.store.models import Course, Product, Resource, TaxRate

_STATUSES = ("available", "unavailable")


@dataclass(frozen=True)
class CourseDraft:
    """A course as typed. The price is quoted the way the center quotes (gross or net), in minor units."""

    code: str
    name: str
    price_minor: int
    tax_rate_id: int
    category: str = "driving"
    icon: str = "book-open"
    description: str = ""
    theory_minutes: int = 0
    practical_minutes: int = 0
    unit_minutes: int = 45
    minimum_age: int | None = None
    prerequisite_id: int | None = None
    status: str = "available"


@dataclass(frozen=True)
class ProductDraft:
    """A product as typed. Only a physical one has `stock`; editing never moves stock (see `restock`)."""

    code: str
    name: str
    price_minor: int
    tax_rate_id: int
    kind: str = "physical"
    stock: int | None = None
    often_sold: bool = False
    status: str = "available"


@dataclass(frozen=True)
class ResourceDraft:
    """A room, vehicle or piece of equipment as typed."""

    name: str
    kind: str = "room"
    quantity: int = 1
    seats: int | None = None
    status: str = "available"


def add_course(actor: Actor, draft: CourseDraft) -> int:
    """Add a course; returns its id. UserErrors beside the field."""
    require(actor, "catalog.edit")
    with store.write("Add course", actor) as w:
        return w.insert(Course, **_course(draft, None))


def edit_course(actor: Actor, course_id: int, version: int, draft: CourseDraft) -> None:
    """Change a course that is still at `version`. What was agreed with students before stays as it was agreed.

    Other hours are another progress for everyone who has begun; who has completed the course has completed it.
    """
    require(actor, "catalog.edit")
    with store.write("Edit course", actor) as w:
        w.update(Course, course_id, version, **_course(draft, course_id))
        seats.recompute_progress(w, seats.begun(course_id), reopen=False)


def add_product(actor: Actor, draft: ProductDraft) -> int:
    """Add a product; returns its id. UserErrors beside the field."""
    require(actor, "catalog.edit")
    with store.write("Add product", actor) as w:
        stock = None
        if draft.kind == "physical":
            stock = _count(draft.stock or 0, "stock")
        elif draft.stock is not None:
            raise UserError("catalog.no_stock", "stock")
        return w.insert(
            Product, kind=_one_of(draft.kind, ("physical", "digital"), "kind"), stock=stock, **_product(draft, None)
        )


def edit_product(actor: Actor, product_id: int, version: int, draft: ProductDraft) -> None:
    """Change a product that is still at `version`. Its kind stays (`catalog.kind_fixed`); stock moves by `restock`."""
    require(actor, "catalog.edit")
    with store.write("Edit product", actor) as w:
        row = Product.get_or_none(Product.id == product_id)
        if row is not None and row.kind != draft.kind:
            raise UserError("catalog.kind_fixed", "kind")
        w.update(Product, product_id, version, **_product(draft, product_id))


def restock(actor: Actor, product_id: int, by: int) -> int:
    """Move the stock of a physical product by `by` pieces, up or down; returns what is there now."""
    require(actor, "catalog.edit")
    with store.write("Restock", actor) as w:
        row = Product.get_or_none(Product.id == product_id)
        if row is None:
            raise UserError("store.gone")
        if row.stock is None:
            raise UserError("catalog.no_stock", "stock")
        now_there = _count(row.stock + by, "stock")
        w.update(Product, product_id, stock=now_there)
        return now_there


def add_resource(actor: Actor, draft: ResourceDraft) -> int:
    """Add a room, vehicle or piece of equipment; returns its id."""
    require(actor, "catalog.edit")
    with store.write("Add resource", actor) as w:
        return w.insert(Resource, **_resource(draft, None))


def edit_resource(actor: Actor, resource_id: int, version: int, draft: ResourceDraft) -> None:
    """Change a resource that is still at `version`."""
    require(actor, "catalog.edit")
    with store.write("Edit resource", actor) as w:
        w.update(Resource, resource_id, version, **_resource(draft, resource_id))


# -- what may stand in a field --------------------------------------------------------------------------------


def _course(draft: CourseDraft, course_id: int | None) -> dict[str, Any]:
    code = text.clean(draft.code, field="code", limit=40, required=True)
    _free_code(Course, code, course_id)
    if draft.minimum_age is not None and not 0 <= draft.minimum_age <= 120:
        raise UserError("catalog.age", "minimum_age")
    if not 1 <= draft.unit_minutes <= 1440:
        raise UserError("catalog.unit", "unit_minutes")
    if draft.prerequisite_id is not None and (
        draft.prerequisite_id == course_id or not Course.select().where(Course.id == draft.prerequisite_id).exists()
    ):
        raise UserError("catalog.prerequisite", "prerequisite_id")
    return {
        "code": code,
        "name": text.clean(draft.name, field="name", required=True),
        "category": text.clean(draft.category, field="category", limit=60, required=True),
        "icon": text.clean(draft.icon, field="icon", limit=60, required=True),
        "description": text.clean(draft.description, field="description", limit=text.TEXT_LIMIT, multiline=True),
        "price_minor": _price(draft.price_minor),
        "tax_rate_id": _tax_rate(draft.tax_rate_id),
        "theory_minutes": _count(draft.theory_minutes, "theory_minutes"),
        "practical_minutes": _count(draft.practical_minutes, "practical_minutes"),
        "unit_minutes": draft.unit_minutes,
        "minimum_age": draft.minimum_age,
        "prerequisite_id": draft.prerequisite_id,
        "status": _one_of(draft.status, _STATUSES, "status"),
    }


def _product(draft: ProductDraft, product_id: int | None) -> dict[str, Any]:
    code = text.clean(draft.code, field="code", limit=40, required=True)
    _free_code(Product, code, product_id)
    return {
        "code": code,
        "name": text.clean(draft.name, field="name", required=True),
        "price_minor": _price(draft.price_minor),
        "tax_rate_id": _tax_rate(draft.tax_rate_id),
        "often_sold": int(draft.often_sold),
        "status": _one_of(draft.status, _STATUSES, "status"),
    }


def _resource(draft: ResourceDraft, resource_id: int | None) -> dict[str, Any]:
    name = text.clean(draft.name, field="name", required=True)
    twin = Resource.get_or_none(Resource.name == name)
    if twin is not None and twin.id != resource_id:
        raise UserError("catalog.name_taken", "name", name=name)
    if draft.quantity < 1:
        raise UserError("catalog.count", "quantity")
    if draft.seats is not None and draft.seats < 1:
        raise UserError("catalog.count", "seats")
    return {
        "name": name,
        "kind": _one_of(draft.kind, ("room", "vehicle", "equipment"), "kind"),
        "quantity": draft.quantity,
        "seats": draft.seats,
        "status": _one_of(draft.status, _STATUSES, "status"),
    }


def _free_code(model: Any, code: str, own_id: int | None) -> None:
    twin = model.get_or_none(model.code == code)
    if twin is not None and twin.id != own_id:
        raise UserError("catalog.code_taken", "code", code=code, name=twin.name)


def _price(minor: int) -> int:
    if not 0 <= minor <= money.MAX_MINOR:
        raise UserError("catalog.price", "price")
    return minor


def _count(number: int, field: str) -> int:
    if not 0 <= number <= 1_000_000:
        raise UserError("catalog.count", field)
    return number


def _tax_rate(tax_rate_id: int) -> int:
    if TaxRate.get_or_none(TaxRate.id == tax_rate_id, TaxRate.status == "available") is None:
        raise UserError("catalog.tax_rate", "tax_rate")
    return tax_rate_id


def _one_of(value: str, allowed: tuple[str, ...], field: str) -> str:
    if value not in allowed:
        raise UserError("catalog.choice", field, value=value)
    return value
