"""The pages behind the rail: made when needed, locked while their input is missing, made anew for a new theme."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from threading import Thread
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QSize, QTimer, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from studio.gui import garbage
from studio.gui.locked import LockedView
from studio.gui.pages.page import Page
from studio.gui.rail import Entry
from studio.gui.session import Session
from studio.gui.texts import noted, said
from studio.gui.words import counted

NO_PROJECT = noted("Open a project first, or try the sample project.")
_BETWEEN_PARTS_MILLISECONDS = 20
_WHOLE_WITHIN_SECONDS = 0.6


class PageStack(QStackedWidget):
    """Shows one page, or what it waits for. It knows pages by their entries only.

    Pages are made a part each turn of the event loop, and so are changes of the theme: input is never kept waiting.

    `shown` tells which page was chosen; `locks_changed` that pages may have been locked or opened; `loaded` that all
    modules of pages are there.
    """

    shown = Signal(str)
    locks_changed = Signal()
    loaded = Signal()

    def __init__(self, session: Session, entries: Sequence[Entry], start: Entry) -> None:
        super().__init__()
        self._session = session
        self._entries = {entry.name: entry for entry in (*entries, start)}
        self._start = start.name
        self._pages: dict[str, Page] = {}
        self._half_made: dict[str, Page] = {}
        self._broken: dict[str, str] = {}
        self._kept: dict[str, dict[str, Any]] = {}
        self._entered: set[str] = set()
        self._name = ""
        self._loaded: set[str] = set()
        self._loader: Thread | None = None
        self._closed = False
        self._locked = self._new_locked()
        self._builder = QTimer(self, interval=_BETWEEN_PARTS_MILLISECONDS)
        self._builder.timeout.connect(self._build_next)
        self._dressing: Iterator[None] | None = None
        self._dresser = QTimer(self)
        self._hurried = False
        self._dresser.timeout.connect(self._dress_on)
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
        self.finish_dressing()
        while not self._is_made(name):
            self._make_a_part(name)
        return self._pages.get(name)

    def built(self) -> list[Page]:
        """The pages made so far."""
        return list(self._pages.values())

    def waits_for(self, name: str) -> tuple[str, str] | None:
        """Say what a page waits for and which page provides it; None when it is open or not made yet."""
        if self._is_open(name):
            return None
        if self._session.project is None:
            return said(NO_PROJECT), self._start
        if name in self._broken:
            return self._broken[name], ""
        if (reading := self._session.reader.reading) and not self._session.videos and name != "library":
            return said("Reading {videos}…", videos=counted(reading, "video")), "library"
        made = self._pages.get(name)
        waiting = made.waits_for() if made else None
        if waiting and waiting[1] == "library" and self._session.running_job("scan"):
            return said("The videos are being read; this page opens when that is done."), "library"
        return waiting

    def show_page(self, name: str) -> None:
        """Choose a page and show it, or what it waits for."""
        self._name = name
        if self._dressing is not None:  # it will be shown in the new dress
            self.shown.emit(name)
            return
        made = self.page(name) if self._is_open(name) or self._session.project else None
        waiting = self.waits_for(name)
        if waiting or made is None:
            self._explain(name, *(waiting or (said(NO_PROJECT), self._start)))
        else:
            made.enter(self._kept.get(name))
            self._kept.pop(name, None)
            self._entered.add(name)
            self.setCurrentWidget(made)
        self.shown.emit(name)
        self.locks_changed.emit()

    def build_in_background(self) -> None:
        """Make the other pages one by one, so that they open at once."""
        self._builder.start()
        if self._loader is None:
            self._loader = Thread(target=self._load, name="studio-loading", daemon=True)
            self._loader.start()

    def make_anew(self, *, dress: Callable[[], object] = lambda: None, over: Callable[[], object] = lambda: None
                  ) -> None:
        """Put every page away, `dress` the application, and make the page that was shown anew, a part each turn.

        Pages put away first cost nothing to dress. `over` is called when the page is shown again, and whole: what it
        makes or asks for by itself gets a moment to come.
        """
        self.finish_dressing()
        self._hurried = False
        self._dressing = self._make_anew(dress, over)
        self._dresser.start(0)

    def finish_dressing(self) -> None:
        """Do at once what is left of a change of theme."""
        if self._dressing is not None:
            self._hurried = True
        while self._dressing is not None and self._dress_on():
            pass

    def close_pages(self) -> None:
        """Stop what the pages do by themselves."""
        self._closed = True
        self._dressing = None
        for timer in (self._builder, self._dresser):
            timer.stop()
        if self._loader:
            self._loader.join()  # after the module at hand; it would tell a part of the window that is gone
        self._forget_half_made()
        for made in self._pages.values():
            made.hide()

    def _is_made(self, name: str) -> bool:
        return name in self._pages or name in self._broken

    def _make_a_part(self, name: str) -> None:
        """Begin a page, make one part of it, or take the finished page in."""
        if name in self._half_made:
            made = self._half_made[name]
            if next(made.parts, made) is made:
                self._pages[name] = self._half_made.pop(name)
                self.addWidget(made)
                made.put_footer_last()
            return
        entry = self._entries[name]
        try:
            cls = getattr(import_module(_module(entry)), entry.cls)
        except ImportError as error:
            self._broken[name] = said("This page cannot be loaded ({error}). Install the studio again.", error=error)
            return
        made = self._half_made[name] = cls(self._session, at_once=False) if cls.in_parts else cls(self._session)
        made.setParent(self)  # before it is full: whatever moves into another parent is dressed anew

    def _make_anew(self, dress: Callable[[], object], over: Callable[[], object]) -> Iterator[None]:
        self._builder.stop()
        try:
            for name in sorted(self._pages, key=lambda name: name == self._name):  # the one that is shown goes last
                if name in self._entered:  # or nobody was on it since the last time
                    self._kept[name] = self._pages[name].kept()
                self._delete(self._pages.pop(name))
                yield
            self._entered.clear()
            self._forget_half_made()
            self._delete(self._locked)
            garbage.sweep()
            dress()
            yield
            self._locked = self._new_locked()
            shown = ""
            while shown != self._name:  # another may be chosen meanwhile
                shown = self._name
                yield from self._show_anew(shown)
            self._dressing = None
            self._look_again()
            self.build_in_background()
        finally:
            self._dressing = None
            over()

    def _show_anew(self, name: str) -> Iterator[None]:
        """Make a page and show it, until it is whole or another is chosen."""
        while name == self._name and (self._session.project or self._is_open(name)) and not self._is_made(name):
            self._make_a_part(name)
            yield
        if name != self._name:
            return
        dressing, self._dressing = self._dressing, None
        self.show_page(name)
        self._dressing, dressing = dressing, None  # a generator that held itself would outlive the window
        end = time.monotonic() + _WHOLE_WITHIN_SECONDS
        self._dresser.setInterval(_BETWEEN_PARTS_MILLISECONDS)
        while not self._hurried and name == self._name and time.monotonic() < end and (
                (made := self._pages.get(name)) and not made.is_whole()):
            yield

    def _dress_on(self) -> bool:
        """Do the next part of a change of theme; tells whether there may be more."""
        steps = self._dressing
        if steps is None or next(steps, steps) is steps:
            self._dresser.stop()
            return False
        return True

    def _delete(self, widget: QWidget) -> None:
        widget.hide()
        self.removeWidget(widget)
        widget.deleteLater()
        QCoreApplication.sendPostedEvents(widget, QEvent.Type.DeferredDelete.value)

    def _forget_half_made(self) -> None:
        for made in self._half_made.values():
            placeless = [part for part in vars(made).values() if isinstance(part, QWidget) and part.parent() is None]
            for one in (*placeless, made):  # all are found first: with one goes what it holds
                self._delete(one)
        self._half_made.clear()

    def _forget_kept(self) -> None:
        self._kept.clear()

    def _is_open(self, name: str) -> bool:
        return name == self._start or (self._entries[name].always and name not in self._broken)

    def _new_locked(self) -> LockedView:
        made = LockedView()
        made.go_clicked.connect(self._session.go_to)
        self._session.job_ended.connect(made.forget)
        self.addWidget(made)
        return made

    def _explain(self, name: str, reason: str, to: str) -> None:
        entry, made = self._entries[name], self._pages.get(name)
        self._locked.set_value(title=said(entry.title), summary=said(made.summary if made else ""),
                               icon_name=entry.icon, reason=reason, to=to,
                               to_title=said(self._entries[to].title) if to else "",
                               job=self._session.running_job("scan") if to == "library" else None)
        self.setCurrentWidget(self._locked)

    def _look_again(self) -> None:
        """A page opened or was locked while it is shown."""
        if self._dressing is not None:
            return
        reason = (self.waits_for(self._name) or ("",))[0] if self._name else ""
        shown = self._locked.value() if self.currentWidget() is self._locked else ""
        if self._name and reason != shown:
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
            self._make_a_part(waiting[0])
            if self._is_made(waiting[0]):
                self.locks_changed.emit()

    def _load(self) -> None:
        """Load the pages' modules in a thread of their own: plots alone take a third of a second."""
        for entry in self._entries.values():
            if self._closed:
                return
            with suppress(ImportError):  # said when the page is made
                import_module(_module(entry))
            self._loaded.add(entry.name)
        self.loaded.emit()


def _module(entry: Entry) -> str:
    return f"studio.gui.pages.{entry.module}"
