"""The HTTP-triggered Function: translates between azure.functions and the skill, and nothing else."""

import azure.functions as func

from shared.serving.api import handle


def main(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    reply = handle(req.method, req.headers, req.get_body(), context.trace_context.trace_parent)
    return func.HttpResponse(
        reply.body, status_code=reply.status, headers=dict(reply.headers), mimetype="application/json"
    )
