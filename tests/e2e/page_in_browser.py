"""Runs in the pod: drives the page in a headless Chromium and fails on anything unexpected.

Its only argument is JSON: the page's URL with its token, the commands of a pull that succeeds and a push that fails, the
folder for screenshots, and markup that must be shown as text.
"""

import json
import subprocess
import sys
import time
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

WIDE, NARROW = (1280, 1250), (320, 900)
PATIENCE = 15
OPTIONS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server",
    "--disable-background-networking", "--no-first-run", "--force-prefers-reduced-motion",
]  # fmt: skip

parameters = json.loads(sys.argv[1])
options = webdriver.ChromeOptions()
for option in OPTIONS:
    options.add_argument(option)
options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
browser = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


def eventually(condition):
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def text(selector: str) -> str:
    return browser.find_element(By.CSS_SELECTOR, selector).text


def shown_items() -> list:
    return [item for item in browser.find_elements(By.CSS_SELECTOR, "#list li") if item.is_displayed()]


def focused():
    return browser.switch_to.active_element


def press(*keys: str) -> None:
    for key in keys:
        focused().send_keys(key)


def look(size: tuple[int, int], scheme: str) -> None:
    width, height = size
    scheme_wanted = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme_wanted)
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def picture(name: str) -> None:
    browser.execute_script("scrollTo(0, 0)")
    browser.save_screenshot(f"{parameters['pictures']}/{name}.png")


def get(path: str) -> dict:
    script = "const done = arguments[1]; fetch(arguments[0]).then((a) => a.json()).then(done)"
    return browser.execute_async_script(script, path)


def run(argv: list[str]) -> int:
    return subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode


def opens_with_the_token_only(origin: str) -> None:
    browser.get(origin + "/")
    assert "token" in text("body") and not browser.find_elements(By.ID, "list"), "the page is accessible without the token"
    browser.get_log("browser")  # discard the message about the 403
    browser.get(parameters["url"])
    assert eventually(lambda: browser.find_elements(By.ID, "connection") and text("#connection") == "live"), "the page did not connect"
    assert browser.current_url == origin + "/", f"the token is still in the address bar: {browser.current_url}"
    assert browser.execute_script("return document.cookie") == "", "scripts can read the cookie"


def shows_a_pull_as_it_happens() -> None:
    assert not shown_items(), "the list is not empty at the start"
    assert run(parameters["pull"]) == 0, "the pull failed"
    assert eventually(shown_items), "the pull does not appear"
    assert not browser.find_elements(By.CSS_SELECTOR, "#list .failed"), "the pull is shown as failed"
    browser.find_elements(By.CSS_SELECTOR, "#list button")[-1].click()
    assert eventually(lambda: "Nothing went wrong." in text("#detail")), "the pull's details are not shown"
    assert "token server" in text("#detail .lanes") and "scope" in text("#detail"), "the handshake is not shown"
    assert eventually(lambda: "repository:team-a/seed:pull" in text("#tokens")), "the token is not listed"
    picture("page-success")


def shows_a_failing_push_as_it_happens() -> None:
    assert run(parameters["push"]) != 0, "the push succeeded but should have failed"
    assert eventually(lambda: browser.find_elements(By.CSS_SELECTOR, "#list .failed")), "the push does not appear"
    assert eventually(lambda: "Failed" in browser.find_element(By.ID, "announcer").get_attribute("textContent"))


def can_be_used_by_keyboard() -> None:
    item_count = len(shown_items())
    browser.refresh()  # brings back the earlier exchanges and clears the focus
    assert eventually(lambda: len(shown_items()) >= item_count), "a page opened later does not show earlier exchanges"
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert "Skip" in focused().text, "the first Tab stop is not the skip link"
    press(Keys.ENTER)
    for _ in range(10):
        press(Keys.TAB)
        if focused().find_elements(By.XPATH, "ancestor::ol[@id='list']"):
            break
    press(Keys.HOME)
    for _ in range(len(shown_items())):
        if "granted-less" in focused().text:
            break
        press(Keys.ARROW_DOWN)
    assert "granted-less" in focused().text, f"the arrow keys lead to {focused().text}, not to the failed push"
    press(Keys.ENTER)
    assert focused().get_attribute("id") == "detail-title", "the focus did not move to the opened item"


