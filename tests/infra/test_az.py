"""`az`, through a stand-in."""

import pytest

from infra import az as module
from infra.az import AzError, az, read_secret
from tests.infra.az import Az


@pytest.mark.usefixtures("no_az")
def test_without_az_it_says_where_to_get_it() -> None:
    with pytest.raises(AzError, match="install-azure-cli"):
        az("account", "show")


def test_it_returns_what_az_prints_and_raises_where_it_refuses(az: Az) -> None:
    from infra.az import az as command

    az.answer({"account show": "a subscription\n", "group delete": None})
    assert command("account", "show") == "a subscription"
    with pytest.raises(AzError, match="az group delete -n it failed with status 1: ERROR: refused"):
        command("group", "delete", "-n", "it")


def test_a_secret_is_read_by_its_address(az: Az) -> None:
    az.answer({"keyvault secret show": "the-key"})
    assert read_secret("https://vault.example/secrets/skill-key") == "the-key"
    assert az.asked() == ["keyvault secret show --id https://vault.example/secrets/skill-key --query value -o tsv"]


def test_a_secret_is_waited_for_until_its_role_is_known(
    az: Az, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    az.answer({"keyvault secret show": "ERROR: (Forbidden) Caller is not authorized to perform action on resource."})

    def give_the_role(_: float) -> None:
        az.answer({"keyvault secret show": "the-key"})

    monkeypatch.setattr(module.time, "sleep", give_the_role)
    assert read_secret("https://vault.example/secrets/skill-key") == "the-key"
    assert "not to be read yet (403)" in capfd.readouterr().err


def test_a_secret_is_not_waited_for_without_end(az: Az, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROLE_SECONDS", -1.0)
    az.answer({"keyvault secret show": "ERROR: (Forbidden) no"})
    with pytest.raises(AzError, match="no"):
        read_secret("https://vault.example/secrets/skill-key")
    assert len(az.asked()) == 1


def test_a_secret_is_not_waited_for_where_no_role_would_help(az: Az, monkeypatch: pytest.MonkeyPatch) -> None:
    def wait(_: float) -> None:
        pytest.fail("nothing to wait for")

    monkeypatch.setattr(module.time, "sleep", wait)
    az.answer({"keyvault secret show": "ERROR: (SecretNotFound) no"})
    with pytest.raises(AzError, match="no"):
        read_secret("https://vault.example/secrets/skill-key")
