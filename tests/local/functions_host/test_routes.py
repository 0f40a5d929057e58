import pytest

from local.functions_host.routes import CONSTRAINTS, Route, decode_path


@pytest.mark.parametrize(
    ("template", "path", "params"),
    [
        ("api/echo", "/api/echo", {}),
        ("api/echo", "/API/Echo/", {}),
        ("echo", "/echo", {}),
        ("api/pictures/{id}", "/api/pictures/a b", {"id": "a b"}),
        ("api/pictures/{id:int}", "/api/pictures/-7", {"id": "-7"}),
        ("api/pictures/{id?}", "/api/pictures", {}),
        ("api/pictures/{id:int?}", "/api/pictures/7", {"id": "7"}),
        ("api/pictures/{size=240}", "/api/pictures", {"size": "240"}),
        ("api/pictures/{size=240}", "/api/pictures/64", {"size": "64"}),
        ("api/{name}.{extension}", "/api/cover.jpg", {"name": "cover", "extension": "jpg"}),
        ("api/{*rest}", "/api/a/b", {"rest": "a/b"}),
        ("api/{*rest}", "/api", {}),
        ("api/{flag:bool}", "/api/True", {"flag": "True"}),
        ("api/{id:guid}", "/api/0F8FAD5B-d9cb-469f-a165-70867728950e", {"id": "0F8FAD5B-d9cb-469f-a165-70867728950e"}),
    ],
)
def test_a_route_matches_and_yields_its_parameters(template: str, path: str, params: dict[str, str]) -> None:
    assert Route.parse(template).match(path) == params


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("api/echo", "/api/echo/more"),
        ("api/echo", "/echo"),
        ("api/a.b", "/api/axb"),
        ("api/pictures/{id:int}", "/api/pictures/seven"),
        ("api/pictures/{id}", "/api/pictures/"),
        ("api/pictures/{id}", "/api/pictures/a/b"),
    ],
)
def test_a_route_leaves_other_paths_alone(template: str, path: str) -> None:
    assert Route.parse(template).match(path) is None


def test_an_unknown_constraint_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'datetime' is not known here; known are alpha, ") as caught:
        Route.parse("api/{day:datetime}")
    assert all(name in str(caught.value) for name in CONSTRAINTS)


@pytest.mark.parametrize("template", ["api/{id", "api/{a-b}", "api/{}"])
def test_a_malformed_parameter_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="not a parameter this host understands"):
        Route.parse(template)


def test_a_path_is_decoded_except_for_its_slashes() -> None:
    assert decode_path("/api/a%20b%2fc%2Fd%C3%A9") == "/api/a b%2Fc%2Fdé"
