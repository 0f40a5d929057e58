"""The package that Azure runs: what is in it, that it is always the same, and that it answers all by itself."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest

from infra.package import LEFT_OUT, PACKAGES, REQUIREMENTS, SOURCES, Guard, Package, build, guard_of, write_zip
from local.processes import ManagedProcess
from tests.conftest import PROJECT, encode, noise_picture
from tests.tiny_models import tiny_model

# What the local host itself is made of. The Function must find nothing beside its own packages and these.
HOST_PACKAGES = ("azure_functions_runtime_v1", "uvicorn", "click", "h11", "starlette", "anyio")


def pins(path: str) -> set[str]:
    return set(re.findall(r"^\S+==\S+", (PROJECT / path).read_text(encoding="utf-8"), re.MULTILINE))


def test_a_zip_of_the_same_files_is_the_same_to_the_byte(tmp_path: Path) -> None:
    for name, changed, mode in (("one", 1e9, 0o644), ("two", 1.1e9, 0o700)):
        folder = tmp_path / name
        (folder / "deep").mkdir(parents=True)
        for file in ("b.txt", "a.txt", "deep/c.so"):
            (folder / file).write_text(file * 1000)
            os.utime(folder / file, (changed, changed))
            (folder / file).chmod(mode)
        write_zip(folder, tmp_path / f"{name}.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == ["a.txt", "b.txt", "deep/c.so"]


def test_funcignore_leaves_what_the_package_takes() -> None:
    git = shutil.which("git")
    assert git

    def tracked(*options: str) -> set[str]:
        run = subprocess.run([git, "ls-files", *options], cwd=PROJECT, check=True, capture_output=True, text=True)
        return set(run.stdout.splitlines())

    left = tracked() - tracked("--cached", "--ignored", "--exclude-from=.funcignore")
    assert {Path(name).parts[0] for name in left} == set(SOURCES)
    assert left == tracked("--", *SOURCES, *(f":!{folder}" for folder in LEFT_OUT))


@pytest.mark.parametrize("requirements", REQUIREMENTS.values())
def test_what_ships_is_what_is_tested_here(requirements: str) -> None:
    assert pins(requirements) <= pins("requirements.txt")


def test_tensorflow_ships_only_where_it_is_asked_for() -> None:
    extra = {pin.split("==")[0] for pin in pins(REQUIREMENTS["tensorflow"]) - pins(REQUIREMENTS["onnxruntime"])}
    assert "tensorflow-cpu" in extra
    assert pins(REQUIREMENTS["onnxruntime"]) <= pins(REQUIREMENTS["tensorflow"])


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return build(tmp_path_factory.mktemp("first"))


@pytest.mark.slow
def test_the_package_is_always_the_same(package: Package, tmp_path: Path) -> None:
    assert build(tmp_path).sha256 == package.sha256


@pytest.mark.slow
def test_the_host_asks_for_a_key_where_no_one_else_does(package: Package, tmp_path: Path) -> None:
    assert guard_of(package.zip) == Guard.KEY
    trigger = json.loads((package.folder / "ClusterSkill" / "function.json").read_bytes())["bindings"][0]
    assert trigger["authLevel"] == "function"
    assert guard_of(build(tmp_path, guard=Guard.ENTRA).zip) == Guard.ENTRA


@pytest.mark.slow
def test_the_package_holds_the_function_and_its_packages_and_nothing_else(package: Package) -> None:
    with zipfile.ZipFile(package.zip) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {*SOURCES, PACKAGES.parts[0]}
    assert (package.folder / ".funcignore").is_file(), "azd would leave out what is compiled"
    packages = {name.removeprefix(f"{PACKAGES}/").split("/")[0] for name in names if name.startswith(str(PACKAGES))}
    assert {"onnxruntime", "numpy", "PIL", "azure", "pydantic"} <= packages
    assert not {"tensorflow", "sklearn", "pytest", "bin", "training", "tests"} & packages
    assert not [name for name in names if name.startswith(LEFT_OUT)]
    assert [name for name in names if name.endswith(".cpython-313-x86_64-linux-gnu.so")]
    compiled = {name.replace("__pycache__/", "").replace(".cpython-313.pyc", ".py") for name in names if "pyc" in name}
    assert {name for name in names if name.startswith("shared/") and name.endswith(".py")} <= compiled


# Azure's worker puts these two folders first, imports the function and calls it.
CALL = """
import json, sys
app, body = sys.argv[1:]
sys.path[:0] = [app, app + "/.python_packages/lib/site-packages"]
import azure.functions as func
from ClusterSkill import main

