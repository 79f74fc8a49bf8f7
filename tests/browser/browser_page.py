"""What the pages of all browsers can do, on top of evaluate(), key(), navigate()..."""
import time


class BrowserPage:
    def wait_for(self, expression, timeout_s=20):
        """Until a JavaScript expression is true."""
        deadline = time.monotonic() + timeout_s
        while not self.evaluate(expression):
            assert time.monotonic() < deadline, f"never true: {expression}"
            time.sleep(0.02)

    def go(self, url):
        self.navigate("about:blank")
        self.wait_for("location.href === 'about:blank'")
        self.navigate(url)
        if url != "about:blank":
            self.wait_for("location.href !== 'about:blank' && document.readyState === 'complete'")

    def settle(self):
        """Until what has changed is drawn."""
        self.evaluate("new Promise((done) => "
                      "requestAnimationFrame(() => requestAnimationFrame(done)))")

    def type(self, text):
        for character in text:
            self.key(character)
