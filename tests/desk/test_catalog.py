"""Courses, products and resources: what may stand in a field, and who may change it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.desk import catalog
from app.desk.catalog import CourseDraft, ProductDraft, ResourceDraft
from app.errors import UserError
from app.store.models import Course, Operation, Product, Resource, TaxRate
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


def rate() -> int:
    return int(TaxRate.get(TaxRate.rate_bp == 2000).id)


def test_a_course_is_added_and_edited(small_center: SmallCenter) -> None:
    draft = CourseDraft("PIANO-1", "Piano for beginners", 45000, rate(), category="music", minimum_age=6)
    course = catalog.add_course(small_center.admin, draft)
    row = Course.get_by_id(course)
    assert (row.code, row.name, row.price_minor, row.minimum_age) == ("PIANO-1", "Piano for beginners", 45000, 6)
    catalog.edit_course(small_center.admin, course, row.version, replace(draft, name="Piano", status="unavailable"))
    row = Course.get_by_id(course)
    assert (row.name, row.status, row.version) == ("Piano", "unavailable", 2)
    with pytest.raises(UserError, match=r"store\.changed_meanwhile"):
        catalog.edit_course(small_center.admin, course, 1, draft)
    assert Course.get_by_id(course).name == "Piano"


@pytest.mark.parametrize(
    ("change", "key", "field"),
    [
        ({"code": ""}, "text.required", "code"),
        ({"code": "B-T"}, "catalog.code_taken", "code"),
        ({"name": "x" * 201}, "text.too_long", "name"),
        ({"name": "a\x00b"}, "text.control_character", "name"),
        ({"price_minor": -1}, "catalog.price", "price"),
        ({"price_minor": 10**12 + 1}, "catalog.price", "price"),
        ({"tax_rate_id": 999}, "catalog.tax_rate", "tax_rate"),
        ({"theory_minutes": -1}, "catalog.count", "theory_minutes"),
        ({"unit_minutes": 0}, "catalog.unit", "unit_minutes"),
        ({"minimum_age": 121}, "catalog.age", "minimum_age"),
        ({"prerequisite_id": 999}, "catalog.prerequisite", "prerequisite_id"),
        ({"status": "gone"}, "catalog.choice", "status"),
    ],
)
def test_a_bad_course_is_refused_beside_its_field(
    small_center: SmallCenter, change: dict[str, object], key: str, field: str
) -> None:
    draft = CourseDraft("X-1", "Something", 1000, rate())
    before = Course.select().count(), Operation.select().count()
    with pytest.raises(UserError) as refused:
        catalog.add_course(small_center.admin, replace(draft, **change))  # type: ignore[arg-type]
    assert (refused.value.key, refused.value.field) == (key, field)
    assert (Course.select().count(), Operation.select().count()) == before


def test_a_course_is_not_its_own_prerequisite(small_center: SmallCenter) -> None:
    draft = CourseDraft("B-T", "Driving", 100, rate(), prerequisite_id=small_center.course)
    with pytest.raises(UserError, match=r"catalog\.prerequisite"):
        catalog.edit_course(small_center.admin, small_center.course, 1, draft)


def test_products_have_stock_only_when_physical(small_center: SmallCenter) -> None:
    admin = small_center.admin
    book = catalog.add_product(admin, ProductDraft("B-2", "Workbook", 1200, rate(), stock=4))
    assert Product.get_by_id(book).stock == 4
    pack = catalog.add_product(admin, ProductDraft("D-1", "Audio pack", 900, rate(), kind="digital"))
    assert Product.get_by_id(pack).stock is None
    with pytest.raises(UserError, match=r"catalog\.no_stock"):
        catalog.add_product(admin, ProductDraft("D-2", "Audio pack 2", 900, rate(), kind="digital", stock=1))
    with pytest.raises(UserError, match=r"catalog\.no_stock"):
        catalog.restock(admin, pack, 5)
    with pytest.raises(UserError, match=r"catalog\.kind_fixed"):
        catalog.edit_product(admin, pack, 1, ProductDraft("D-1", "Audio pack", 900, rate()))
    assert catalog.restock(admin, book, 6) == 10
    assert catalog.restock(admin, book, -3) == 7
    with pytest.raises(UserError, match=r"catalog\.count"):
        catalog.restock(admin, book, -8)
    version = Product.get_by_id(book).version
    catalog.edit_product(admin, book, version, ProductDraft("B-2", "Workbook A1", 1300, rate(), stock=99))
    assert (Product.get_by_id(book).stock, Product.get_by_id(book).price_minor) == (7, 1300)


def test_resources_have_a_name_of_their_own(small_center: SmallCenter) -> None:
    car = catalog.add_resource(small_center.admin, ResourceDraft("Car 1", "vehicle"))
    catalog.edit_resource(small_center.admin, car, 1, ResourceDraft("Car 1", "vehicle", seats=4))
    assert Resource.get_by_id(car).seats == 4
    for draft, key in (
        (ResourceDraft("Room 1"), "catalog.name_taken"),
        (ResourceDraft("Room 9", quantity=0), "catalog.count"),
        (ResourceDraft("Room 9", seats=0), "catalog.count"),
        (ResourceDraft("Room 9", kind="boat"), "catalog.choice"),
    ):
        with pytest.raises(UserError, match=key):
            catalog.add_resource(small_center.admin, draft)


def test_the_front_desk_does_not_edit_the_catalog(small_center: SmallCenter) -> None:
    with pytest.raises(UserError, match=r"rights\.missing"):
        catalog.add_course(small_center.staff, CourseDraft("X-1", "Something", 1000, rate()))
    with pytest.raises(UserError, match=r"rights\.missing"):
        catalog.restock(small_center.staff, small_center.book, 1)
