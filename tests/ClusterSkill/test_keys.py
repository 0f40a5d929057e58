"""Who may call the Function: keys, Easy Auth, and nobody at all on Azure without either."""

import hmac

import pytest

from tests.ClusterSkill.calls import call, problem


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_the_key_guards_every_method(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    monkeypatch.setenv("KEY", "sesame")
    assert call({"values": []}, method).status_code == 403
    wrong = call({"values": []}, method, Ocp_Apim_Subscription_Key="Sesame")
    assert wrong.status_code == 403
    assert "sesame" not in problem(wrong).lower()
    assert call({"values": []}, method, ocp_apim_subscription_key="sesame").status_code == 200


@pytest.mark.usefixtures("models")
def test_two_keys_are_valid_at_once_during_rotation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "new sesame")
    monkeypatch.setenv("KEY_SECONDARY", "old sesame")
    for key, status in (("new sesame", 200), ("old sesame", 200), ("sesame", 403), ("", 403)):
        assert call({"values": []}, ocp_apim_subscription_key=key).status_code == status


@pytest.mark.usefixtures("models")
def test_one_key_alone_may_be_the_secondary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_SECONDARY", "old sesame")
    assert call({"values": []}).status_code == 403
    assert call({"values": []}, ocp_apim_subscription_key="old sesame").status_code == 200


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("key", ["s\u00e9same", "\udce9"])
def test_any_header_value_is_compared(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("KEY", "sesame")
    assert call({"values": []}, ocp_apim_subscription_key=key).status_code == 403


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("key", ["s\u00e9same", "\u30bb\u30b5\u30df", "sesame\u00ff"])
@pytest.mark.parametrize("read_as", ["utf-8", "latin-1"])
def test_a_key_beyond_ascii_is_known_however_the_host_reads_headers(
    monkeypatch: pytest.MonkeyPatch, key: str, read_as: str
) -> None:
    monkeypatch.setenv("KEY", key)
    sent = key.encode().decode(read_as)
    assert call({"values": []}, ocp_apim_subscription_key=sent).status_code == 200
    assert call({"values": []}, ocp_apim_subscription_key=f"{sent}x").status_code == 403


@pytest.mark.usefixtures("models")
def test_both_keys_are_always_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(expected: bytes, given: bytes) -> bool:
        compared.append((expected, given))
        return expected == given

    monkeypatch.setattr(hmac, "compare_digest", compare)
    monkeypatch.setenv("KEY", "one")
    monkeypatch.setenv("KEY_SECONDARY", "two")
    assert call({"values": []}, ocp_apim_subscription_key="one").status_code == 200
    assert compared == [(b"one", b"one"), (b"two", b"one")]


@pytest.mark.usefixtures("models")
def test_on_azure_without_any_guard_everyone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_INSTANCE_ID", "abc")
    response = call({"values": []})
    assert response.status_code == 403
    assert "neither the app setting KEY nor Easy Auth" in problem(response)


@pytest.mark.usefixtures("models")
def test_easy_auth_guards_where_it_names_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_SITE_NAME", "abc")
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    response = call({"values": []})
    assert response.status_code == 403
    assert "without a caller" in problem(response)
    assert call({"values": []}, x_ms_client_principal="eyJ9").status_code == 200


@pytest.mark.usefixtures("models")
def test_the_callers_own_principal_header_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_SITE_NAME", "abc")
    assert call({"values": []}, x_ms_client_principal="eyJ9").status_code == 403
