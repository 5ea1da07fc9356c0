"""Writes a manuscript as a page of the company's intranet, with its navigation and footer."""

from html import escape
from pathlib import Path

from manuscript import Callout, Heading, Items, Manuscript, Notes, OrgChart, PageBreak, Paragraph, Table, spans

STYLE = """
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: #1f2a2e; background: #fff; }
header, footer { background: #14505c; color: #fff; padding: 0.8rem 2rem; }
header a, footer a { color: #fff; margin-right: 1.2rem; }
nav.crumbs { padding: 0.6rem 2rem; font-size: 0.85rem; color: #5c6b70; }
main { max-width: 52rem; padding: 0 2rem 2rem; }
h1, h2, h3 { color: #14505c; line-height: 1.25; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { border: 1px solid #c5d3d6; padding: 0.35rem 0.7rem; text-align: left; vertical-align: top; }
th { background: #eaf1f2; }
aside { border-left: 4px solid #b4482e; background: #eaf1f2; padding: 0.6rem 1rem; }
""".strip()

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Ollerby Inside</title>
<style>
{style}
</style>
</head>
<body>
<header>
<strong>Ollerby Inside</strong>
<nav aria-label="Main">
<a href="/">Home</a> <a href="/news">News</a> <a href="/policies">Policies</a> <a href="/sites">Sites</a>
<a href="/people">People finder</a> <a href="/service-desk">Service desk</a>
</nav>
</header>
<nav class="crumbs" aria-label="Breadcrumb">Home › {number} › {title}</nav>
<main>
<h1>{title}</h1>
<dl>
{facts}
</dl>
{body}
</main>
<footer>
<p>Ollerby Laboratories intranet. For internal use. <a href="/feedback">Was this page helpful?</a>
<a href="/imprint">Imprint</a> <a href="/accessibility">Accessibility</a></p>
</footer>
</body>
</html>
"""


def write_html(manuscript: Manuscript, path: Path) -> None:
    """Write the HTML page."""
    blocks = [*manuscript.blocks]
    if manuscript.revisions:
        blocks += [Heading(1, "Revision history"), Table((("Version", "Date", "Change"), *manuscript.revisions))]
    text = PAGE.format(
        title=escape(manuscript.title),
        number=escape(manuscript.number),
        style=STYLE,
        facts="\n".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in manuscript.facts),
        body="\n".join(_element(block) for block in blocks),
    )
    path.write_text(text, encoding="utf-8", newline="\n")


def _element(block: object) -> str:
    match block:
        case Heading(level, text):
            return f"<h{level + 1}>{_inline(text)}</h{level + 1}>"
        case Paragraph(text):
            return f"<p>{_inline(text)}</p>"
        case Callout(text):
            return f"<aside><p>{_inline(text)}</p></aside>"
        case Items(items, numbered):
            kind = "ol" if numbered else "ul"
            return f"<{kind}>\n" + "\n".join(f"<li>{_inline(item)}</li>" for item in items) + f"\n</{kind}>"
        case Table(rows):
            head = "".join(f"<th>{_inline(cell)}</th>" for cell in rows[0])
            lines = ["<tr>" + "".join(f"<td>{_inline(cell)}</td>" for cell in row) + "</tr>" for row in rows[1:]]
            return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(lines) + "\n</tbody>\n</table>"
        case PageBreak():
            return "<hr>"
        case Notes() | OrgChart():
            raise ValueError(f"A page has no place for {block!r}; move it to a .pptx manuscript")
        case _:
            raise AssertionError(block)


def _inline(text: str) -> str:
    return "".join(f"<strong>{escape(run)}</strong>" if bold else escape(run) for run, bold in spans(text))
