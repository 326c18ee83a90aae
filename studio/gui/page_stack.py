"""The pages behind the rail: made when needed, locked while their input is missing, made anew for a new theme."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from threading import Thread
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QSize, QTimer, Signal
from PySide6.QtWidgets import QStackedWidget

from studio.gui.locked import LockedView
from studio.gui.pages.page import Page
from studio.gui.rail import Entry
from studio.gui.session import Session

NO_PROJECT = "Open a project first, or try the sample project."
_BETWEEN_PAGES_MILLISECONDS = 40


class PageStack(QStackedWidget):
    """Shows one page, or what it waits for. It knows pages by their entries only.

    `shown` tells which page was chosen; `locks_changed` that pages may have been locked or opened.
    """

    shown = Signal(str)
    locks_changed = Signal()

    def __init__(self, session: Session, entries: Sequence[Entry], start: Entry) -> None:
        super().__init__()
        self._session = session
        self._entries = {entry.name: entry for entry in (*entries, start)}
        self._start = start.name
        self._pages: dict[str, Page] = {}
        self._broken: dict[str, str] = {}
        self._kept: dict[str, dict[str, Any]] = {}
        self._name = ""
        self._loaded: set[str] = set()
        self._loader: Thread | None = None
        self._closed = False
        self._locked = self._new_locked()
        self._builder = QTimer(self, interval=_BETWEEN_PAGES_MILLISECONDS)
        self._builder.timeout.connect(self._build_next)
        for signal in (session.project_changed, session.videos_changed, session.runs_changed, session.recipe_changed,
                       session.description_changed, session.job_started, session.job_ended):
            signal.connect(self._look_again)
        session.project_changed.connect(self._forget_kept)

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 240)  # pages scroll: none of them makes the window larger than the person made it

    @property
    def name(self) -> str:
        """The page chosen."""
        return self._name

    def page(self, name: str) -> Page | None:
        """Give a page, made now if it has not been; None when this installation lacks it."""
        if name not in self._pages and name not in self._broken:
            entry = self._entries[name]
            try:
                made = getattr(import_module(_module(entry)), entry.cls)
            except ImportError as error:
                self._broken[name] = f"This page cannot be loaded ({error}). Install the studio again."
                return None
            self._pages[name] = made(self._session)
            self.addWidget(self._pages[name])
            self._pages[name].put_footer_last()
        return self._pages.get(name)

    def built(self) -> list[Page]:
        """The pages made so far."""
        return list(self._pages.values())

    def waits_for(self, name: str) -> tuple[str, str] | None:
        """Say what a page waits for and which page provides it; None when it is open or not made yet."""
        if self._is_open(name):
            return None
        if self._session.project is None:
            return NO_PROJECT, self._start
        if name in self._broken:
            return self._broken[name], ""
        made = self._pages.get(name)
        return made.waits_for() if made else None

    def show_page(self, name: str) -> None:
        """Choose a page and show it, or what it waits for."""
        self._name = name
        made = self.page(name) if self._is_open(name) or self._session.project else None
        waiting = self.waits_for(name)
        if waiting or made is None:
            self._explain(name, *(waiting or (NO_PROJECT, self._start)))
        else:
            self.setCurrentWidget(made)
            made.refresh()
            if kept := self._kept.pop(name, None):
                made.restore(kept)
        self.shown.emit(name)
        self.locks_changed.emit()

    def build_in_background(self) -> None:
        """Make the other pages one by one, so that they open at once."""
        self._builder.start()
        if self._loader is None:
            self._loader = Thread(target=self._load, name="studio-loading", daemon=True)
            self._loader.start()

    def drop(self) -> None:
        """Forget every page, before a change of theme or text size: old ones would only be dressed in vain."""
        self._builder.stop()
        self._kept |= {name: made.kept() for name, made in self._pages.items()}
        for widget in (*self._pages.values(), self._locked):
            widget.hide()
            self.removeWidget(widget)
            widget.deleteLater()
            QCoreApplication.sendPostedEvents(widget, QEvent.Type.DeferredDelete.value)
        self._pages.clear()

    def rebuild(self) -> None:
        """Make the pages anew after `drop`, the one that was shown at once."""
        self._locked = self._new_locked()
        if self._name:
            self.show_page(self._name)
        self.build_in_background()

    def close_pages(self) -> None:
        """Stop what the pages do by themselves."""
        self._closed = True
        self._builder.stop()
        for made in self._pages.values():
            made.hide()

    def _forget_kept(self) -> None:
        self._kept.clear()

    def _is_open(self, name: str) -> bool:
        return name == self._start or (self._entries[name].always and name not in self._broken)

    def _new_locked(self) -> LockedView:
        made = LockedView()
        made.go_clicked.connect(self._session.go_to)
        self.addWidget(made)
        return made

    def _explain(self, name: str, reason: str, to: str) -> None:
        entry, made = self._entries[name], self._pages.get(name)
        self._locked.set_value(title=entry.title, summary=made.summary if made else "", icon_name=entry.icon,
                               reason=reason, to=to, to_title=self._entries[to].title if to else "")
        self.setCurrentWidget(self._locked)

    def _look_again(self) -> None:
        """A page opened or was locked while it is shown."""
        if self._name and (self.currentWidget() is self._locked) != bool(self.waits_for(self._name)):
            self.show_page(self._name)
        else:
            self.locks_changed.emit()

    def _build_next(self) -> None:
        waiting = [name for name, entry in self._entries.items()
                   if name not in self._pages and name not in self._broken and not entry.always]
        if not waiting:
            self._builder.stop()
            return
        if waiting[0] in self._loaded:
            self.page(waiting[0])
            self.locks_changed.emit()

    def _load(self) -> None:
        """Load the pages' modules in a thread of their own: plots alone take a third of a second."""
        for entry in self._entries.values():
            if self._closed:
                return
            with suppress(ImportError):  # said when the page is made
                import_module(_module(entry))
            self._loaded.add(entry.name)


def _module(entry: Entry) -> str:
    return f"studio.gui.pages.{entry.module}"
