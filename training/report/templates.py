"""The templates, style and script of the pages in this folder. Whatever a template is given is escaped by it."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

_HERE = Path(__file__).parent
_THEME = _HERE.parent / "theme.css"
_LIGHTBOX = _HERE.parent / "lightbox"
# Each after what it calls or overrides.
_STYLES = ("report.css", "drawings.css")
_SCRIPTS = ("map_view.js", "map.js", "overview.js", "report.js")


@cache
def template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"commas": "{:,}".format, "fixed": "{:.1f}".format, "percent": "{:.0%}".format}
    return environment.get_template(name)


@cache
def page_style() -> str:
    return "".join(map(_read, (_THEME, _LIGHTBOX.with_suffix(".css"), *(_HERE / name for name in _STYLES))))


@cache
def page_script() -> str:
    return "".join(map(_read, (_LIGHTBOX.with_suffix(".js"), *(_HERE / name for name in _SCRIPTS))))


def digest(text: str) -> str:
    """How a content security policy names an inline style or script, the only ones that may apply."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _read(path: Path) -> str:
    return path.read_text("utf-8")
