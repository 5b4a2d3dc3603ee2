import azure.functions as func

from functions._asgi import call
from functions._http import answers_json

web = func.Blueprint()

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@web.route("v1/{*path}", methods=METHODS, auth_level=func.AuthLevel.ANONYMOUS)
@answers_json
async def api(req: func.HttpRequest) -> func.HttpResponse:
    """The API checks its own keys, so the function has none."""
    from shared.api.app import app  # noqa: PLC0415 - the queue functions start without FastAPI

    return await call(app(), req)
