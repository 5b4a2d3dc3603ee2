import azure.functions as func

from functions._http import answers_page, form_of, headers_of, page_response
from shared.onboarding.callback import finish_admin_consent, finish_sign_in
from shared.onboarding.landing import help_page, leave, start_page
from shared.services import services

oauth = func.Blueprint()


@oauth.route("oauth/start", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_page
async def oauth_start(req: func.HttpRequest) -> func.HttpResponse:
    """Only a press on a button leads on to Microsoft: mail scanners follow links by themselves."""
    act = leave if req.method == "POST" else start_page
    given = form_of(req) if req.method == "POST" else req.params
    return page_response(await act(services(), given.get("link", ""), given.get("as", "")))


@oauth.route("oauth/help", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_page
async def oauth_help(req: func.HttpRequest) -> func.HttpResponse:
    given = req.params
    return page_response(await help_page(services(), given.get("link", ""), given.get("code", "")))


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
