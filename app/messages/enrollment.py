"""Sentences about enrollments and product sales."""

from app.text import N_

MESSAGES = {
    "enrollment.created": N_("{student} was enrolled in {course} for {amount:money} ({number})."),
    "enrollment.canceled": N_("The enrollment of {student} in {course} was canceled ({number}): {reason}"),
    "enrollment.sold": N_("{student} bought {quantity} × {product} for {amount:money}."),
    "enrollment.timeline_created": N_("Enrolled in {course} for {amount:money} ({number})."),
    "enrollment.timeline_override": N_("Enrolled in {course} below the minimum age: {reason}"),
    "enrollment.timeline_prerequisite": N_("Enrolled in {course} before the course that comes first: {reason}"),
    "enrollment.timeline_canceled": N_("Enrollment {number} in {course} canceled: {reason}"),
    "enrollment.timeline_sold": N_("Bought {quantity} × {product} for {amount:money}."),
    "enrollment.price": N_("A price is zero or more, and no larger than Deskbell can book."),
    "enrollment.discount_negative": N_("A discount is not below zero."),
    "enrollment.discount_above_price": N_("The discount is larger than the price, which stays {price:money}."),
    "enrollment.parts": N_("A plan has between 1 and {most} installments, each above zero."),
    "enrollment.date": N_("“{text}” is not a date. Write it like 2026-11-24."),
    "enrollment.installments_sum": N_("The installments add up to {total:money}, but the price is {price:money}."),
    "enrollment.installments_past": N_("{due:date} has passed: an installment is due today or later."),
    "enrollment.installments_order": N_("The installments must be in the order of their due dates."),
    "enrollment.student_inactive": N_("{name} is inactive. Set the student to active first."),
    "enrollment.student_merged": N_("{name} was merged into another record. Open that one instead."),
    "enrollment.course_unavailable": N_("{course} is not offered at the moment."),
    "enrollment.payer_unavailable": N_("Choose a payer who is still active."),
    "enrollment.already_enrolled": N_("This student is already enrolled in {course} ({number})."),
    "enrollment.already_canceled": N_("Enrollment {number} was canceled already. Nothing was done twice."),
    "enrollment.already_completed": N_(
        "Enrollment {number} is completed and stays so: it is neither canceled nor transferred."
    ),
    "enrollment.wrong_session": N_("Choose a planned session of {course}."),
    "enrollment.too_young": N_("The student will be younger than {age} on {on:date}. Give a reason to enroll anyway."),
    "enrollment.age_unknown": N_("This course has a minimum age of {age}, but no date of birth is known."),
    "enrollment.prerequisite_missing": N_("{course} comes first and is not completed yet."),
    "enrollment.nothing_chosen": N_("Choose at least one product."),
    "enrollment.product_unavailable": N_("{product} is not sold at the moment."),
    "enrollment.out_of_stock": N_("Only {left} × {product} left in stock."),
    "enrollment.quantity": N_("Write a whole number of pieces, at least 1."),
}
