"""function.json: one function, its bindings, and where its code is.

Reference: https://json.schemastore.org/function. Only HTTP functions can be hosted here: every other binding needs
extensions and services that exist on Azure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from local.functions_host.json_files import HostError, as_object, read_object
from local.functions_host.routes import Route

FILE_NAME = "function.json"
DIRECTIONS = ("in", "out", "inout")
"""In the order of the worker protocol's numbers."""
DATA_TYPES = ("undefined", "string", "binary", "stream")


@dataclass(frozen=True)
class Binding:
    """One entry of `bindings`."""

    name: str
    type: str
    direction: str
    """One of DIRECTIONS; the worker refuses `inout`."""
    data_type: str
    """One of DATA_TYPES."""


@dataclass(frozen=True)
class FunctionDefinition:
    """An HTTP function."""

    name: str
    folder: Path
    script: Path
    entry_point: str
    """The name of the callable in the script; empty for the worker's default, `main`."""
    bindings: Mapping[str, Binding]
    trigger: str
    """The name of the httpTrigger binding."""
    response: str | None
    """The name of the http output binding, if there is one."""
    route: Route
    methods: frozenset[str] | None
    """Upper case; None answers them all."""
    auth_level: str
    disabled: bool


def find_functions(
    app: Path, route_prefix: str, environment: Mapping[str, str]
) -> tuple[list[FunctionDefinition], dict[str, str]]:
    """Read every function.json one folder below `app`, by folder name.

    Returns:
        The functions, and by name the reasons why others can't be hosted.
    """
    functions: list[FunctionDefinition] = []
    refused: dict[str, str] = {}
    for path in sorted(app.glob(f"*/{FILE_NAME}")):
        try:
            functions.append(_read_function(path, route_prefix, environment))
        except HostError as error:
            refused[path.parent.name] = str(error)
    return functions, refused


def _read_function(path: Path, route_prefix: str, environment: Mapping[str, str]) -> FunctionDefinition:
    document = read_object(path)
    name, folder = path.parent.name, path.parent.resolve()
    entries = document.get("bindings")
    if not isinstance(entries, list) or not entries:
        raise HostError(f"bindings in {path} must be a list with an httpTrigger in it")
    raw = [as_object(entry, f"a binding in {path}") for entry in cast("list[object]", entries)]
    bindings = [_binding(entry, path) for entry in raw]
    foreign = sorted({b.type for b in bindings} - {"httpTrigger", "http"})
    if foreign:
        raise HostError(f"{path} binds {', '.join(foreign)}; only HTTP functions run outside Azure")
    trigger = next((entry for entry, b in zip(raw, bindings, strict=True) if b.type == "httpTrigger"), None)
    if trigger is None:
        raise HostError(f"{path} has no httpTrigger, so nothing would ever call it")

    script = (folder / str(document.get("scriptFile") or "__init__.py")).resolve()
    if not script.is_file():
        raise HostError(f"{path} names a scriptFile that is not there: {script}")
    # An empty route counts as none, as in the real host.
    template = f"{route_prefix}/{str(trigger.get('route') or name).strip('/')}".strip("/")
    try:
        route = Route.parse(template)
    except ValueError as error:
        raise HostError(f"{path}: {error}") from error
    methods = trigger.get("methods")
    if methods is not None and not isinstance(methods, list):
        raise HostError(f"methods in {path} must be a list")
    return FunctionDefinition(
        name=name,
        folder=folder,
        script=script,
        entry_point=str(document.get("entryPoint") or ""),
        bindings={b.name: b for b in bindings},
        trigger=next(b.name for b in bindings if b.type == "httpTrigger"),
        response=next((b.name for b in bindings if b.type == "http" and b.direction == "out"), None),
        route=route,
        methods=None if methods is None else frozenset(str(m).upper() for m in cast("list[object]", methods)),
        auth_level=str(trigger.get("authLevel") or "function").lower(),
        disabled=document.get("disabled") is True or _disabled_by_setting(name, environment),
    )


def _binding(entry: Mapping[str, object], path: Path) -> Binding:
    def text(key: str, default: str, known: Sequence[str]) -> str:
        value = str(entry.get(key) or default).lower()
        if value not in known:
            raise HostError(f"{key} of a binding in {path} must be one of {', '.join(known)}, not {value!r}")
        return value

    return Binding(
        name=str(entry.get("name", "")),
        type=str(entry.get("type", "")),
        direction=text("direction", "in", DIRECTIONS),
        data_type=text("dataType", "undefined", DATA_TYPES),
    )


def _disabled_by_setting(name: str, environment: Mapping[str, str]) -> bool:
    # Linux app settings can't hold dots, hence the second spelling.
    spellings = (f"AzureWebJobs.{name}.Disabled", f"AzureWebJobs_{name}_Disabled")
    return any(environment.get(spelling, "").lower() in {"true", "1"} for spelling in spellings)
