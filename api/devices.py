"""What kind of device a session was opened on, so that its owner knows it again: two words, nothing to track by."""

from typing import Final

# The first that fits counts: most systems and browsers name others too.
SYSTEMS: Final = (
    ("harmony", "HarmonyOS"),
    ("android", "Android"),
    ("iphone", "iPhone"),
    ("ipad", "iPad"),
    ("mac", "Macintosh"),
    ("windows", "Windows"),
    ("linux", "Linux"),
)
BROWSERS: Final = (
    ("wechat", "MicroMessenger"),
    ("alipay", "AlipayClient"),
    ("edge", "Edg"),
    ("firefox", "Firefox"),
    ("firefox", "FxiOS"),
    ("chrome", "Chrome"),
    ("chrome", "CriOS"),
    ("safari", "Safari"),
)
OTHER: Final = "other"


def device_of(user_agent: str) -> str:
    """System and browser, a word each: `android wechat`; `other` for what is not known."""
    return f"{_first(SYSTEMS, user_agent)} {_first(BROWSERS, user_agent)}"


def words_of(device: str) -> tuple[str, str]:
    """The two words again; `other` for a session of before they were kept."""
    system, _, browser = device.partition(" ")
    return system or OTHER, browser or OTHER


def _first(known: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((word for word, sign in known if sign in user_agent), OTHER)
