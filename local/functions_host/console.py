"""What the host says on stdout: the listing at start-up."""

import sys
from collections.abc import Sequence

from local.functions_host.app import App
from local.functions_host.host_json import HostConfig
from local.functions_host.local_settings import FILE_NAME, SAMPLE_NAME, LocalSettings
from local.functions_host.server import HostedFunction

# Core Tools does the same: https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger
UNENFORCED = "keys for authLevel function and admin are asked for on Azure and with --azure only"


def say(text: str) -> None:
    """Write a line to stdout at once, for whoever waits for it."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def listing(app: App, functions: Sequence[HostedFunction], url: str) -> str:
    """Describe the app as it will be served: where settings came from, which limits hold, and each function's URL."""
    lines = [_settings_line(app.settings)]
    if app.kept:
        lines.append(f"          from the environment instead: {', '.join(app.kept)}")
    lines.append(f"Limits:   {_limits(app.config)}")
    if app.config.dynamic_throttles:
        lines.append("          dynamicThrottlesEnabled has no effect here: it watches an Azure instance")
    lines.append("Functions:")
    for function in functions:
        definition = function.definition
        methods = ",".join(sorted(definition.methods)) if definition.methods is not None else "any method"
        line = f"  {definition.name}: [{methods}] {url}/{definition.route.template} (authLevel {definition.auth_level})"
        if definition.disabled:
            line += " - disabled, answers 404"
        elif not function.loaded:
            line += " - failed to load, answers 500"
        lines.append(line)
    lines += [f"  {name}: not hosted. {reason}" for name, reason in app.refused.items()]
    if not app.azure and any(function.definition.auth_level != "anonymous" for function in functions):
        lines.append(f"  ({UNENFORCED})")
    return "\n".join(lines)


def _settings_line(settings: LocalSettings) -> str:
    if settings.path is None:
        return f"Settings: the environment only (there is no {FILE_NAME})"
    if settings.path.name == SAMPLE_NAME:
        return f"Settings: {settings.path} (there is no {FILE_NAME}; copy the sample to make one)"
    return f"Settings: {settings.path}"


def _limits(config: HostConfig) -> str:
    limits: list[str] = []
    if config.max_concurrent_requests is not None:
        limits.append(f"{config.max_concurrent_requests} requests at once")
    if config.max_outstanding_requests is not None:
        limits.append(f"{config.max_outstanding_requests} running or waiting (429 beyond)")
    if config.function_timeout is not None:
        limits.append(f"{config.function_timeout:g} s each (500 beyond)")
    limits.append(f"bodies of {config.body_limit} bytes (500 beyond)")
    return ", ".join(limits)
