"""The four search objects of a deployment, as the settings ask for them, rendered from the JSON files of this folder.

`index.json`, `skillset.json` and `indexer.json` give one search document per picture; `simple.*.json` the original
sample's one per blob. Each file of `variants/` is laid over them when its setting is there.

JSON holds no reasons, so they are here. A picture costs the Function 310 ms of processor time by itself and 250 ms in
batches of four and more, whatever their size beyond that (VGG16, two cores); several calls at once gain nothing more
than that one is decoded while another is embedded. Pictures come scaled down to 768 pixels, at which no label differs
from those at 2000; models of the original sample, which resize without antialiasing, lose 0.13 %. That the service
encodes them as JPEG, at any size, changes 0.27 % of photographs' labels and 2.7 % over all labelled sets, small and
drawn pictures' above all (benchmarks/sizes.py). The largest that a JPEG of this size can be is nearly a
megabyte in base64, and a request is to stay below half of what the Function takes, 7.2 MB: hence batchSize 3, and
degreeOfParallelism 5, so that three indexers at once stay within the 16 requests that an instance takes. The
indexer's own batchSize is 3 x 5. Of the 16 requests that an instance takes, the last waits for three rounds of four,
each within MAX_REQUEST_SECONDS, and is answered in the fourth: 4 x 25 seconds at the most. Hence PT120S rather than
the default of 30 seconds.
`failOn…` is false so that a file that can't be read is told beside its name and ends nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from infra.search.settings import SearchSettings
from infra.search.templates import KINDS, NEVER, choose_variants, fill, first_build, read_templates
from shared.errors import UserError

type JsonObject = dict[str, Any]
"""A definition as the REST API takes it; check_schema says whether it is one."""


class DefinitionError(UserError):
    """These definitions would not work. The message holds one finding a line, each with its exact place."""


@dataclass(frozen=True, slots=True)
class Definitions:
    """What is sent to the search service, as its REST API takes it."""

    datasource: JsonObject
    index: JsonObject
    skillset: JsonObject
    indexer: JsonObject

    def items(self) -> Iterator[tuple[str, JsonObject]]:
        """Kind and definition, in the order in which they must be created."""
        return ((field.name, getattr(self, field.name)) for field in fields(self))


def render(settings: SearchSettings, index: str | None = None, *, secrets: bool = False) -> Definitions:
    """Render the definitions that these settings ask for, of this index; of the first build, if none is named.

    Without `secrets` they may be shown and kept: the skill's key is left out and a storage account's connection string
    stays a placeholder. Raises DefinitionError, or SettingsError for a setting that is missing.
    """
    simple = settings.search_variant == "simple"
    extras = {
        "vector": settings.search_vector,
        "compare": bool(settings.compare_ai_services_url),
        "classifier": bool(settings.classifier_url),
    }
    if simple and any(extras.values()):
        chosen = " or ".join(name for name, wanted in extras.items() if wanted)
        raise DefinitionError(
            f"the simple variant keeps one document per blob and takes no {chosen}: set SEARCH_VARIANT=projections"
        )
    variants = choose_variants(
        **extras,
        identity=bool(settings.search_identity),
        entra=bool(settings.skill_resource_id),
        key=secrets and settings.skill_key is not None,
        schedule=settings.search_schedule != NEVER,
        private=bool(settings.search_private_links),
    )
    connection = settings.need("storage_connection")
    shown = secrets or connection.lower().startswith("resourceid=")
    prefix = settings.search_name_prefix
    given = {"prefix": prefix, "index": index or first_build(prefix)}
    if not shown:
        given["storage_connection"] = "${storage_connection}"
    templates = read_templates(simple=simple, variants=variants)
    return Definitions(
        **{kind: fill(templates[kind], lambda name: given.get(name) or settings.need(name)) for kind in KINDS}
    )
