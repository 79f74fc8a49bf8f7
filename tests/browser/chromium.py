"""A headless Chromium, driven over its DevTools protocol with the standard library alone.

    with Chromium() as chromium:
        page = chromium.open("file:///tmp/flamegraph.svg")
        page.evaluate("document.title")
        page.key("n")

https://chromedevtools.github.io/devtools-protocol/
"""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request

from browser_page import BrowserPage
from web_socket import ANSWER_TIMEOUT_S, WebSocket

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic",
    "--disable-extensions", "--hide-scrollbars=false", "--remote-debugging-port=0",
    "--remote-allow-origins=*", "--no-proxy-server", "--force-device-scale-factor=1",
]
START_TIMEOUT_S = 180


def find_chromium():
    """Path of the browser, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Page(BrowserPage):
    """One tab. Keys and clicks go through the browser's input handling, as a person's do."""

    def __init__(self, url):
        self.web_socket = WebSocket(url)
        self.n_calls = 0
        self.events = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        self.n_calls += 1
        self.web_socket.send(json.dumps({"id": self.n_calls, "method": method,
                                         "params": parameters}))
        while True:
            message = json.loads(self.web_socket.receive())
            if message.get("id") == self.n_calls:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def evaluate(self, expression):
        """The value of a JavaScript expression, as JSON carries it."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(json.dumps(result["exceptionDetails"])[:2000])
        return result["result"].get("value")

    def navigate(self, url):
        self.call("Page.navigate", url=url)

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)
        self.wait_for(f"innerWidth === {width}")
        self.settle()

    def color_scheme(self, scheme):
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])

    def key(self, key, shift=False):
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        code = {"Escape": 27, "Enter": 13, "Home": 36, "ArrowLeft": 37, "ArrowUp": 38,
                "ArrowRight": 39, "ArrowDown": 40, "Tab": 9}.get(key, 0)
        common = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def move(self, x, y):
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def click(self, x, y):
        self.move(x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def requests(self):
        """Addresses asked for so far."""
        return [event["params"]["request"]["url"] for event in self.events
                if event.get("method") == "Network.requestWillBeSent"]

    def complaints(self):
        """Uncaught exceptions and errors in the log so far."""
        return [event for event in self.events
                if event.get("method") == "Runtime.exceptionThrown"
                or (event.get("method") == "Log.entryAdded"
                    and event["params"]["entry"]["level"] == "error")]

    def close(self):
        self.web_socket.close()


class Chromium:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="browser-test-")
        self.process = subprocess.Popen(
            [find_chromium(), *FLAGS, f"--user-data-dir={self.folder}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.port = self.wait_for_port()

    def wait_for_port(self):
        """The browser writes the port it chose as the first line of this file."""
        path = os.path.join(self.folder, "DevToolsActivePort")
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the browser did not start"
            try:
                with open(path, encoding="ascii") as file:
                    return int(file.readline())
            except (OSError, ValueError):
                time.sleep(0.05)
        raise TimeoutError("the browser did not open its DevTools port")

    def open(self, url):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/json/new?about:blank",
                                         method="PUT")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=ANSWER_TIMEOUT_S) as answer:
            page = Page(json.load(answer)["webSocketDebuggerUrl"])
        page.size(1200, 800)
        page.color_scheme("light")
        page.go(url)
        return page

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
