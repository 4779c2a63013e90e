"""Turn a constructor's typed keywords into settings: checked, frozen, and published as a schema."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from helios_engine.errors import BuildError, ConfigError


@lru_cache(maxsize=512)  # its annotations are evaluated once, not for every plan
def settings_struct(name: str, factory: Callable[..., Any], given: tuple[str, ...] = ()) -> type[msgspec.Struct]:
    """Build the settings struct of a recipe; BuildError if a keyword has no type or no name.

    Keywords named in `given` come from the caller and are no settings.
    """
    target = factory.__init__ if inspect.isclass(factory) else factory
    if target is object.__init__:
        return msgspec.defstruct(_identifier(name), [], frozen=True, kw_only=True, forbid_unknown_fields=True)
    hints = _hints(name, target)
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for parameter in inspect.signature(target).parameters.values():
        if parameter.name == "self" or parameter.name in given:
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise BuildError(
                f"{name}: settings are the constructor's typed keywords, so it may not take *args or "
                f"**kwargs ({parameter}); name each setting"
            )
        if parameter.name not in hints:
            raise BuildError(f"{name}: the setting {parameter.name!r} has no type; annotate it")
        if parameter.default is parameter.empty:
            fields.append((parameter.name, hints[parameter.name]))
        else:
            fields.append((parameter.name, hints[parameter.name], _default(parameter.default)))
    return msgspec.defstruct(_identifier(name), fields, frozen=True, kw_only=True, forbid_unknown_fields=True)


def convert(
    name: str, factory: Callable[..., Any], settings: Mapping[str, Any], given: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Check `settings` against the factory's keywords, but those `given`, and return all of them, defaults included."""
    struct = settings_struct(name, factory, given)
    try:
        made = msgspec.convert(dict(settings), struct, dec_hook=_decode)
    except (msgspec.ValidationError, ValueError) as error:
        known = ", ".join(struct.__struct_fields__) or "none"
        raise ConfigError(f"{name}: {error}; its settings are: {known}") from None
    return {field: getattr(made, field) for field in struct.__struct_fields__}


def placed(value: Any, folder: Path) -> Any:
    """A setting whose relative paths start at `folder`, also inside lists, tuples and dicts."""
    if isinstance(value, Path):
        return folder / value
    if isinstance(value, dict):
        return {key: placed(each, folder) for key, each in value.items()}
    if type(value) in (list, tuple):
        return type(value)(placed(each, folder) for each in value)
    return value


def schema(name: str, factory: Callable[..., Any], given: tuple[str, ...] = ()) -> dict[str, Any]:
    """The JSON schema of a recipe's settings; keywords named in `given` are none."""
    struct = settings_struct(name, factory, given)
    return msgspec.json.schema(struct, schema_hook=_schema)


def _hints(name: str, target: Any) -> dict[str, Any]:
    try:
        return get_type_hints(target)
    except NameError as error:
        raise BuildError(
            f"{name}: a type in its signature cannot be resolved ({error}); import it at run time, "
            "not under TYPE_CHECKING"
        ) from None


def _default(value: Any) -> Any:
    # A mutable default would be shared by every stage of a process: a run must start empty.
    if isinstance(value, (list, dict, set)):
        return msgspec.field(default_factory=lambda: type(value)(value))
    return value


def _identifier(name: str) -> str:
    return "".join(part.capitalize() for part in name.replace("-", "_").replace(".", "_").split("_")) or "Settings"


def _decode(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, (str, Path)):
        return Path(value)
    raise ValueError(f"expected {getattr(kind, '__name__', kind)}, found {value!r}")


def _schema(kind: type) -> dict[str, Any]:
    if kind is Path:
        return {"type": "string", "format": "path"}
    raise NotImplementedError(f"no JSON schema for {kind}")
