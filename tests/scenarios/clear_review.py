"""A company that uses Clear Review, and people who connect by themselves."""

PRESET = {"preset": "clear_review"}


async def company(scene, *people, **tenant):
    return await scene.customer(*people, policy=PRESET, **tenant)


async def link_for(customer, who, **wanted):
    """Only that account can use it."""
    expected = customer.address(who)
    return await customer.scene.consent_link(customer, "user", expected=expected, **wanted)


async def connected(scene, somebody, who="megan", **tenant):
    """Somebody who connected their own calendar."""
    customer = await company(scene, who, **tenant)
    link = await link_for(customer, who)
    somebody().agree(link["url"], customer.address(who))
    await customer.in_state(who, "active")
    return customer


async def person(customer, who):
    return (await customer.api("GET", f"/people/{who}")).json()
