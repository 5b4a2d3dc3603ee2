import azure.functions as func

from functions._http import answers_page, headers_of, page_response
from shared.onboarding.callback import finish_admin_consent, finish_sign_in
from shared.onboarding.links import open_link
from shared.services import services

oauth = func.Blueprint()


@oauth.route("oauth/start", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_page
async def oauth_start(req: func.HttpRequest) -> func.HttpResponse:
    return page_response(await open_link(services(), req.params.get("link", "")))


@oauth.route("oauth/callback", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_page
async def oauth_callback(req: func.HttpRequest) -> func.HttpResponse:
    cookies = headers_of(req).get("cookie", "")
    return page_response(await finish_sign_in(services(), dict(req.params), cookies))


@oauth.route("oauth/admin-consent", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_page
async def oauth_admin_consent(req: func.HttpRequest) -> func.HttpResponse:
    cookies = headers_of(req).get("cookie", "")
    return page_response(await finish_admin_consent(services(), dict(req.params), cookies))
