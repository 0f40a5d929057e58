"""Bicep's expressions: from the grammar's nodes to small trees that can be evaluated, and the functions they call."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from tree_sitter import Node


class Later(str):
    """A value that only the deployment will know, by its origin: `<id-x-function>.principalId`."""

    __slots__ = ()


type Tree = Node | tuple[Any, ...]
"""A leaf is the grammar's node; anything else is a tuple of a kind and its parts."""


def text(node: Node) -> str:
    return (node.text or b"").decode()


def tree(node: Node) -> Tree:
    """A node as a tree. Raises NotImplementedError for an operator that nothing here evaluates.

    The grammar reads `a => b.c` as `(a => b).c` and `a ? b : c.d` as `(a ? b : c).d`; Bicep does not, nor does this.
    """
    children = node.named_children
    match node.type:
        case "parenthesized_expression":
            made = tree(children[0])
        case "lambda_expression":
            made = ("lambda", text(children[0]), tree(children[1]))
        case "ternary_expression":
            made = _bind(tree(children[0]), lambda condition: ("ternary", condition, *map(tree, children[1:])))
        case "member_expression":
            made = _bind(tree(children[0]), lambda of: ("member", of, text(children[1])))
        case "subscript_expression":
            made = _bind(tree(children[0]), lambda of: ("subscript", of, tree(children[1])))
        case "call_expression":
            made = ("call", text(children[0]), [tree(each) for each in children[1].named_children])
        case "unary_expression" | "binary_expression":
            made = _operation(node)
        case _:
            made = node
    return made


def _operation(node: Node) -> Tree:
    operator = text(node.children[-2])
    if operator not in {"!", "==", "!=", "&&"}:
        raise NotImplementedError(f"{operator} in {text(node)}")
    operands = node.named_children
    if operator == "!":
        return ("!", tree(operands[0]))
    return _bind(tree(operands[0]), lambda left: (operator, left, tree(operands[1])))


def _bind(made: Tree, wrap: Callable[[Tree], Tree]) -> Tree:
    """Wrap what binds tightest: the body of a lambda, the last branch of a ternary, else all of it."""
    if isinstance(made, tuple) and made[0] in {"lambda", "ternary"}:
        return (*made[:-1], _bind(made[-1], wrap))
    return wrap(made)


def call(name: str, arguments: list[Any]) -> Any:
    """Call one of Bicep's functions. Raises NotImplementedError for one that is not here."""
    if name not in _FUNCTIONS:
        raise NotImplementedError(f"{name}()")
    return _FUNCTIONS[name](*arguments)


def _digest(*values: object) -> str:
    return hashlib.sha256(json.dumps([str(value) for value in values]).encode()).hexdigest()


def _concat(*lists: list[Any]) -> list[Any]:
    return [item for each in lists for item in each]


def _environment() -> dict[str, dict[str, str]]:
    return {
        "suffixes": {"storage": "core.windows.net"},
        "authentication": {"loginEndpoint": "https://login.microsoftonline.com/"},
    }


def _filter(items: list[Any], keep: Callable[[Any], bool]) -> list[Any]:
    return [item for item in items if keep(item)]


def _guid(*values: object) -> str:
    return _digest(*values)[:32]


def _join(items: list[str], separator: str) -> str:
    return separator.join(items)


def _map(items: list[Any], change: Callable[[Any], Any]) -> list[Any]:
    return [change(item) for item in items]


def _new_guid() -> str:
    return Later("<newGuid>")


def _replace(value: str, old: str, new: str) -> str:
    return type(value)(value.replace(old, new))


def _resource_group(name: str = "group") -> dict[str, str]:
    return {"id": f"/groups/{name}", "name": name, "location": "westeurope"}


def _string(value: object) -> str:
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _subscription_resource_id(kind: str, name: str) -> str:
    return f"{kind}/{name}"


def _tenant() -> dict[str, str]:
    return {"tenantId": Later("<tenant>")}


def _union(*objects: dict[str, Any]) -> dict[str, Any]:
    return {name: value for each in objects for name, value in each.items()}


def _unique_string(*values: object) -> str:
    return _digest(*values)[:13]


def _empty(value: object) -> bool:
    return not value


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "concat": _concat,
    "empty": _empty,
    "environment": _environment,
    "filter": _filter,
    "guid": _guid,
    "join": _join,
    "map": _map,
    "newGuid": _new_guid,
    "replace": _replace,
    "resourceGroup": _resource_group,
    "string": _string,
    "subscriptionResourceId": _subscription_resource_id,
    "tenant": _tenant,
    "union": _union,
    "uniqueString": _unique_string,
}
