"""Saying where one is: every way to it, before a report and after."""

import io

from PIL import Image
from playwright.async_api import FilePayload, expect

from tests.pseudo import pseudo
from tests.states.scene import Scene, state

GROUP = "Where somebody is"
# Three more counties lie within the circle.
AT_A_BORDER = (30.2600, 120.1400)


async def _ways(scene: Scene) -> None:
    await scene.on_duty()
    await scene.home()
    await scene.page.click("#where")
    await expect(scene.page.locator("#place [data-way=lost]")).to_be_visible()


@state(GROUP, at=AT_A_BORDER)
async def near_a_border(scene: Scene) -> None:
    """Near a border the other counties are named, and what happens."""
    await scene.on_duty()
    await scene.page.context.set_geolocation(
        {"latitude": AT_A_BORDER[0], "longitude": AT_A_BORDER[1], "accuracy": 4000}
    )
    await scene.home()
    first = "accepts first has it"
    said = scene.say("先接收的受理", first if scene.language == "en" else pseudo(first))
    await expect(scene.page.locator("#where-desk")).to_contain_text(said)


@state(GROUP)
async def ways_to_say_where(scene: Scene) -> None:
    """The phone's own position in words, the ways to say another, and the report, which waits for none of them."""
    await _ways(scene)


@state(GROUP)
async def by_area(scene: Scene) -> None:
    """By city, county, street and village, without any map: the county in which the phone is stands open already."""
    await _ways(scene)
    await scene.page.click("[data-way=picker]")
    await expect(scene.page.locator(".crumb")).to_have_count(2)


@state(GROUP)
async def lost(scene: Scene) -> None:
    """Whoever does not know where they are looks around: what is written goes to the desk in this order."""
    await _ways(scene)
    await scene.page.click("[data-way=lost]")
    await scene.page.click(".things li:nth-child(1) button")
    await scene.page.fill("#lost-road", scene.say("G25 1203 公里", "G25 km 1203"))
    await scene.page.click(".things li:nth-child(4) button")
    await scene.page.fill("#lost-shop", scene.say("老王面馆", "Wang's noodles"))
    await expect(scene.page.locator(".said")).to_contain_text("1203")


@state(GROUP)
async def on_the_map(scene: Scene) -> None:
    """By hand: the map of the counties is dragged under the cross. Tiles behind it are a setting."""
    await _ways(scene)
    await scene.page.click("[data-way=map]")
    await expect(scene.page.locator(".map-said")).to_contain_text(scene.say("西湖区", "Xihu District"))


@state(GROUP)
async def from_a_photo(scene: Scene) -> None:
    """Where a photo was taken is read on the phone, said in words, and sent only when it is taken."""
    await _ways(scene)
    await scene.page.click("[data-way=photo]")
    await scene.page.set_input_files(".way-open input[type=file]", _photo())
    await expect(scene.page.locator(".offer-place")).to_contain_text(scene.say("西湖区", "Xihu District"))


@state(GROUP)
async def chosen_place(scene: Scene) -> None:
    """A place that was chosen stands on the first screen, and can be taken back."""
    await _ways(scene)
    await scene.page.click("[data-way=picker]")
    await scene.page.locator(".place-picks button").first.click()
    await scene.page.locator(".picked .solid").click()
    await expect(scene.page.locator("#where-desk")).not_to_be_empty()


@state(GROUP)
async def told_afterwards(scene: Scene) -> None:
    """The same ways in a report that is there already."""
    await scene.sign_in()
    await scene.file()
    await scene.page.click("#tell-place")
    await expect(scene.page.locator("#place-tell [data-way=lost]")).to_be_visible()
    await scene.page.locator("#place-tell").scroll_into_view_if_needed()


def _photo() -> FilePayload:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (30, 14, 34.8), 3: "E", 4: (120, 7, 15.6)})
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "#446").save(file, "JPEG", exif=exif)
    return FilePayload(name="现场.jpg", mimeType="image/jpeg", buffer=file.getvalue())
