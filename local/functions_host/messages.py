"""The messages between host and worker, as plain dataclasses.

On Azure they are protobuf messages over gRPC (azure-functions-language-worker-protobuf, FunctionRpc.proto). The worker
library takes its message classes from whoever hosts it, so this module is handed to it as `protos`; the names are the
protocol's. Only what HTTP functions need is here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum
from types import ModuleType
from typing import ClassVar

type _Bytes = bytes  # in TypedData, fields hide these names
type _Int = int


@dataclass
class NullableString:
    value: str


@dataclass
class NullableBool:
    value: bool


@dataclass
class NullableDouble:
    value: float


@dataclass
class Timestamp:
    seconds: int


@dataclass
class NullableTimestamp:
    value: Timestamp


class CookieSameSite(IntEnum):
    Unspecified = 0
    Lax = 1
    Strict = 2
    ExplicitNone = 3


# The protocol's own word for a cookie that does not say, and a keyword in Python.
setattr(CookieSameSite, "None", CookieSameSite.Unspecified)


@dataclass
class RpcHttpCookie:
    SameSite: ClassVar = CookieSameSite

    name: str
    value: str
    domain: NullableString | None = None
    path: NullableString | None = None
    expires: NullableTimestamp | None = None
    secure: NullableBool | None = None
    http_only: NullableBool | None = None
    same_site: CookieSameSite = CookieSameSite.Unspecified
    max_age: NullableDouble | None = None


@dataclass
class TypedData:
    """A value of one type: at most one field is set (a protobuf `oneof`)."""

    http: "RpcHttp | None" = None
    string: str | None = None
    json: str | None = None
    bytes: _Bytes | None = None
    int: _Int | None = None
    double: float | None = None

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - protobuf's name
        """Return the name of the field that is set."""
        return next((f.name for f in fields(self) if getattr(self, f.name) is not None), None)


@dataclass
class RpcHttp:
    """An HTTP request (method, url, query, params) or response (status_code, cookies)."""

    method: str = ""
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: TypedData | None = None
    params: dict[str, str] = field(default_factory=dict[str, str])
    query: dict[str, str] = field(default_factory=dict[str, str])
    status_code: str = ""
    cookies: list[RpcHttpCookie] | None = None
    enable_content_negotiation: bool = False


@dataclass
class ParameterBinding:
    name: str
    data: TypedData | None

    def WhichOneof(self, _group: str) -> str:  # noqa: N802 - protobuf's name
        """The other choice, shared memory, is never used here."""
        return "data"


@dataclass
class RpcException:
    message: str = ""
    stack_trace: str = ""


@dataclass
class StatusResult:
    Failure: ClassVar = 0
    Success: ClassVar = 1

    status: int
    exception: RpcException | None = None


@dataclass
class WorkerMetadata:
    runtime_name: str
    runtime_version: str
    worker_version: str
    worker_bitness: str
    custom_properties: Mapping[str, str]


@dataclass
class WorkerInitRequest:
    capabilities: Mapping[str, str]


@dataclass
class WorkerInitResponse:
    capabilities: Mapping[str, str]
    worker_metadata: WorkerMetadata
    result: StatusResult


class DataType(IntEnum):
    undefined = 0
    string = 1
    binary = 2
    stream = 3


@dataclass
class BindingInfo:
    # Direction; `in` is a keyword.
    out: ClassVar = 1
    inout: ClassVar = 2
    undefined: ClassVar = DataType.undefined

    type: str
    direction: int
    data_type: DataType


@dataclass
class RpcFunctionMetadata:
    name: str
    directory: str
    script_file: str
    entry_point: str
    bindings: Mapping[str, BindingInfo]


@dataclass
class FunctionLoadRequest:
    function_id: str
    metadata: RpcFunctionMetadata


@dataclass
class FunctionLoadResponse:
    function_id: str
    result: StatusResult


@dataclass
class RpcTraceContext:
    trace_parent: str
    trace_state: str
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass
class RetryContext:
    retry_count: int = 0
    max_retry_count: int = 0
    exception: RpcException | None = None


@dataclass
class InvocationRequest:
    invocation_id: str
    function_id: str
    input_data: list[ParameterBinding]
    trace_context: RpcTraceContext
    trigger_metadata: Mapping[str, TypedData] = field(default_factory=dict[str, TypedData])
    retry_context: RetryContext = field(default_factory=RetryContext)


@dataclass
class InvocationResponse:
    invocation_id: str
    result: StatusResult
    return_value: TypedData | None = None
    output_data: list[ParameterBinding] = field(default_factory=list[ParameterBinding])


@dataclass
class StreamingMessage:
    """What the host sends: one of the requests."""

    worker_init_request: WorkerInitRequest | None = None
    function_load_request: FunctionLoadRequest | None = None
    invocation_request: InvocationRequest | None = None


@dataclass
class WorkerRequest:
    """A message as the worker library's functions take it, with what a hosting process adds."""

    request: StreamingMessage
    properties: Mapping[str, ModuleType | str] = field(default_factory=dict[str, "ModuleType | str"])
