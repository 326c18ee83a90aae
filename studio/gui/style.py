"""The style sheet, made of a theme. Kinds are chosen with `theme.set_kind`."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING

from studio.engine.files import resource

if TYPE_CHECKING:
    from studio.gui.theme import Theme

_SHEET = Template("""
* { outline: none; }
QWidget { color: $text; }
QMainWindow, QDialog, QWidget[kind="ground"] { background: $ground; }
QDialog { border: 1px solid $line; }
QLabel { background: transparent; }
QLabel[kind="title"] { font-size: ${p20}px; font-weight: 600; }
QLabel[kind="heading"] { font-size: ${p15}px; font-weight: 600; }
QLabel[kind="strong"] { font-weight: 600; }
QLabel[kind="figure"] { font-size: ${p20}px; font-weight: 600; }
QLabel[kind="quiet"] { color: $quiet; }
QLabel[kind="caption"] { color: $quiet; font-size: ${p11}px; }
QLabel[kind="good"] { color: $good; }
QLabel[kind="warning"] { color: $warning; }
QLabel[kind="bad"] { color: $bad; }
QLabel[kind="command"] { color: $quiet; font-family: monospace; font-size: ${p11}px; }
QFrame[kind="line"] { background: $line; border: none; max-height: 1px; min-height: 1px; }
QFrame[kind="card"] { background: $surface; border: 1px solid $line; border-radius: ${p6}px; }
QFrame[kind="surface"], QWidget[kind="surface"] { background: $surface; border: none; }
QFrame[kind="notice"] { background: $raised; border: 1px solid $line; border-radius: ${p6}px; }
QFrame[kind="notice-warning"] { background: $raised; border: 1px solid $warning; border-radius: ${p6}px; }
QFrame[kind="notice-bad"] { background: $raised; border: 1px solid $bad; border-radius: ${p6}px; }

QPushButton, QToolButton {
    background: $raised; border: 1px solid $line; border-radius: ${p6}px; padding: ${p6}px ${p12}px;
    min-height: ${p20}px; }
QPushButton:hover, QToolButton:hover { border-color: $quiet; }
QPushButton:pressed, QToolButton:pressed { background: $line; }
QPushButton:focus, QToolButton:focus { border: 1px solid $accent; }
QPushButton:disabled, QToolButton:disabled { color: $quiet; background: transparent; border-color: $line; }
QPushButton[kind="primary"] { background: $accent; color: $on_accent; border-color: $accent; font-weight: 600; }
QPushButton[kind="primary"]:hover { border-color: $text; }
QPushButton[kind="primary"]:focus { border: 2px solid $text; padding: ${p5}px ${p11}px; }
QPushButton[kind="primary"]:disabled { background: $raised; color: $quiet; border-color: $line; }
QPushButton[kind="plain"], QToolButton[kind="plain"] { background: transparent; border-color: transparent; }
QPushButton[kind="plain"]:hover, QToolButton[kind="plain"]:hover { background: $raised; }
QPushButton[kind="plain"]:focus, QToolButton[kind="plain"]:focus { border-color: $accent; }
QPushButton[kind="plain-warning"] { background: transparent; border-color: transparent; color: $warning; }
QPushButton[kind="plain-warning"]:hover { background: $raised; }
QPushButton[kind="plain-warning"]:focus { border-color: $accent; }
QPushButton[kind="link"] { background: transparent; border: 1px solid transparent; color: $accent; padding: 0 ${p4}px;
    min-height: ${p18}px; text-align: left; }
QPushButton[kind="link"]:focus { border-color: $accent; }
QPushButton[kind="fold"] { background: transparent; border: 1px solid transparent; padding: ${p2}px ${p4}px ${p2}px 0;
    font-size: ${p15}px; font-weight: 600; text-align: left; }
QPushButton[kind="fold"]:focus { border-color: $accent; }
QPushButton[kind="quiet-icon"] { background: transparent; border: 1px solid transparent; padding: 0; min-height: 0; }
QPushButton[kind="quiet-icon"]:hover { background: $raised; }
QPushButton[kind="quiet-icon"]:focus { border-color: $accent; }
QToolButton { padding: ${p4}px; min-height: ${p20}px; }
QToolButton::menu-indicator { image: none; }
QToolButton[kind="chip"] { background: transparent; border-color: transparent; padding: ${p2}px ${p6}px;
    min-height: ${p16}px; font-size: ${p11}px; }
QToolButton[kind="chip"]:hover { background: $raised; }
QToolButton[kind="chip"]:checked { background: $raised; border-color: $line; }
QToolButton[kind="chip"]:focus { border-color: $accent; }

QWidget#rail { background: $surface; border-right: 1px solid $line; }
QWidget#rail QToolButton { background: transparent; border: 1px solid transparent; border-radius: ${p6}px;
    padding: ${p4}px ${p8}px; min-height: ${p22}px; text-align: left; color: $text; }
