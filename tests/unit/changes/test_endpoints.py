from tests.unit.api.stage import KEY

PATH = "/v1/tenants/acme/webhook-endpoints"
URL = {"url": "http://127.0.0.1:9/hook"}


async def test_the_secret_is_shown_once(stage):
    """The answer to the creation holds the secret; no later one does, and the vault keeps it."""
    async with stage.client() as api:
        made = (await api.post(PATH, json=URL)).json()
        listed = (await api.get(PATH)).json()["endpoints"]

    assert made["secret"].startswith("whsec_")
    assert list(stage.vault.secrets.values()) == [made["secret"]]
    assert [{"secret", *one} - set(one) for one in listed] == [{"secret"}]


async def test_a_deleted_endpoint_takes_its_secret_along(stage):
    """After a deletion neither the endpoint nor its secret is left."""
    async with stage.client(KEY) as api:
        made = (await api.post(PATH, json=URL)).json()
        deleted = await api.delete(f"{PATH}/{made['id']}")
        again = await api.delete(f"{PATH}/{made['id']}")

    assert (deleted.status_code, again.status_code) == (204, 404)
    assert stage.vault.secrets == {}


async def test_a_url_that_leads_inside_is_refused(stage):
    """An endpoint cannot be made to reach into the operator's own network."""
    async with stage.client() as api:
        answer = await api.post(PATH, json={"url": "https://169.254.169.254/metadata"})

    assert (answer.status_code, answer.json()["code"]) == (400, "endpoint-url-refused")
    assert stage.vault.secrets == {}


async def test_deliveries_cannot_start_in_the_future(stage):
    """`after` is at most the newest number."""
    async with stage.client() as api:
        answer = await api.post(PATH, json=URL | {"after": 1})

    assert answer.status_code == 400
