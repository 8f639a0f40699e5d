"""A browser in words, as far as its User-Agent says: “Chrome（Windows）”."""

BROWSERS = (
    ("MicroMessenger", "微信"), ("DingTalk", "钉钉"), ("Edg", "Edge"), ("OPR/", "Opera"),
    ("QQBrowser", "QQ 浏览器"), ("QIHU", "360 浏览器"), ("360SE", "360 浏览器"),
    ("Firefox", "Firefox"), ("HeadlessChrome", "Chrome"), ("Chrome", "Chrome"),
    ("Safari", "Safari"), ("Trident", "IE"), ("curl", "curl"), ("python", "Python 程序"),
)  # fmt: skip
SYSTEMS = (
    ("Windows", "Windows"), ("HarmonyOS", "鸿蒙"), ("OpenHarmony", "鸿蒙"), ("iPhone", "iPhone"),
    ("iPad", "iPad"), ("Android", "安卓"), ("Mac OS X", "macOS"), ("UOS", "统信"),
    ("Kylin", "麒麟"), ("Linux", "Linux"),
)  # fmt: skip


def browser_of(user_agent: str) -> str:
    """'' where nothing is said; what is not known is shown as it came."""
    name = next((words for mark, words in BROWSERS if mark in user_agent), "")
    system = next((words for mark, words in SYSTEMS if mark in user_agent), "")
    if not name:
        return system or user_agent[:40]
    return f"{name}（{system}）" if system else name