QWidget#rail QToolButton:hover { background: $raised; }
QWidget#rail QToolButton:focus { border-color: $accent; }
QWidget#rail QToolButton:checked { background: $raised; color: $accent; font-weight: 600; }
QWidget#rail QToolButton[locked="true"] { color: $quiet; }
QWidget#status { background: $surface; border-top: 1px solid $line; }
QWidget#footer { background: transparent; border-top: 1px solid $line; }

QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QPlainTextEdit, QTextEdit {
    background: $field; border: 1px solid $line; border-radius: ${p6}px; padding: ${p4}px ${p8}px; min-height: ${p20}px;
    selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus, QTextEdit:focus {
    border-color: $accent; }
QLineEdit[kind="wrong"], QLineEdit[kind="wrong"]:focus { border-color: $bad; }
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled { color: $quiet; }
QSpinBox::up-button, QDoubleSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::down-button {
    border: none; background: transparent; width: ${p18}px; }
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow { image: url("$up"); width: ${p10}px; height: ${p10}px; }
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow, QComboBox::down-arrow { image: url("$down"); width: ${p10}px;
    height: ${p10}px; }
QComboBox::drop-down { border: none; width: ${p22}px; }
QComboBox QAbstractItemView { background: $raised; border: 1px solid $line; padding: ${p4}px;
    selection-background-color: $accent; selection-color: $on_accent; }
QCheckBox, QRadioButton { spacing: ${p8}px; padding: ${p2}px; border: 1px solid transparent; border-radius: ${p4}px; }
QCheckBox:focus, QRadioButton:focus { border-color: $accent; }
QCheckBox::indicator, QListView::indicator { width: ${p16}px; height: ${p16}px; border: 1px solid $quiet;
    border-radius: ${p4}px; background: $field; }
QCheckBox::indicator:checked, QListView::indicator:checked { background: $accent; border-color: $accent;
    image: url("$check"); }
QRadioButton::indicator { width: ${p14}px; height: ${p14}px; border: ${p1}px solid $quiet; border-radius: ${p8}px;
    background: $field; }
QRadioButton::indicator:checked { background: $on_accent; border: ${p4}px solid $accent; width: ${p8}px;
    height: ${p8}px; }
QSlider { min-height: ${p22}px; }
QSlider::groove:horizontal { height: ${p4}px; background: $line; border-radius: ${p2}px; }
QSlider::sub-page:horizontal { background: $quiet; border-radius: ${p2}px; }
QSlider::handle:horizontal { width: ${p14}px; height: ${p14}px; margin: -${p5}px 0; border-radius: ${p7}px;
    background: $text; }
QSlider::handle:horizontal:focus { background: $accent; }

QAbstractItemView { background: $surface; border: 1px solid $line; border-radius: ${p6}px;
    selection-background-color: $selection; selection-color: $text; gridline-color: $line; }
QAbstractItemView:focus { border-color: $accent; }
QTableView::item, QListView::item, QTreeView::item { padding: ${p2}px ${p6}px; border: none; }
QTableView::item:selected, QListView::item:selected { background: $selection; }
QHeaderView { background: $surface; border: none; }
QHeaderView::section { background: $surface; color: $quiet; border: none; border-bottom: 1px solid $line;
    padding: ${p6}px; font-size: ${p11}px; }
QTableCornerButton::section { background: $surface; border: none; }
QScrollArea, QScrollArea > QWidget > QWidget[kind="page"] { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: ${p10}px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: ${p10}px; margin: 0; }
QScrollBar::handle { background: $line; border-radius: ${p4}px; min-height: ${p32}px; min-width: ${p32}px;
    margin: ${p2}px; }
QScrollBar::handle:hover { background: $quiet; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QProgressBar { background: $line; border: none; border-radius: ${p3}px; max-height: ${p6}px; min-height: ${p6}px; }
QProgressBar::chunk { background: $accent; border-radius: ${p3}px; }
QSplitter::handle { background: transparent; }
QToolTip { background: $raised; color: $text; border: 1px solid $line; padding: ${p6}px; }
QMenu { background: $raised; border: 1px solid $line; padding: ${p4}px; }
QMenu::item { padding: ${p6}px ${p20}px; border-radius: ${p4}px; }
QMenu::item:selected { background: $accent; color: $on_accent; }
QMenu::separator { height: 1px; background: $line; margin: ${p4}px; }
QTabBar::tab { background: transparent; color: $quiet; padding: ${p6}px ${p12}px;
    border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabWidget::pane { border: none; }
""")


def stylesheet(theme: Theme) -> str:
    """Make the application's style sheet."""
    pictures = {name: resource("icons", f"{file}.svg").as_posix() for name, file in
                (("up", "arrow-up"), ("down", "arrow-down"), ("check", "check-dark" if theme.dark else "check-light"))}
    sizes = {f"p{n}": str(max(1, theme.px(n))) for n in range(1, 33)}
    colours = {name: getattr(theme, name) for name in
               ("ground", "surface", "raised", "line", "text", "quiet", "accent", "on_accent", "warning", "bad",
                "good")}
    field = theme.ground if theme.dark else theme.surface
    selection = "#24403F" if theme.dark else "#D5ECE8"
    return _SHEET.substitute(**colours, **sizes, **pictures, field=field, selection=selection)
