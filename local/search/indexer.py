"""One run of an indexer: list the container, crack what changed, ask the skills, write the index.

As the service does, it goes by the time of change alone. A document that failed is not tried again until its blob
changes or the indexer is reset: whether Azure would is not documented, so nothing here may depend on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import batched
from typing import Any

from azure.core.exceptions import AzureError
from azure.storage.blob import BlobProperties, ContainerClient

from local.search.cracking import MAX_SIDE, Cracked, UnprocessableError, UnsupportedContentError, crack
from local.search.database import Database
from local.search.enrichment import Enriched
from local.search.errors import ServiceError
from local.search.executions import Execution
from local.search.identities import Identities
from local.search.index import Index
from local.search.mapping import Warn, children, encode_key, parent_document
from local.search.skills import Skillset

_DEFAULT_BATCH = 10  # of the blob indexer
_EXTRACTION = "Could not extract content or metadata from your document."


@dataclass(frozen=True, slots=True)
class Plan:
    """The definitions of one run, as they were when it started."""

    indexer: dict[str, Any]
    datasource: dict[str, Any]
    skillset: dict[str, Any]
    indexes: dict[str, Index]
    """The target index, and those of the projections, by name."""
    identities: Identities
    """Who reads the data source, where it names a resource."""


@dataclass(slots=True)
class _Item:
    """A blob on its way to the index."""

    blob: BlobProperties
    url: str
    enriched: Enriched | None = None
    failed: bool = False


class Run:
    """Executes a plan, counting and telling into an execution."""

    def __init__(self, database: Database, plan: Plan, execution: Execution) -> None:
        self._database = database
        self._plan = plan
        self._execution = execution
        self._skillset = Skillset(plan.skillset)
        parameters: dict[str, Any] = plan.indexer.get("parameters") or {}
        self._configuration: dict[str, Any] = parameters.get("configuration") or {}
        self._largest = (
            self._configuration.get("normalizedImageMaxWidth") or MAX_SIDE,
            self._configuration.get("normalizedImageMaxHeight") or MAX_SIDE,
        )
        self._batch: int = parameters.get("batchSize") or _DEFAULT_BATCH
        self._tolerated: int = parameters.get("maxFailedItems") or 0

    def execute(self) -> None:
        """Run to the end; whatever happens is in the execution then."""
        source = self._plan.datasource
        try:
            with ContainerClient.from_connection_string(
                self._plan.identities.connection(source), source["container"]["name"]
            ) as container:
                for batch in batched(self._changed(container), self._batch, strict=False):
                    self._process(container, batch)
                    if 0 <= self._tolerated < self._execution.failed:
                        self._execution.finish(
                            "transientFailure",
                            f"{self._execution.failed} documents failed, more than maxFailedItems ({self._tolerated}).",
                        )
                        return
        except (AzureError, ServiceError, ValueError) as error:
            self._execution.finish("transientFailure", f"The data source could not be read: {error}")
            return
        self._execution.finish("success")

    def _changed(self, container: ContainerClient) -> Iterable[_Item]:
        """Blobs that are new or changed since the indexer saw them, in the order of their names."""
        name = self._plan.indexer["name"]
        seen = dict(self._database.rows("SELECT blob, etag FROM tracked WHERE indexer = ?", name))
        for blob in container.list_blobs(include=["metadata"]):
            if seen.get(blob.name) != blob.etag:
                yield _Item(blob, container.get_blob_client(blob.name).url)

    def _process(self, container: ContainerClient, items: Iterable[_Item]) -> None:
        items = list(items)
        alive: list[_Item] = []
        for item in items:
            if self._is_deleted(item.blob):
                self._write(item, None)
            else:
                self._open(container, item)
                alive += [item] if item.enriched else []
        self._skillset.enrich(
            [(item.url, item.enriched) for item in alive if item.enriched],
            error=lambda at, name, message, details: self._fail(alive[at], name, message, details),
            warn=lambda at, name, message, details: self._execution.warning(alive[at].url, name, message, details),
        )
        for item in alive:
            if not item.failed:
                self._write(item, item.enriched)
        for item in items:
            self._execution.processed += 1
            self._database.run(
                "INSERT OR REPLACE INTO tracked VALUES (?, ?, ?)",
                self._plan.indexer["name"],
                item.blob.name,
                item.blob.etag,
            )

    def _is_deleted(self, blob: BlobProperties) -> bool:
        policy = self._plan.datasource.get("dataDeletionDetectionPolicy")
        if not policy:
            return False
        metadata = {name.lower(): value for name, value in (blob.metadata or {}).items()}
        return metadata.get(policy["softDeleteColumnName"].lower()) == policy["softDeleteMarkerValue"]

    def _open(self, container: ContainerClient, item: _Item) -> None:
        blob = item.blob
        content_type = blob.content_settings.content_type or "application/octet-stream"
        name = f"DocumentExtraction.azureblob.{container.container_name}"
        try:
            cracked = crack(blob.name, content_type, container.download_blob(blob.name).readall(), self._largest)
        except (UnsupportedContentError, UnprocessableError) as error:
            unsupported = isinstance(error, UnsupportedContentError)
            setting = "failOnUnsupportedContentType" if unsupported else "failOnUnprocessableDocument"
            if self._configuration.get(setting, True):
                self._fail(item, name, f"Error: {_EXTRACTION}", str(error))
                return
            self._execution.warning(item.url, name, f"Warning: {_EXTRACTION}", str(error))
            cracked = Cracked("")
        digest = blob.content_settings.content_md5
        item.enriched = Enriched(
            {
                "content": cracked.content,
                "metadata_storage_path": item.url,
                "metadata_storage_name": blob.name.rpartition("/")[2],
                "metadata_storage_content_type": content_type,
                "metadata_storage_content_md5": bytes(digest).hex() if digest else None,
                "metadata_storage_size": blob.size,
                "metadata_storage_last_modified": blob.last_modified.isoformat().replace("+00:00", "Z"),
                "normalized_images": cracked.normalized_images,
            }
        )

    def _write(self, item: _Item, enriched: Enriched | None) -> None:
        """Bring the index to what a blob now is; with nothing, take out all that it had."""
        projections: dict[str, Any] = self._plan.skillset.get("indexProjections") or {}
        parent = encode_key(item.url)
        try:
            for selector in projections.get("selectors", []):
                index = self._plan.indexes[selector["targetIndexName"]]
                made = (
                    children(enriched, selector, index, parent, item.blob.etag, self._warner(item)) if enriched else []
                )
                index.replace_children(selector["parentKeyFieldName"], parent, made)
            if (projections.get("parameters") or {}).get("projectionMode") == "skipIndexingParentDocuments":
                return
            target = self._plan.indexes[self._plan.indexer["targetIndexName"]]
            if enriched is None:
                target.apply([{"@search.action": "delete", target.key: parent}])
                return
            document = parent_document(enriched, self._plan.indexer, target, item.url, self._warner(item))
            for outcome in target.apply([document]):
                if outcome.message:
                    raise ServiceError(outcome.message)
        except ServiceError as error:
            target_name = self._plan.indexer["targetIndexName"]
            message = "Could not index document because some of the document's data was not valid."
            self._fail(item, f"Projection.SearchIndex.MergeOrUpload.{target_name}", message, str(error))

    def _warner(self, item: _Item) -> Warn:
        def warn(name: str, details: str) -> None:
            message = f"Could not map output field '{name}' to search index."
            self._execution.warning(item.url, f"Projection.SearchIndex.OutputFieldMapping.{name}", message, details)

        return warn

    def _fail(self, item: _Item, name: str, message: str, details: str) -> None:
        self._execution.error(item.url, name, message, details)
        if not item.failed:
            item.failed = True
            self._execution.failed += 1
