"""A Functions app as its files describe it, read in one go before anything runs."""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.functions_host.function_json import FunctionDefinition, find_functions
from local.functions_host.host_json import HostConfig, read_host_config
from local.functions_host.json_files import HostError
from local.functions_host.local_settings import LocalSettings, read_local_settings


@dataclass(frozen=True)
class App:
    """What is to be hosted, and how."""

    folder: Path
    settings: LocalSettings
    kept: Sequence[str]
    """Names of settings that the environment had already."""
    config: HostConfig
    functions: Sequence[FunctionDefinition]
    refused: Mapping[str, str]
    """Functions that can't be hosted here, and why."""
    azure: bool = False
    """Serve it as Azure does: with Flex Consumption's settings, keys asked for, lines outside invocations dropped."""


def read_app(folder: Path, environment: MutableMapping[str, str], azure: bool = False) -> App:
    """Read all files of the app in `folder`, and put its local settings into `environment`.

    Raises:
        HostError: a file makes no sense, or there is no function to host.
    """
    folder = folder.resolve()
    settings = read_local_settings(folder)
    kept = settings.apply(environment)
    config = read_host_config(folder, environment)
    functions, refused = find_functions(folder, config.route_prefix, environment)
    if config.functions is not None:
        functions = [function for function in functions if function.name.lower() in config.functions]
    if not functions:
        reasons = "".join(f"\n  {name}: {reason}" for name, reason in refused.items())
        raise HostError(
            f"no function to host in {folder}: expected FUNCTION/function.json with an httpTrigger{reasons}"
        )
    return App(folder, settings, kept, config, functions, refused, azure)
