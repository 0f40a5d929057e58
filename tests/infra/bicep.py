"""Bicep, evaluated without Azure: what infra/main.bicep would deploy for given parameters.

A grammar from PyPI (tree-sitter-bicep) parses the files; this module evaluates the part of the language that they use
and refuses the rest. What only Azure can know, such as an identity's principal id, becomes a `Later` that says where it
comes from. It is no compiler: types, scopes and order are the business of `az bicep build` and `what-if`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

from tests.infra.bicep_expressions import Later, Tree, call, text, tree

type Names = Mapping[str, Any]

_ESCAPES = {"\\'": "'", "\\n": "\n"}
_CONSTANTS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, eq=False)
class Resource:
    """A resource to deploy, or one that exists. `name` is the full one: `account/default/container`."""

    type: str
    name: str
    scope: str | None
    body: dict[str, Any]
    existing: bool

    def member(self, name: str) -> Any:
        if name == "id":
            return f"{self.type.split('@')[0]}:{self.name}"
        if name == "name":
            return self.name.rpartition("/")[2]
        return Later(f"<{self.name}>") if name in {"properties", "identity"} else self.body[name]


@dataclass(frozen=True)
class Deployment:
    """What would be deployed."""

    resources: list[Resource]
    outputs: dict[str, Any]

    def of(self, kind: str) -> list[Resource]:
        """Resources of a type such as `Microsoft.Web/sites`."""
        return [each for each in self.resources if each.type.split("@")[0] == kind]


def deploy(path: Path, parameters: Names) -> Deployment:
    """Evaluate a Bicep file, and the modules it uses, for these parameters."""
    file = File(path, parameters)
    return Deployment(list(file.resources()), {name: file.output(name) for name in file.outputs})


@cache
def parse(path: Path) -> Node:
    """The syntax tree. Raises SyntaxError naming the line of what is no Bicep."""
    root = Parser(Language(tree_sitter_bicep.language())).parse(path.read_bytes()).root_node
    wrong = next((node for node in _descendants(root) if node.type == "ERROR" or node.is_missing), None)
    if wrong:
        raise SyntaxError(f"{path}:{wrong.start_point.row + 1}: {text(wrong)!r}")
    return root


def _descendants(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _descendants(child)


class File:
    """One Bicep file with its parameters: declarations are evaluated when they are asked for."""

    def __init__(self, path: Path, parameters: Names) -> None:
        self._path = path
        self._given = parameters
        declared = [node for node in parse(path).named_children if node.type.endswith("_declaration")]
        named = [(text(node.named_children[0]), node) for node in declared]
        self._declared = {name: node for name, node in named if node.type != "output_declaration"}
        self.outputs = {name: node for name, node in named if node.type == "output_declaration"}
        self._known: dict[str, Any] = {}
        unknown = set(parameters) - set(self.names("parameter_declaration"))
        if unknown:
            raise NameError(f"{path.name} has no parameter {', '.join(sorted(unknown))}")

    def names(self, *kinds: str) -> list[str]:
        """The names that are declared as one of these kinds of node."""
        return [name for name, node in self._declared.items() if node.type in kinds]

    def value(self, name: str) -> Any:
        if name not in self._known:
            self._known[name] = self._declaration(name)
        return self._known[name]

    def output(self, name: str) -> Any:
        return self._evaluate(self.outputs[name].named_children[-1], {})

    def resources(self) -> Iterator[Resource]:
        """What this file and its modules deploy."""
        for name in self.names("resource_declaration", "module_declaration"):
            deployed = self.value(name)
            if isinstance(deployed, _Module):
                yield from deployed.file.resources()
            elif deployed is not None:
                found = cast("list[Resource]", deployed if isinstance(deployed, list) else [deployed])
                yield from (each for each in found if not each.existing)

    def _declaration(self, name: str) -> Any:
        node = self._declared[name]
        if node.type == "parameter_declaration" and name in self._given:
            return self._given[name]
        body = node.named_children[-1]
        if node.type == "resource_declaration":
            return self._bodies(body, {}, lambda found, names: self._resource(node, found, names))
        if node.type == "module_declaration":
            path = self._path.parent / self._string(node.named_children[1], {})
            return self._bodies(
                body, {}, lambda found, names: _Module(File(path, self._object(found, names)["params"]))
            )
        if body.type == "type":
            raise NameError(f"{self._path.name} needs the parameter {name}")
        return self._evaluate(body, {})

    def _bodies(self, node: Node, names: Names, make: Callable[[Node, Names], Any]) -> Any:
        """One body, none where its condition is false, or one for each item of a loop."""
        if node.type == "if_statement":
            condition, body = node.named_children
            return make(body, names) if self._evaluate(condition, names) else None
        if node.type == "for_statement":
            variable, items, body = node.named_children
            return [make(body, {**names, text(variable): item}) for item in self._evaluate(items, names)]
        return make(node, names)

    def _resource(self, node: Node, body: Node, names: Names) -> Resource:
        found = self._object(body, names)
        parent, on, name = (found.pop(key, None) for key in ("parent", "scope", "name"))
        return Resource(
            type=self._string(node.named_children[1], {}),
            name=f"{parent.name}/{name}" if parent else str(name),
            scope=on.member("id") if on else None,
            body=found,
            existing=any(child.type == "existing" for child in node.children),
        )

    def _evaluate(self, node: Node, names: Names) -> Any:
        return self._apply(tree(node), names)

    def _apply(self, made: Tree, names: Names) -> Any:
        def apply(part: Tree) -> Any:
            return self._apply(part, names)

        match made:
            case ("lambda", parameter, body):

                def function(item: Any) -> Any:
                    return self._apply(body, {**names, parameter: item})

                result = function
            case ("ternary", condition, then, otherwise):
                result = apply(then if apply(condition) else otherwise)
            case ("member", of, str(name)):
                result = _member(apply(of), name)
            case ("subscript", of, key):
                result = _member(apply(of), apply(key))
            case ("call", "loadTextContent", [path]):
                result = (self._path.parent / apply(path)).read_text(encoding="utf-8")
            case ("call", name, arguments):
                result = call(name, [apply(argument) for argument in arguments])
            case ("!", operand):
                result = not apply(operand)
            case ("&&", left, right):
                result = apply(left) and apply(right)
            case (operator, left, right):
                result = (apply(left) == apply(right)) == (operator == "==")
            case leaf:
                result = self._leaf(cast("Node", leaf), names)
        return result

    def _leaf(self, node: Node, names: Names) -> Any:
        match node.type:
            case "identifier":
                name = text(node)
                value = names[name] if name in names else self.value(name)
            case "string":
                value = self._string(node, names)
            case "array":
                value = [self._evaluate(each, names) for each in node.named_children if each.type != "comment"]
            case "object":
                value = self._object(node, names)
            case "for_statement":
                value = self._bodies(node, names, self._evaluate)
            case "number":
                value = int(text(node))
            case _:
                value = _CONSTANTS[text(node)]
        return value

    def _object(self, node: Node, names: Names) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for child in node.named_children:
            if child.type == "object_property":
                key, value = child.named_children
                name = text(key) if key.type == "identifier" else self._string(key, names)
                found[name] = self._evaluate(value, names)
        return found

    def _string(self, node: Node, names: Names) -> str:
        parts: list[str] = []
        for child in node.named_children:
            if child.type == "interpolation":
                parts.append(self._evaluate(child.named_children[0], names))
            else:
                parts.append(_ESCAPES.get(text(child), text(child)))
        kind = Later if any(isinstance(part, Later) for part in parts) else str
        return kind("".join(map(str, parts)))


@dataclass(frozen=True)
class _Module:
    """A module that is deployed, of which the deployment may ask for outputs."""

    file: File


@dataclass(frozen=True)
class _Outputs:
    file: File


def _member(of: Any, name: Any) -> Any:
    match of:
        case Resource():
            value = of.member(name)
        case _Module():
            value = _Outputs(of.file)
        case _Outputs():
            value = of.file.output(name)
        case Later():
            value = Later(f"{of}.{name}")
        case _:
            value = of[name]
    return value
