"""The official SDK's clients for one deployment, opened when they are first used and closed together."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from functools import cached_property
from types import TracebackType
from typing import Self

from azure.core.credentials import AzureKeyCredential, TokenCredential
from azure.core.exceptions import ResourceNotFoundError
from azure.search.documents import SearchClient
from azure.search.documents.indexes import SearchIndexClient, SearchIndexerClient
from azure.storage.blob import BlobServiceClient, ContainerClient

from infra.search.settings import SearchSettings
from infra.search.templates import first_build


class Clients:
    """Everything that the commands talk to, but for the skill. A context manager.

    With `build`, of that index rather than of the one that queries read.
    """

    def __init__(self, settings: SearchSettings, build: str | None = None) -> None:
        self.settings = settings
        self._build = build
        self._open = ExitStack()

    @cached_property
    def index(self) -> str:
        """The index that the alias of SEARCH_NAME_PREFIX leads to; where there is no alias, the index of that name.

        Where there is neither, the build that a deployment begins with.
        """
        prefix = self.settings.search_name_prefix
        if self._build:
            return self._build
        with suppress(ResourceNotFoundError):
            return self.indexes.get_alias(prefix).indexes[0]
        with suppress(ResourceNotFoundError):
            return self.indexes.get_index(prefix).name
        return first_build(prefix)

    @cached_property
    def indexes(self) -> SearchIndexClient:
        """Raises SettingsError, as do the others, where a setting is missing."""
        return self._open.enter_context(SearchIndexClient(self._endpoint, self._search_credential))

    @cached_property
    def indexers(self) -> SearchIndexerClient:
        return self._open.enter_context(SearchIndexerClient(self._endpoint, self._search_credential))

    @cached_property
    def documents(self) -> SearchClient:
        """The documents that queries find, whichever build they are in, or those of `build`."""
        name = self._build or self.settings.search_name_prefix
        client = SearchClient(self._endpoint, name, self._search_credential)
        return self._open.enter_context(client)

    @cached_property
    def images(self) -> ContainerClient:
        """The container of pictures, by the developer login or the connection string."""
        if self.settings.storage_account_url:
            service = BlobServiceClient(self.settings.storage_account_url, credential=self.login)
        else:
            service = BlobServiceClient.from_connection_string(self.settings.need("storage_connection"))
        return self._open.enter_context(service).get_container_client(self.settings.images_container)

    @cached_property
    def login(self) -> TokenCredential:
        """Whoever is logged in: a managed identity on Azure, `az login` or `azd auth login` on a desk."""
        from azure.identity import DefaultAzureCredential  # slow to import, and not needed with keys

        return self._open.enter_context(DefaultAzureCredential())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open.close()

    @property
    def _endpoint(self) -> str:
        return self.settings.need("search_endpoint")

    @cached_property
    def _search_credential(self) -> AzureKeyCredential | TokenCredential:
        key = self.settings.search_key
        return AzureKeyCredential(key.get_secret_value()) if key else self.login