def explains_the_push() -> None:
    detail = text("#detail")
    for wanted in ("granted-less", "What to do", "bob", "/run/secrets/regpass/config.json", "scope needed"):
        assert wanted in detail, f"the details do not contain {wanted!r}: {detail}"
    broken = browser.find_elements(By.CSS_SELECTOR, "#detail .sequence .broken")
    assert len(broken) == 1 and "it broke here" in broken[0].text, "the sequence diagram does not mark the failed step"
    picture("page-failure")


def filters() -> None:
    box, all_of_them = browser.find_element(By.ID, "filter-text"), len(shown_items())
    box.send_keys("nothing has this in it")
    assert eventually(lambda: not shown_items()) is True, "the text filter has no effect"
    assert text("#filter-count").startswith("0 of ")
    box.send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.DELETE)
    assert eventually(lambda: len(shown_items()) == all_of_them), "an empty filter does not show everything"
    browser.find_element(By.ID, "filter-failed").click()
    failed = browser.find_elements(By.CSS_SELECTOR, "#list .failed")
    assert 0 < len(shown_items()) == len(failed) < all_of_them, "the failures checkbox has no effect"
    browser.find_element(By.ID, "filter-failed").click()


def takes_text_for_text() -> None:
    assert parameters["markup"] in text("#credentials"), "the credential whose key is markup is not shown"
    assert not browser.find_elements(By.TAG_NAME, "img") and browser.title == "regpass", "text was interpreted as markup"


def fits_small_and_dark_screens() -> None:
    for scheme in ("dark", "light"):
        look(NARROW, scheme)
        width = browser.execute_script("return document.documentElement.scrollWidth")
        assert width <= NARROW[0], f"in a window of {NARROW[0]} pixels the page is {width} pixels wide"
    look(WIDE, "dark")
    colours = browser.execute_script("const s = getComputedStyle(document.body); return s.color + s.backgroundColor")
    look(WIDE, "light")
    assert colours != browser.execute_script(
        "const s = getComputedStyle(document.body); return s.color + s.backgroundColor"
    ), "the dark colour scheme has no effect"


def reads_without_eyes() -> None:
    nodes = [node for node in browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"] if not node["ignored"]]

    def of(role: str) -> list[str]:
        return [node.get("name", {}).get("value", "") for node in nodes if node["role"]["value"] == role]

    for role in ("banner", "main", "search", "status"):
        assert of(role), f"the page has no element with the role {role}"
    assert {"Exchanges", "Credentials known", "Tokens held"} <= set(of("region")), f"regions: {of('region')}"
    for role in ("button", "link", "textbox", "searchbox", "combobox", "checkbox"):
        assert all(of(role)), f"an element with the role {role} has no accessible name"


def gives_an_archive() -> None:
    archive = get("/har")["log"]
    assert archive["version"] == "1.2" and archive["entries"], "the HAR is empty"
    assert "granted-less" in json.dumps(archive), "the HAR has no explanation"


def asked_nobody_else(origin: str) -> None:
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = {
        message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent"
    }
    assert urls, "the browser's log contains no request"
    foreign = [url for url in urls if not url.startswith(origin + "/")]
    assert not foreign, f"the page sent requests to other hosts: {foreign}"


try:
    parts = urlsplit(parameters["url"])
    home = f"{parts.scheme}://{parts.netloc}"
    look(WIDE, "light")
    opens_with_the_token_only(home)
    shows_a_pull_as_it_happens()
    shows_a_failing_push_as_it_happens()
    can_be_used_by_keyboard()
    explains_the_push()
    filters()
    takes_text_for_text()
    fits_small_and_dark_screens()
    reads_without_eyes()
    gives_an_archive()
    asked_nobody_else(home)
    complaints = browser.get_log("browser")
    assert not complaints, f"the browser console reports {complaints}"
finally:
    browser.quit()
