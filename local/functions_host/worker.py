"""Microsoft's Python worker as a library: load functions, invoke them, and say what went wrong.

The worker (azure-functions-runtime-v1) is loaded into this process, which `worker_main` is. It imports scripts as
`__app__.<Function>`, runs async functions on the event loop and sync ones in its own thread pool
(`PYTHON_THREADPOOL_THREAD_COUNT`).
"""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import cast

import azure_functions_runtime_v1 as runtime

from local.functions_host import messages
from local.functions_host.function_json import DIRECTIONS, FunctionDefinition


class FunctionFailedError(Exception):
    """A function raised; `trace` is the traceback."""

    def __init__(self, message: str, trace: str) -> None:
        super().__init__(message)
        self.trace = trace


@dataclass
class Worker:
    """The one worker of this process (its state is global to the library)."""

    running: dict[str, str] = field(default_factory=dict[str, str])
    """Names of the functions that run at this moment, by invocation id."""

    async def start(self, host_address: str) -> None:
        """Start the library. `azure.functions` is imported here, from wherever sys.path has it first."""
        request = messages.StreamingMessage(worker_init_request=messages.WorkerInitRequest(capabilities={}))
        await runtime.worker_init_request(
            messages.WorkerRequest(request, properties={"host": host_address, "protos": messages})
        )
        runtime.start_threadpool_executor()

    async def load(self, function: FunctionDefinition) -> str | None:
        """Import the function's script and check its signature against function.json.

        Returns:
            None, or the traceback where the import failed or the signature does not fit.
        """
        metadata = messages.RpcFunctionMetadata(
            name=function.name,
            directory=str(function.folder),
            script_file=str(function.script),
            entry_point=function.entry_point,
            bindings={
                binding.name: messages.BindingInfo(
                    type=binding.type,
                    direction=DIRECTIONS.index(binding.direction),
                    data_type=messages.DataType[binding.data_type],
                )
                for binding in function.bindings.values()
            },
        )
        request = messages.StreamingMessage(
            function_load_request=messages.FunctionLoadRequest(function.name, metadata=metadata)
        )
        response = await runtime.function_load_request(messages.WorkerRequest(request))
        result = cast("messages.FunctionLoadResponse", response).result
        return result.exception.stack_trace if result.exception else None

    async def invoke(
        self,
        function: FunctionDefinition,
        invocation_id: str,
        http: messages.RpcHttp,
        trace: messages.RpcTraceContext,
    ) -> messages.TypedData | None:
        """Run the function on one request and return what it gave its http output; None if it has none.

        Raises:
            FunctionFailedError: it raised, or returned what its bindings can't take.
        """
        invocation = messages.InvocationRequest(
            invocation_id=invocation_id,
            function_id=function.name,
            input_data=[messages.ParameterBinding(function.trigger, messages.TypedData(http=http))],
            trace_context=trace,
        )
        # The worker sets this for sync functions, on their thread; log lines of async ones need it just as much.
        cast("ContextVar[str | None]", runtime.invocation_id_cv).set(invocation_id)
        self.running[invocation_id] = function.name
        try:
            response = await runtime.invocation_request(
                messages.WorkerRequest(messages.StreamingMessage(invocation_request=invocation))
            )
        finally:
            del self.running[invocation_id]
        answer = cast("messages.InvocationResponse", response)
        if answer.result.exception:
            raise FunctionFailedError(answer.result.exception.message, answer.result.exception.stack_trace)
        if function.response == "$return":
            return answer.return_value
        return next((output.data for output in answer.output_data if output.name == function.response), None)
