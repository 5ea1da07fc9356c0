"""Writes the handbook's PDF, DOCX, PPTX, HTML and XLSX documents from the manuscripts in `sources/`.

    python -m venv venv && venv/bin/pip install reportlab python-docx python-pptx openpyxl pyyaml
    venv/bin/python examples/handbook/build/build.py

`sources/company/policies/travel-policy.pdf.md` becomes `documents/company/policies/travel-policy.pdf`. Dates and properties
are fixed, so a second run changes no byte with the same versions of those packages. Markdown and CSV documents have no
manuscript; they are edited in `documents/` itself.
"""

from pathlib import Path

from manuscript import read_manuscript
from to_docx import write_docx
from to_html import write_html
from to_pdf import write_pdf
from to_pptx import write_pptx
from to_xlsx import write_xlsx

HERE = Path(__file__).resolve().parent
SOURCES, DOCUMENTS = HERE / "sources", HERE.parent / "documents"
WRITERS = {".pdf": write_pdf, ".docx": write_docx, ".pptx": write_pptx, ".html": write_html, ".xlsx": write_xlsx}


def main() -> None:
    """Write every document that has a manuscript."""
    for source in sorted(SOURCES.rglob("*.md")):
        target = DOCUMENTS / source.relative_to(SOURCES).with_suffix("")
        target.parent.mkdir(parents=True, exist_ok=True)
        WRITERS[target.suffix](read_manuscript(source), target)
        print(target.relative_to(DOCUMENTS))


if __name__ == "__main__":
    main()
