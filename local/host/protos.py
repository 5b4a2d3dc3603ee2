"""The messages that Microsoft's Python runtime reads and builds, as plain Python.

The runtime takes its message types as an injected module and never imports protobuf, so
this module is enough. Names and fields follow FunctionRpc.proto as the runtime uses it.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum
from typing import Any, ClassVar


class OneOf:
    """A message of which exactly one field is set, or none."""

    fields: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, **values: Any) -> None:
        if unknown := set(values) - self.fields:
            raise ValueError(f"{type(self).__name__} has no field {sorted(unknown)}")
        self.kind = next(iter(values), None)
        self.value: Any = values.get(self.kind) if self.kind else None

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - protobuf's name
        return self.kind

    def __getattr__(self, name: str) -> Any:
        if name not in type(self).fields:
            raise AttributeError(name)
        return self.value if name == self.kind else None


class TypedData(OneOf):
    fields = frozenset(
        {
            "string",
            "json",
            "bytes",
            "stream",
            "http",
            "int",
            "double",
            "collection_bytes",
            "collection_string",
            "collection_double",
            "collection_sint64",
            "model_binding_data",
            "collection_model_binding_data",
        }
    )

    def __getattr__(self, name: str) -> Any:
        # Protobuf has no attribute of that name either; the runtime probes for it.
        if name == "TypedData":
            raise AttributeError(name)
        return super().__getattr__(name)


@dataclass
class ParameterBinding:
    name: str
    data: TypedData | None = None

    def WhichOneof(self, _group: str) -> str:  # noqa: N802 - protobuf's name
        return "data"


@dataclass
class RpcException:
    message: str = ""
    stack_trace: str = ""
    source: str = ""


@dataclass
class StatusResult:
    Failure: ClassVar[int] = 0
    Success: ClassVar[int] = 1
    Cancelled: ClassVar[int] = 2

    status: int = Failure
    exception: RpcException = field(default_factory=RpcException)


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


class _SameSite(IntEnum):
    Lax = 1
    Strict = 2
    ExplicitNone = 3


# protobuf names the first value "None", which Python cannot write as an identifier.
setattr(_SameSite, "None", 0)


@dataclass
class RpcHttpCookie:
    SameSite: ClassVar[Any] = _SameSite

    name: str
    value: str
    domain: NullableString | None = None
    path: NullableString | None = None
    expires: NullableTimestamp | None = None
    secure: NullableBool | None = None
    http_only: NullableBool | None = None
    same_site: int = 0
    max_age: NullableDouble | None = None


@dataclass
class RpcHttp:
    """A request, or a response when `status_code` is set."""

    method: str = ""
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: TypedData = field(default_factory=TypedData)
    params: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    status_code: str = ""
    cookies: list[RpcHttpCookie] | None = None
    enable_content_negotiation: bool = False


@dataclass
class BindingInfo:
    inout: ClassVar[int] = 2
    out: ClassVar[int] = 1
    undefined: ClassVar[int] = 0

    type: str
    data_type: int | None = None
    direction: int = 0


@dataclass
class RpcRetryOptions:
    max_retry_count: int = 0
    retry_strategy: str = ""
    delay_interval: timedelta | None = None
    minimum_interval: timedelta | None = None
    maximum_interval: timedelta | None = None


@dataclass
class RpcFunctionMetadata:
    name: str
    function_id: str
    raw_bindings: list[str]
    directory: str = ""
    script_file: str = ""
    entry_point: str = ""
    language: str = ""
    managed_dependency_enabled: bool = False
    is_proxy: bool = False
    bindings: dict[str, BindingInfo] = field(default_factory=dict)
    retry_options: RpcRetryOptions | None = None
    properties: dict[str, str] = field(default_factory=dict)


@dataclass
class WorkerMetadata:
    runtime_name: str
    runtime_version: str
    worker_version: str
    worker_bitness: str
    custom_properties: dict[str, str] = field(default_factory=dict)


@dataclass
class WorkerInitResponse:
    result: StatusResult
    capabilities: dict[str, str] = field(default_factory=dict)
    worker_metadata: WorkerMetadata | None = None


@dataclass
class FunctionMetadataResponse:
    result: StatusResult
    function_metadata_results: list[RpcFunctionMetadata] | None = None
    use_default_metadata_indexing: bool = False


@dataclass
class InvocationResponse:
    invocation_id: str
    result: StatusResult
    return_value: TypedData | None = None
    output_data: list[ParameterBinding] = field(default_factory=list)


@dataclass
class WorkerInitRequest:
    function_app_directory: str
    capabilities: dict[str, str] = field(default_factory=dict)


@dataclass
class RpcTraceContext:
    trace_parent: str = ""
    trace_state: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


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
    trigger_metadata: dict[str, TypedData] = field(default_factory=dict)
    trace_context: RpcTraceContext = field(default_factory=RpcTraceContext)
    retry_context: RetryContext = field(default_factory=RetryContext)


@dataclass
class StreamingMessage:
    worker_init_request: WorkerInitRequest | None = None
    invocation_request: InvocationRequest | None = None
    functions_metadata_request: object = None