class Context:
    class trace_context:
        trace_parent = ""

answer = main(func.HttpRequest("POST", "/api/extraction", body=body.encode()), Context)
elsewhere = [path for path in map(str, sys.path[2:]) if "site-packages" in path]
print(json.dumps([answer.status_code, json.loads(answer.get_body()), elsewhere]))
"""


@pytest.mark.slow
def test_an_unpacked_package_needs_nothing_of_this_machine_but_python(package: Package, tmp_path: Path) -> None:
    app, models = tmp_path / "app", tmp_path / "models"
    with zipfile.ZipFile(package.zip) as archive:
        archive.extractall(app)
    tiny_model(models)
    picture = base64.b64encode(encode(noise_picture(1))).decode()
    body = json.dumps({"values": [{"recordId": "1", "data": {"images": picture}}]})
    python = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"

    # Isolated: no environment, no site-packages, no user's folder, another folder to run in.
    environment = {
        "MODEL_STORE": str(models),
        "MODEL_CACHE": str(tmp_path / "cache"),
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
    }
    command = [python, "-I", "-S", "-c", CALL, app, body]
    run = subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    status, answer, elsewhere = json.loads(run.stdout)
    assert (status, elsewhere) == (200, [])
    assert answer["values"][0]["errors"] == []
    assert answer["values"][0]["data"]["modelVersion"]


@pytest.mark.slow
def test_an_unpacked_package_answers_with_nothing_but_its_own_packages(package: Package, tmp_path: Path) -> None:
    app, host, models = tmp_path / "app", tmp_path / "host", tmp_path / "models"
    with zipfile.ZipFile(package.zip) as archive:
        archive.extractall(app)
    host.mkdir()
    here = Path(httpx.__file__).parents[1]
    for name in HOST_PACKAGES:
        (host / name).symlink_to(here / name)
    tiny_model(models)
    request = {
        "values": [
            {"recordId": "1", "data": {"images": {"data": base64.b64encode(encode(noise_picture(1))).decode()}}},
            {"recordId": "2", "data": {"images": "not a picture"}},
        ]
    }

    # The base interpreter without its site-packages: this environment's packages are out of reach.
    python = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    with ManagedProcess(
        [python, "-S", "-m", "local.host", "--app", app, "--port", "0", "--azure"],
        ready="Listening on ",
        cwd=PROJECT,
        env={
            "PYTHONPATH": str(host),
            "MODEL_STORE": str(models),
            "MODEL_CACHE": str(tmp_path / "cache"),
            "KEY": "the-key",
            "KEY_SECONDARY": "the-other",
        },
    ) as process:
        address = re.search(r"Listening on (http://\S+)", process.log_text())
        assert address
        url, ours = f"{address[1]}/api/extraction", {"Ocp-Apim-Subscription-Key": "the-key"}
        hosts = {"x-functions-key": "the-key"}
        refused = [httpx.post(url, json=request, headers=each, timeout=60).status_code for each in ({}, ours, hosts)]
        answered = httpx.post(url, json=request, headers=ours | hosts, timeout=60)
        process.wait_for("[ClusterSkill] serving model ")
    assert refused == [401, 401, 403]
    assert answered.status_code == 200, process.log_text()
    first, second = answered.json()["values"]
    assert first["errors"] == []
    assert {"label", "clusterId", "distance", "confidence", "suggestedLabel", "modelVersion"} <= set(first["data"])
    assert second["errors"], json.dumps(second)
