"""How the service says no."""

from __future__ import annotations

from http import HTTPStatus


class ServiceError(Exception):
    """An answer other than success, as Azure AI Search's REST API gives it."""

    def __init__(self, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.status = status

    def to_json(self) -> dict[str, object]:
        return {"error": {"code": self.status.phrase.replace(" ", ""), "message": str(self)}}


def not_found(kind: str, name: str) -> ServiceError:
    return ServiceError(f"No {kind} with the name {name!r} was found in this service.", HTTPStatus.NOT_FOUND)
