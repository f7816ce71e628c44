"""The look of HTML pages: self-contained, light and dark, readable on paper."""

from html import escape

STYLE = """\
:root {
  color-scheme: light dark;
  --ink: #1c2128; --soft: #59636e; --paper: #ffffff; --band: #f4f6f8; --rule: #d5dbe1;
  --accent: #00629b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e9ec; --soft: #a3adb8; --paper: #14181d; --band: #1d2329; --rule: #39424c;
    --accent: #6cb8ea;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 78rem;
  color: var(--ink); background: var(--paper);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 0.5rem; }
h2 { font-size: 1.35rem; line-height: 1.25; margin: 3rem 0 0.75rem; }
p { max-width: 46rem; }
a { color: var(--accent); }
a:focus-visible, .scroll:focus-visible {
  outline: 3px solid var(--accent); outline-offset: 2px;
}
nav ul, ul.row {
  display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; padding: 0; list-style: none;
}
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
caption {
  caption-side: top; text-align: left; color: var(--soft); padding-bottom: 0.5rem;
  max-width: 46rem;
}
th, td { padding: 0.35rem 0.75rem; text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid var(--ink); vertical-align: bottom; }
tbody th { font-weight: 600; }
tbody tr { border-bottom: 1px solid var(--rule); }
tbody.group { border-bottom: 2px solid var(--rule); }
tbody.group tr { border-bottom: 0; }
tbody tr:hover { background: var(--band); }
.figure { text-align: right; white-space: nowrap; }
dl.notes { color: var(--soft); font-size: 0.88rem; max-width: 60rem; }
dl.notes div { margin: 0.15rem 0; }
dl.notes dt, dl.notes dd { display: inline; margin: 0; }
dl.notes dt { font-weight: 600; }
dl.notes dt::after { content: ":"; }
figure { margin: 1.5rem 0; }
figure img {
  display: block; max-width: 100%; height: auto; padding: 0.5rem;
  background: #ffffff; border: 1px solid var(--rule); border-radius: 0.5rem;
}
figcaption { color: var(--soft); font-size: 0.92rem; margin-top: 0.5rem; max-width: 46rem; }
@media print { body { max-width: none; padding: 0; } .scroll { overflow: visible; } }
"""


def document(title: str, body: str) -> str:
    """Return a whole HTML page: ``title`` is text, ``body`` is HTML that is already escaped."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )
