"""Reports as one page of HTML, which needs nothing else and no script, in the style of the mock's own page."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from html import escape
from typing import Any

_STYLE = """
:root{color-scheme:light dark;--sheet:light-dark(#fff,#151a21);--text:light-dark(#1c2128,#e4e8ee);
--faint:light-dark(#59636e,#98a3b1);--line:light-dark(#dde1e7,#2b333e);--back:light-dark(#f6f7f9,#0e1116);
--accent:light-dark(#0b5cc4,#79b0ff);
--mono:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
body{font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;margin:1.5rem auto;
max-width:75rem;padding:0 1rem;background:var(--sheet);color:var(--text)}
h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:2rem}a{color:var(--accent)}
code,pre{font:12.5px/1.45 var(--mono)}pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.3rem 0}
.scroll{overflow-x:auto}table{border-collapse:collapse}
th,td{border:1px solid var(--line);padding:.2rem .5rem;text-align:left;vertical-align:top}
thead th{position:sticky;top:0;background:var(--sheet);color:var(--faint);font-size:12px}
th[scope=rowgroup]{background:var(--back)}th{font-weight:550}
a:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
details{border:1px solid var(--line);border-left:6px solid var(--c,var(--line));border-radius:6px;margin:.5rem 0}
details{padding:.35rem .7rem}summary{cursor:pointer;overflow-wrap:anywhere}
dt{font-weight:600;margin-top:.4rem}dd{margin:0 0 0 1rem}.faint{color:var(--faint)}
.number{text-align:right;font-variant-numeric:tabular-nums}
:target{outline:2px solid var(--accent)}
"""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a report may load: nothing."""


def report_page(title: str, body: Iterable[str], document: Any, style: str = "") -> str:
    """Return a page with a title, from pieces of HTML; `style` is its own, beside that of all reports.

    `document` is the report as JSON has it. A template, which no browser shows, keeps it for the mock's own page, in
    the format of zlib and in base64.
    """
    head = [
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>{escape(title)}</title><style>{_STYLE}{style}</style>",
    ]
    text = "\n".join([f"<h1>{escape(title)}</h1>", *body])
    packed = base64.b64encode(zlib.compress(json.dumps(document, default=str).encode())).decode()
    data = f'<template id="ims-mock-report">{packed}</template>'
    page = f"<head>{''.join(head)}</head><body><main>\n{text}\n</main>{data}</body>"
    return f'<!DOCTYPE html>\n<html lang="en">{page}</html>\n'
