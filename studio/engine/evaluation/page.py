"""The look of a self-contained page: its style, and small pieces of HTML. Everything that is said is escaped."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence

STYLE = """
:root { color-scheme: light dark; --ground: #F6F7F9; --surface: #FFFFFF; --line: #D9DEE5; --text: #1B1F24;
  --quiet: #5B6573; --accent: #0B7A6C; --warning: #8A5A00; --bad: #B3312B; --good: #256E37;
  --train: #0072B2; --validation: #B54A00; --chance: #5B6573; --random: #A3487A; }
@media (prefers-color-scheme: dark) { :root { --ground: #14161A; --surface: #1C1F25; --line: #343A46; --text: #E8EAED;
  --quiet: #9AA3B2; --accent: #4CC2B0; --warning: #F2B84B; --bad: #F0716A; --good: #6CC788;
  --train: #56B4E9; --validation: #E69F00; --chance: #9AA3B2; --random: #CC79A7; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.55 system-ui, -apple-system, "Segoe UI",
  Roboto, "Helvetica Neue", sans-serif; font-variant-numeric: tabular-nums; text-rendering: optimizeLegibility; }
main { max-width: 920px; margin: 0 auto; padding: 56px 24px 80px; }
header p, .quiet, figcaption, footer { color: var(--quiet); }
h1 { font-size: 30px; line-height: 1.2; font-weight: 650; letter-spacing: -0.015em; margin: 4px 0 8px;
  text-wrap: balance; }
h2 { font-size: 18px; font-weight: 620; letter-spacing: -0.005em; margin: 48px 0 12px; }
p { margin: 0 0 12px; max-width: 68ch; text-wrap: pretty; }
.over { font-size: 12px; letter-spacing: 0.06em; text-transform: uppercase; color: var(--quiet); margin: 0; }
.verdict { background: var(--surface); border-left: 4px solid var(--tone); border-radius: 6px; padding: 16px 20px;
  margin: 16px 0; }
.verdict b { color: var(--tone); display: block; font-size: 17px; font-weight: 650; }
.verdict p { margin: 4px 0 0; }
.learned { --tone: var(--good); } .chance-word, .suspicious { --tone: var(--warning); }
.behind { --tone: var(--bad); } .unclear { --tone: var(--quiet); }
dl { display: grid; grid-template-columns: minmax(130px, 190px) 1fr; gap: 6px 24px; margin: 0; }
dt { color: var(--quiet); } dd { margin: 0; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); gap: 16px; }
figure { margin: 0; background: var(--surface); border-radius: 6px; padding: 16px 16px 8px; }
figcaption { font-size: 13px; margin-bottom: 8px; }
figure img, svg { display: block; width: 100%; height: auto; }
.grid { stroke: var(--text); stroke-opacity: 0.13; } .tick, .axis { fill: var(--quiet); font-size: 11px; }
.curve { fill: none; stroke-width: 1.5; stroke-linejoin: round; } .label { font-size: 11.5px; }
.curve.train { stroke: var(--train); } .curve.validation { stroke: var(--validation); }
.curve.random { stroke: var(--random); } .curve.chance { stroke: var(--chance); stroke-dasharray: 4 4; }
.curve.soft { stroke-opacity: 0.35; }
text.train, circle.train { fill: var(--train); } text.validation, circle.validation { fill: var(--validation); }
text.random, circle.random { fill: var(--random); } text.chance, circle.chance { fill: var(--chance); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; background: var(--surface); border-radius: 6px; }
th, td { padding: 9px 14px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 550; color: var(--quiet); font-size: 13px; } tr:last-child td, tr:last-child th { border-bottom: 0; }
th:first-child, td:first-child { text-align: left; } tr.main td { font-weight: 620; }
td small { display: block; font-weight: 400; font-size: 11.5px; color: var(--quiet); }
pre { background: var(--surface); border-radius: 6px; padding: 14px 18px; overflow-x: auto;
  font: 13px/1.6 ui-monospace, "SF Mono", Consolas, Menlo, monospace; }
ul { margin: 16px 0 0; padding-left: 20px; max-width: 68ch; } li { margin: 4px 0; }
code { font-family: ui-monospace, "SF Mono", Consolas, Menlo, monospace; font-size: 0.92em; }
figure + figure { margin-top: 16px; } .plots figure + figure { margin-top: 0; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 16px; } .pair > * { min-width: 0; margin: 0 0 16px; }
.plots + .pair { margin-top: 16px; }
.free td { white-space: normal; text-align: left; vertical-align: top; } .free th { text-align: left; }
.one { color: var(--train); } .other { color: var(--validation); }
.recipe { columns: 2; font-size: 11.5px; white-space: pre-wrap; overflow-wrap: anywhere; }
footer { margin-top: 56px; padding-top: 16px; border-top: 1px solid var(--line); font-size: 13px; }
@page { size: A4; margin: 16mm 14mm; }
@media print {
  :root { color-scheme: light; --ground: #FFFFFF; --surface: #FFFFFF; --line: #C9CFD8; --text: #000000;
    --quiet: #4A5462; --accent: #0B7A6C; --warning: #8A5A00; --bad: #B3312B; --good: #256E37;
    --train: #0072B2; --validation: #B54A00; --chance: #5B6573; --random: #A3487A; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 10.5pt; } main { max-width: none; padding: 0; }
  h1 { font-size: 19pt; } h2 { font-size: 13pt; margin-top: 22pt; break-after: avoid; }
  figure, .verdict, tr, dd, dt, .plots { break-inside: avoid; } figure { padding: 6pt 0; }
  .plots, .pair { grid-template-columns: 1fr 1fr; } .wide { overflow: visible; }
  table { font-size: 8.5pt; } th, td { padding: 3pt 5pt; white-space: normal; } th { font-size: 8.5pt; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 8.5pt; padding: 4pt 0; }
}
"""

WORDS = {"learned": "Learned", "chance": "No better than chance", "suspicious": "Suspicious: solved at once",
         "behind": "Worse than untrained", "unclear": "Cannot be told"}


def text(value: object) -> str:
    """Escape anything for HTML."""
    return html.escape(str(value))


def verdict(judged: dict[str, str], *, about: str) -> str:
    """A verdict's word and sentence, in its tone."""
    tone = "chance-word" if judged["word"] == "chance" else judged["word"]
    return (f'<div class="verdict {text(tone)}"><b>{text(about)}: {text(WORDS[judged["word"]].lower())}</b>'
            f"<p>{text(judged['sentence'])}</p></div>")


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """A list of names and values."""
    return "<dl>" + "".join(f"<dt>{text(name)}</dt><dd>{text(value)}</dd>" for name, value in pairs) + "</dl>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, main_row: int = 0, free: bool = False) -> str:
    """A table of finished cells; the main row stands out. `free` cells hold words, which wrap."""
    lines = ["<tr>" + "".join(f"<th>{text(name)}</th>" for name in head) + "</tr>"]
    for number, row in enumerate(rows):
        kind = ' class="main"' if number == main_row else ""
        lines.append(f"<tr{kind}>" + "".join(f"<td>{_whole(cell)}</td>" for cell in row) + "</tr>")
    return f'<div class="wide"><table{" class=free" if free else ""}>' + "".join(lines) + "</table></div>"


def _whole(cell: str) -> str:
    """Keep a figure and its percent sign in one line."""
    return cell.replace(" %", "&nbsp;%")


def figure(inner: str, caption: str) -> str:
    """A picture or plot with its caption; nothing when there is no picture."""
    return f"<figure><figcaption>{text(caption)}</figcaption>{inner}</figure>" if inner else ""


def picture(png: bytes, *, alternative: str) -> str:
    """A PNG that stands in the page itself."""
    return f'<img alt="{text(alternative)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def page(title: str, body: str) -> str:
    """A whole page that loads nothing from anywhere."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{text(title)}</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<meta http-equiv="Content-Security-Policy" content="{text(policy)}">'
            f"<style>{STYLE}</style></head><body><main>{body}</main></body></html>\n")
