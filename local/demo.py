"""`make demo`: train on the sample pictures, serve the model, ask it about a picture, say what happened."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import httpx
import typer

from local.processes import PROJECT, start_host
from shared.command_line.console import command_line, console, errors_in_words

MODEL = "demo"
DATA = PROJECT / "data"
REQUEST = DATA / "sample_request.json"


app = command_line()


@app.command()
def main() -> None:
    """Train on the sample pictures, serve the model and ask it about a picture."""
    with errors_in_words():
        _demonstrate()


def _demonstrate() -> None:
    _say("1. Training on the pictures in data/train")
    command = [sys.executable, "-m", "training", "train", "data/train", "--name", MODEL, "--labels", "data/labels.json"]
    subprocess.run(command, cwd=PROJECT, check=True)

    _say("2. Starting the Function in Microsoft's Python worker")
    with start_host(PROJECT, env={"MODEL_STORE": "models", "MODEL_NAME": MODEL, "KEY": ""}) as host:
        url = f"{host.url}/api/extraction"
        _say(f"3. Asking {url} about the picture in {REQUEST.relative_to(PROJECT)}")
        started = time.perf_counter()
        answer = httpx.post(url, content=REQUEST.read_bytes(), timeout=60)
        seconds = time.perf_counter() - started
    answer.raise_for_status()
    typer.echo(json.dumps(answer.json(), indent=2))
    data = answer.json()["values"][0]["data"]
    _say(
        f"The Function loaded the model and answered in {seconds:.1f} s: the picture belongs to group "
        f"{data['clusterId']}, named {_names(data['label'])}, with confidence {data['confidence']:.2f}.\n"
        "It has stopped again. Next: `make serve` keeps it running, and "
        "`.venv/bin/python -m training train FOLDER --name NAME` trains on your own pictures."
    )


def _names(names: list[str]) -> str:
    return " and ".join(f'"{name}"' for name in names) or "nothing yet"


def _say(text: str) -> None:
    console.print(f"\n[bold]{text}[/]" if text[0].isdigit() else f"\n{text}")


if __name__ == "__main__":
    app(prog_name="python -m local.demo")
