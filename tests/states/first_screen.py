"""The first screen, as it is met."""

from playwright.async_api import Route, expect

from tests.states.scene import NOBODY, Scene, state

GROUP = "The first screen"
# In Shanghai, and off Zhoushan, further out than any desk reaches.
SHANGHAI, AT_SEA = (31.23, 121.47), (30.0, 123.9)


@state(GROUP)
async def opened(scene: Scene) -> None:
    """Opened for the first time. Whoever is in need taps the large button; nothing else has to be done before."""
    await scene.on_duty()
    await scene.home()
    await expect(scene.page.locator("#where[data-state=found]")).to_be_visible()


@state(GROUP)
async def signed_in(scene: Scene) -> None:
    """With a proved phone: what is written in the box goes with the tap."""
    await scene.on_duty()
    await scene.sign_in()
    await expect(scene.page.locator("#where[data-state=found]")).to_be_visible()
    await scene.page.fill(
        "#first-words", scene.say("有人在砸门，我躲在卧室", "Somebody is breaking in, I am hiding")
    )


@state(GROUP, at=None)
async def no_position(scene: Scene) -> None:
    """The phone tells no position. The report goes all the same: the place is asked for after the tap."""
    await scene.home()
    await expect(scene.page.locator("#where:not([data-state=asking])")).to_be_visible()


@state(GROUP, at=NOBODY)
async def nobody_at_the_desk(scene: Scene) -> None:
    """Nobody is at the desk just now. The page says so, and that the telephone is the better way."""
    await scene.sign_in()
    await expect(scene.page.locator("#where[data-state=warning]")).to_be_visible()


@state(GROUP, at=SHANGHAI)
async def outside_the_province(scene: Scene) -> None:
    """Outside Zhejiang: whom to call."""
    await scene.home()
    await expect(scene.page.locator("#where[data-state=warning]")).to_be_visible()


@state(GROUP, at=AT_SEA)
async def at_sea(scene: Scene) -> None:
    """Far out at sea: the coast guard and the rescue centre."""
    await scene.home()
    await expect(scene.page.locator("#where-calls .call").first).to_be_visible()


@state(GROUP)
async def report_under_way(scene: Scene) -> None:
    """Back at the first screen with a report under way: it stands on top."""
    await scene.received()
    await scene.page.click("#back")
    await expect(scene.page.locator(".notice[data-kind=running]")).to_be_visible()


@state(GROUP)
async def pressed_before_the_scripts(scene: Scene) -> None:
    """Pressed while the scripts are on their way: it is noted, said so, and done once they are there."""

    async def empty(route: Route) -> None:
        await route.fulfill(body="", content_type="text/javascript")

    await scene.page.route("**/app.js", empty)
    await scene.page.goto("/")
    # They are not given up after 8 s: time stands still.
    await scene.page.evaluate("for (const one of document.getAnimations()) one.playbackRate = 0")
    await scene.page.click("#quick")
    await expect(scene.page.locator(".quick-pressed")).to_be_visible()


@state(GROUP)
async def scripts_that_never_come(scene: Scene) -> None:
    """The scripts do not come: after 8 s the button says what to do instead."""

    async def lose(route: Route) -> None:
        await route.abort()

    await scene.page.route("**/*.js", lose)
    await scene.page.goto("/")
    broken = scene.page.locator(".quick-broken")
    await expect(broken).to_have_css("opacity", "1", timeout=15_000)
    await expect(broken).to_be_visible()
