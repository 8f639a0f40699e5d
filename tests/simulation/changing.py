"""Which functions of the domain apps change data, found by looking at them.

A service: a public function of a module that begins a transaction of its own, or
writes by itself or by a private function of its module. New ones are found without being named.
"""

import ast
import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

PACKAGES = ("jobs.services", "basins.services", "monitoring", "settlements")
NO_SERVICES = {"models", "migrations", "management", "checks", "rules", "standards", "protocols"}
WRITES = {
    "save", "create", "bulk_create", "get_or_create", "update_or_create", "delete", "bulk_update",
    "atomic",
}  # fmt: skip
MANY = {"insert_new", "insert_both"}  # of basins.many
SQL = re.compile(r"^\s*(INSERT INTO|UPDATE \w+ |DELETE FROM|MERGE INTO|COPY \w+ FROM)", re.M)


def modules() -> Iterator[ModuleType]:
    for name in PACKAGES:
        package = import_module(name)
        yield package
        for found in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{name}."):
            if not NO_SERVICES & set(found.name.split(".")):
                yield import_module(found.name)


def changing_of(module: ModuleType) -> set[str]:
    """Names of the module's own public functions that change data."""
    tree = ast.parse(Path(str(module.__file__)).read_text())
    functions = {f.name: f for f in tree.body if isinstance(f, ast.FunctionDef)}
    constants = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and _has_sql(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    def writes(name: str, seen: frozenset[str] = frozenset()) -> bool:
        function = functions[name]
        if any("atomic" in ast.unparse(d) for d in function.decorator_list):
            return True
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and _writes_rows(node):
                return True
            if _has_sql(node) or (isinstance(node, ast.Name) and node.id in constants):
                return True
            inner = node.id if isinstance(node, ast.Name) else ""
            if (
                inner.startswith("_")
                and inner in functions
                and inner not in seen
                and writes(inner, seen | {name, inner})
            ):
                return True
        return False

    return {name for name in functions if not name.startswith("_") and writes(name)}


def changing() -> dict[str, str]:
    """Services that change data: "module.function", the function's own name."""
    return {
        f"{module.__name__.rsplit('.', 1)[-1]}.{name}": name
        for module in modules()
        for name in changing_of(module)
    }


def _writes_rows(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return isinstance(call.func, ast.Name) and call.func.id in MANY
    # .update() of a queryset takes named columns; of a dict or a hash it takes a value.
    return call.func.attr in WRITES or (call.func.attr == "update" and bool(call.keywords))


def _has_sql(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and bool(SQL.search(node.value))
    )
