"""`az`, through a stand-in."""

import pytest

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
    with pytest.raises(AzError, match="az group delete -n it failed with status 1"):
        command("group", "delete", "-n", "it")


def test_a_secret_is_read_by_its_address(az: Az) -> None:
    az.answer({"keyvault secret show": "the-key"})
    assert read_secret("https://vault.example/secrets/skill-key") == "the-key"
    assert az.asked() == ["keyvault secret show --id https://vault.example/secrets/skill-key --query value -o tsv"]
