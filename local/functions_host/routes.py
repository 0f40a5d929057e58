"""Route templates as function.json writes them (ASP.NET's), turned into regular expressions.

Reference: https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-templates. Supported are literals, `{id}`,
`{id:int}`, `{id?}`, `{id=default}` and `{*rest}`; paths are matched without regard to case, as the real host does.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

CONSTRAINTS = {
    "alpha": "[A-Za-z]+",
    "bool": "true|false",
    "decimal": r"-?\d+(?:\.\d+)?",
    "double": r"-?\d+(?:\.\d+)?",
    "float": r"-?\d+(?:\.\d+)?",
    "guid": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "int": r"-?\d+",
    "long": r"-?\d+",
}

_PARAMETER = re.compile(
    r"\{(?P<star>\*{0,2})(?P<name>[A-Za-z_]\w*)(?::(?P<constraint>\w+))?(?:=(?P<default>[^}?]*))?(?P<optional>\??)\}"
)


@dataclass(frozen=True)
class Route:
    """One parsed template, prefix included."""

    template: str
    pattern: re.Pattern[str] = field(repr=False)
    defaults: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def parse(cls, template: str) -> "Route":
        """Parse `template`, such as `api/pictures/{id:int}`.

        Raises:
            ValueError: the template has a part or a constraint that this host does not know.
        """
        expression = ""
        defaults: dict[str, str] = {}
        for segment in filter(None, template.split("/")):
            part = _segment(segment, template, defaults)
            whole = _PARAMETER.fullmatch(segment)
            may_be_absent = whole and (whole["star"] or whole["optional"] or whole["default"] is not None)
            expression += f"(?:/{part})?" if may_be_absent else f"/{part}"
        return cls(template, re.compile(expression + "/?", re.IGNORECASE), defaults)

    def match(self, path: str) -> dict[str, str] | None:
        """Return the route parameters of a decoded `path`, or None where it does not match."""
        match = self.pattern.fullmatch(path)
        if match is None:
            return None
        return self.defaults | {name: value for name, value in match.groupdict().items() if value is not None}


def decode_path(raw_path: str) -> str:
    """Percent-decode a path, except for the slash: `%2F` is data, not a separator."""
    return "%2F".join(unquote(part) for part in re.split("%2f", raw_path, flags=re.IGNORECASE))


def _segment(segment: str, template: str, defaults: dict[str, str]) -> str:
    expression, end = "", 0
    for parameter in _PARAMETER.finditer(segment):
        expression += _literal(segment[end : parameter.start()], template)
        end = parameter.end()
        constraint = parameter["constraint"]
        if constraint and constraint.lower() not in CONSTRAINTS:
            known = ", ".join(CONSTRAINTS)
            raise ValueError(f"route {template!r}: constraint {constraint!r} is not known here; known are {known}")
        value = CONSTRAINTS[constraint.lower()] if constraint else ".*" if parameter["star"] else "[^/]+"
        expression += f"(?P<{parameter['name']}>{value})"
        if parameter["default"] is not None:
            defaults[parameter["name"]] = parameter["default"]
    return expression + _literal(segment[end:], template)


def _literal(text: str, template: str) -> str:
    if "{" in text or "}" in text:
        raise ValueError(f"route {template!r}: {text!r} is not a parameter this host understands")
    return re.escape(text)
