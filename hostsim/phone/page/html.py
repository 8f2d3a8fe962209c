"""Small pieces of HTML. Everything that is not written here goes through `escape`."""

from __future__ import annotations


def escape(value: object) -> str:
    """Text as it may stand in HTML and in an attribute."""
    text = str(value)
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(sign, entity)
    return text


def button(label: str, do: str, value: str = "", kind: str = "", id: str = "", more: str = "") -> str:
    """A button that calls `App.act(do, value)`."""
    name = f' id="{escape(id)}"' if id else ""
    return (
        f'<button type="button" class="{kind}" data-do="{do}" data-value="{escape(value)}"{name}{more}>'
        f"{escape(label)}</button>"
    )


def heading(text: str, kind: str = "") -> str:
    """A view's title, which takes the focus when the view opens."""
    return f'<h1 id="title" class="{kind}" tabindex="-1">{escape(text)}</h1>'


def card(*parts: str, title: str = "", kind: str = "") -> str:
    """A box with a title."""
    head = f"<h2>{escape(title)}</h2>" if title else ""
    return f'<section class="card {kind}">{head}{"".join(parts)}</section>'


def para(text: str, kind: str = "") -> str:
    """A paragraph."""
    return f'<p class="{kind}">{escape(text)}</p>'


def bullets(texts: list[str]) -> str:
    """A list of texts."""
    return "<ul>" + "".join([f"<li>{escape(text)}</li>" for text in texts]) + "</ul>" if texts else ""


def field(id: str, label: str, value: object, do: str, type: str = "text", more: str = "") -> str:
    """A labelled input that calls `App.act(do, value)` when it was changed."""
    shown = "" if value is None else value
    return (
        f'<label for="{id}">{escape(label)}<input id="{id}" type="{type}" value="{escape(shown)}" '
        f'data-do="{do}" {more}></label>'
    )


def choice(id: str, label: str, options: list, chosen: str, do: str) -> str:
    """A labelled list of (value, text) to choose from."""
    items = "".join(
        [
            f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
            for value, text in options
        ]
    )
    return f'<label for="{id}">{escape(label)}<select id="{id}" data-do="{do}">{items}</select></label>'


def table(columns: list[str], rows: list[list]) -> str:
    """A table; None is an empty cell."""
    head = "".join([f'<th scope="col">{escape(one)}</th>' for one in columns])
    body = ""
    for row in rows:
        body += "<tr>" + "".join([f"<td>{'' if one is None else escape(one)}</td>" for one in row]) + "</tr>"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
