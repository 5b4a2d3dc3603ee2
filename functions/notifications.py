from html import escape

import azure.functions as func

from functions._http import answers_json
from functions._notices import take_notices
from shared.services import services

notifications = func.Blueprint()


@notifications.route("graph/notifications", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_json
async def graph_notifications(req: func.HttpRequest) -> func.HttpResponse:
    return await _taken(req)


@notifications.route("graph/lifecycle", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_json
async def graph_lifecycle(req: func.HttpRequest) -> func.HttpResponse:
    return await _taken(req)


async def _taken(req: func.HttpRequest) -> func.HttpResponse:
    """Graph's handshake wants its token back as plain text within ten seconds."""
    if token := req.params.get("validationToken"):
        headers = {"Content-Type": "text/plain", "X-Content-Type-Options": "nosniff"}
        return func.HttpResponse(escape(token, quote=False), headers=headers)
    await take_notices(services(), req.params.get("calendar", ""), req.get_body())
    return func.HttpResponse(status_code=202)
