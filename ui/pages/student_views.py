"""The saved views of whoever is at the desk, as tabs over the roster, and the menu that keeps them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QMenu, QTabBar, QWidget

from app.desk import arranging
from app.desk.arranging import View
from app.text import _
from ui.context import Context
from ui.dialogs.view_name import ViewName


class ViewTabs(QTabBar):
    """Everyone, then the views. `picked` carries a view, or None for everyone.

    A view is told by its name; a star behind it says that the roster shows something else by now.
    """

    picked = Signal(object)

    def __init__(self, context: Context, present: Callable[[], View]) -> None:
        super().__init__()
        self.setObjectName("student_views")
        self.setAccessibleName(_("Views"))
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(True)
        self.context, self._present = context, present
        self.views: tuple[View, ...] = ()
        self._menu: QMenu | None = None
        self._wanted = ""
        self.reload()
        self.currentChanged.connect(self._changed)

    def current(self) -> View | None:
        """The view that was picked, None for everyone."""
        number = self.currentIndex() - 1
        return self.views[number] if 0 <= number < len(self.views) else None

    def reload(self) -> None:
        """Read the views again; the one that was picked stays so, by its name."""
        before = self.current()
        name = self._wanted or (before.name if before is not None else "")
        self._wanted = ""
        found = arranging.load(self.context.actor.user_id).views
        blocked = self.blockSignals(True)
        while self.count():
            self.removeTab(0)
        self.views = found
        self.addTab(_("Everyone"))
        for view in found:
            self.addTab(_literal(view.name))
        names = [view.name for view in found]
        self.setCurrentIndex(names.index(name) + 1 if name in names else 0)
        self.blockSignals(blocked)
        self.setVisible(bool(found))
        self.say_changed()

    def pick(self, number: int) -> None:
        """Show a view by its place, 0 for everyone; once more brings it back as it was saved."""
        if number < self.count():
            if number == self.currentIndex():
                self._changed(number)
            self.setCurrentIndex(number)

    def _changed(self, _number: int) -> None:
        self.picked.emit(self.current())
        self.say_changed()

    def say_changed(self) -> None:
        """Mark the picked view where the roster shows something else by now."""
        for number, view in enumerate(self.views, start=1):
            other = number == self.currentIndex() and self.is_changed()
            said = _literal(view.name) + (" *" if other else "")
            if said != self.tabText(number):
                self.setTabText(number, said)
            self.setTabToolTip(number, _("Changed since it was saved") if other else "")

    def is_changed(self) -> bool:
        """Whether the roster shows something else than the picked view."""
        view = self.current()
        return view is not None and replace(self._present(), name=view.name) != view

    # -- the menu

    def open_menu(self, under: QWidget) -> None:
        """Pick, save, rename, remove."""
        if self._menu is not None:
            self._menu.deleteLater()
        menu = self._menu = QMenu(self.parentWidget())
        menu.setObjectName("view_menu")
        view = self.current()
        for number in range(len(self.views) + 1 if self.views else 0):
            said = _literal(self.views[number - 1].name) if number else _("Everyone")
            action = menu.addAction(said)
            action.setCheckable(True)
            action.setChecked(number == self.currentIndex())
            action.triggered.connect(partial(self._pick, number))
        if self.views:
            menu.addSeparator()
        menu.addAction(_("Save this view…")).triggered.connect(self.save)
        if view is not None:
            changes = menu.addAction(_("Save the changes to “{name}”").format(name=_literal(view.name)))
            changes.setEnabled(self.is_changed())
            changes.triggered.connect(self.save_changes)
            rename = menu.addAction(_("Rename “{name}”…").format(name=_literal(view.name)))
            rename.triggered.connect(self.rename)
            menu.addAction(_("Remove “{name}”").format(name=_literal(view.name))).triggered.connect(self.remove)
        menu.popup(under.mapToGlobal(QPoint(0, under.height() + 4)))
        menu.setActiveAction(menu.actions()[0])

    def _pick(self, number: int, _on: bool = False) -> None:
        self.pick(number)

    def save(self) -> None:
        """Ctrl+Shift+S: give what is shown a name."""
        said = _("Words, filters, columns and order, under a name. Only you see it.")
        dialog = ViewName(self.context, self.window(), replace(self._present(), name=""), words=said)
        dialog.named.connect(self._named)
        dialog.open()

    def save_changes(self) -> None:
        """The picked view is what is shown now."""
        view = self.current()
        if view is not None:
            self.context.run(arranging.save_view, replace(self._present(), name=view.name))

    def rename(self) -> None:
        """Another name for the picked view."""
        view = self.current()
        if view is not None:
            dialog = ViewName(self.context, self.window(), view, before=view.name)
            dialog.named.connect(self._named)
            dialog.open()

    def _named(self, name: str) -> None:
        self._wanted = name
        self.reload()

    def remove(self) -> None:
        """Forget the picked view; what is shown stays."""
        view = self.current()
        if view is not None:
            self.context.run(arranging.remove_view, view.name)


def _literal(name: str) -> str:
    """An ampersand in a name is no mnemonic."""
    return name.replace("&", "&&")
