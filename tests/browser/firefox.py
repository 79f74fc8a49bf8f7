"""A headless Firefox, driven over WebDriver BiDi with the standard library alone. As chromium.py.

https://w3c.github.io/webdriver-bidi/
"""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time

from browser_page import BrowserPage
from web_socket import WebSocket

START_TIMEOUT_S = 180

# No first-run pages, no updates, no reports: nothing is asked of the network.
PREFERENCES = {
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.aboutwelcome.enabled": False,
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.server": "",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "extensions.update.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "layout.css.prefers-color-scheme.content-override": 1,
}

# https://www.w3.org/TR/webdriver2/#keyboard-actions
KEYS = {"Escape": "\ue00c", "Enter": "\ue007", "Home": "\ue011", "ArrowLeft": "\ue012",
        "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015", "Tab": "\ue004",
        "Shift": "\ue008"}


def find_firefox():
    """Path of the browser, or None."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


class FirefoxPage(BrowserPage):
    """One tab. Keys and clicks go through the browser's input handling, as a person's do."""

    def __init__(self, firefox):
        self.firefox = firefox
        self.context = firefox.call("browsingContext.create", type="tab")["context"]
        self.n_events = len(firefox.events)

    def call(self, method, **parameters):
        return self.firefox.call(method, context=self.context, **parameters)

    def evaluate(self, expression):
        """The value of a JavaScript expression, as JSON carries it."""
        result = self.firefox.call(
            "script.evaluate", target={"context": self.context}, awaitPromise=True,
            expression=f"Promise.resolve({expression}\n).then((value) => JSON.stringify(value))")
        if result["type"] == "exception":
            raise RuntimeError(json.dumps(result["exceptionDetails"])[:2000])
        value = result["result"].get("value")
        return None if value is None else json.loads(value)

    def navigate(self, url):
        self.call("browsingContext.navigate", url=url, wait="complete")

    def size(self, width, height):
        self.call("browsingContext.setViewport", viewport={"width": width, "height": height},
                  devicePixelRatio=1)
        self.wait_for(f"innerWidth === {width}")
        self.settle()

    def act(self, kind, actions, **more):
        self.call("input.performActions",
                  actions=[{"type": kind, "id": kind, "actions": actions, **more}])

    def key(self, key, shift=False):
        value = KEYS.get(key, key)
        actions = [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        if shift:
            actions = [{"type": "keyDown", "value": KEYS["Shift"]}, *actions,
                       {"type": "keyUp", "value": KEYS["Shift"]}]
        self.act("key", actions)

    def point(self, x, y, *actions):
        self.act("pointer", [{"type": "pointerMove", "x": round(x), "y": round(y)}, *actions],
                 parameters={"pointerType": "mouse"})

    def move(self, x, y):
        self.point(x, y)

    def click(self, x, y):
        self.point(x, y, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0})

    def screenshot(self, path):
        data = self.call("browsingContext.captureScreenshot")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def own_events(self, method):
        for event in self.firefox.events[self.n_events:]:
            parameters = event["params"]
            source = parameters.get("context", parameters.get("source", {}).get("context"))
            if event["method"] == method and source == self.context:
                yield parameters

    def requests(self):
        """Addresses asked for so far."""
        return [event["request"]["url"] for event in self.own_events("network.beforeRequestSent")]

    def complaints(self):
        """Uncaught exceptions and errors in the log so far."""
        return [event for event in self.own_events("log.entryAdded") if event["level"] == "error"]

    def close(self):
        self.call("browsingContext.close")


class Firefox:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="browser-test-")
        with open(os.path.join(self.folder, "user.js"), "w", encoding="utf-8") as file:
            for name, value in PREFERENCES.items():
                file.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
        self.process = subprocess.Popen(
            [find_firefox(), "--headless", "--no-remote", "--profile", self.folder,
             "--remote-debugging-port=0", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "MOZ_DISABLE_AUTO_SAFE_MODE": "1", "HOME": self.folder})
        self.n_calls = 0
        self.events = []
        self.web_socket = WebSocket(f"ws://127.0.0.1:{self.wait_for_port()}/session")
        self.call("session.new", capabilities={})
        self.call("session.subscribe",
                  events=["log.entryAdded", "network.beforeRequestSent"])

    def wait_for_port(self):
        """The browser says in this file where it listens."""
        path = os.path.join(self.folder, "WebDriverBiDiServer.json")
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the browser did not start"
            try:
                with open(path, encoding="utf-8") as file:
                    return json.load(file)["ws_port"]
            except (OSError, ValueError):
                time.sleep(0.05)
        raise TimeoutError("the browser did not open its WebDriver port")

    def call(self, method, **parameters):
        self.n_calls += 1
        self.web_socket.send(json.dumps({"id": self.n_calls, "method": method,
                                         "params": parameters}))
        while True:
            message = json.loads(self.web_socket.receive())
            if message.get("id") == self.n_calls:
                if message["type"] == "error":
                    raise RuntimeError(f"{method}: {message['error']}: {message['message']}")
                return message["result"]
            self.events.append(message)

    def open(self, url):
        page = FirefoxPage(self)
        page.size(1200, 800)
        page.go(url)
        return page

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.web_socket.close()
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
