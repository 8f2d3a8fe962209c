"""A document as one HTML file that needs nothing else: pictures inside, no script."""

from __future__ import annotations

import base64

from jinja2 import Environment

from hostsim.report.blocks import Document

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ document.title }}</title>
<style>
body { font: 15px/1.45 "DejaVu Sans", Verdana, sans-serif; color: #1a1a1a; max-width: 60rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2rem; }
.small { font-size: 80%; color: #444; }
.box { border: 1px solid #555; border-left: 1.1rem solid; padding: .4rem 1rem; margin: 1rem 0; }
.box.green { border-left-color: #009e73; } .box.amber { border-left-color: #e69f00; }
.box.red { border-left-color: #d55e00; } .box.unknown { border-left-color: #8c8c8c; }
table { border-collapse: collapse; width: 100%; font-size: 85%; } th { text-align: left; border-bottom: 2px solid #1a1a1a; }
td, th { padding: .2rem .6rem .2rem 0; vertical-align: top; } td { border-bottom: 1px solid #ccc; }
figure { margin: 1.2rem 0; } img { width: 100%; height: auto; } figcaption { font-size: 80%; color: #444; }
@media print { h2.page { break-before: page; } figure, .box, tr { break-inside: avoid; } }
</style></head><body>
<h1>{{ document.title }}</h1>
<p class="small">{{ document.subtitle }}</p>
{% for block in document.blocks -%}
{% set kind = block.__class__.__name__ -%}
{% if kind == "Heading" %}<h2{% if block.page %} class="page"{% endif %}>{{ block.text }}</h2>
{% elif kind == "Text" %}<p{% if block.small %} class="small"{% endif %}>{{ block.text }}</p>
{% elif kind == "Bullets" %}<ul>{% for item in block.items %}<li>{{ item }}</li>{% endfor %}</ul>
{% elif kind == "Box" %}<div class="box {{ block.level }}"><strong>{{ block.title }}</strong>
{% for line in block.lines %}<p>{{ line }}</p>{% endfor %}</div>
{% elif kind == "Table" %}<table><thead><tr>{% for text in block.header %}<th>{{ text }}</th>{% endfor %}</tr></thead><tbody>
{% for row in block.rows %}<tr>{% for text in row %}<td>{{ text }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table>
{% elif kind == "Figure" %}<figure><img alt="{{ block.caption }}" src="data:image/png;base64,{{ block.png | base64 }}">
<figcaption>{{ block.caption }}</figcaption></figure>
{% endif %}{% endfor %}
<p class="small">printed {{ document.printed }}</p>
</body></html>
"""


def render(document: Document) -> str:
    """The page's text."""
    environment = Environment(autoescape=True)
    environment.filters["base64"] = lambda data: base64.b64encode(data).decode()
    return environment.from_string(_PAGE).render(document=document)
