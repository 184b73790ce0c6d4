"""The exported page in a real Chromium: what a reader does with it, and what hostile messages try."""

import json
import pathlib
import tempfile
import unittest

from browser import ROOT, Browser, export, sql, thread
from playwright.sync_api import expect

# 1 user ─ 2 assistant, 3 assistant (with a call), 4 assistant; 3 ─ 5 tool ─ 6 assistant; 4 ─ 7 user
BRANCHES = [
    (None, "user", "Where is north?"),
    (1, "assistant", "Up."),
    (
        1,
        "assistant",
        "I look.",
        {"item": {"model": "m-1", "tool_calls": [{"id": "c", "function": {"name": "compass", "arguments": '{"at":7}'}}]}},
    ),
    (1, "assistant", "To the left.", {"labels": [{"label": "left", "created_at": 5}]}),
    (3, "tool", "needle quivers", {"item": {"tool_call_id": "c"}}),
    (5, "assistant", "There, behind the **hill**."),
    (4, "user", "My left or yours?"),
]

# What tells that something was run: each sets a flag.
HOSTILE = [
    "<script>window.hit = 1</script>",
    "</script><script>window.hit = 1</script>",
    "<!--<script>window.hit = 1</script>",
    "]]></script><svg onload='window.hit = 1'>",
    "<img src=x onerror='window.hit = 1'>",
    "<iframe srcdoc='<script>parent.hit = 1</script>'></iframe>",
    "[link](javascript:window.hit=1) <a href='javascript:window.hit=1'>here</a>",
    "```html\n<script>window.hit = 1</script>\n```",
    "`<b onmouseover=window.hit=1>` **<i onclick=window.hit=1>**",
    "{{data}} {{script}} ${window.hit = 1} {{constructor.constructor('window.hit = 1')()}}",
    "</style><script>window.hit = 1</script>\u2028\u2029\u0000\u202e",
    '";window.hit=1;//',
    "__proto__",
    "constructor",
]


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = cls.enterClassContext(Browser())

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def show(self, messages=BRANCHES, leaf=6, title="Title", **options):
        page = self.browser.open(export(self.directory, "t", thread(messages, leaf, title)), **options)
        self.addCleanup(page.close)
        return page

    def texts(self, page):
        return page.locator("article .text").all_text_contents()

    def fine(self, page):
        self.assertEqual(page.wrong, [])
        self.assertEqual([url for url in page.asked if not url.startswith("file:")], [])

    def test_the_current_branch_is_shown(self):
        page = self.show()
        expect(page).to_have_title("Title")
        expect(page.get_by_role("heading", level=1)).to_have_text("Title")
        expect(page.locator("#facts")).to_have_text("7 messages · 3 branches · 9 Oct 2025")
        self.assertEqual(self.texts(page), ["Where is north?", "I look.", "There, behind the **hill**."])
        self.assertEqual(page.locator("article h2").all_text_contents(), ["User", "Assistant", "Tool", "Assistant"])
        expect(page.locator("article time").first).to_have_attribute("datetime", "2025-10-09T08:53:21.000Z")
        expect(page.locator("#m3")).to_contain_text("m-1")
        # Calls and results are folded, and come out at a click.
        call = page.locator("#m3 details")
        expect(call.locator("summary")).to_have_text("Call of compass")
        expect(call.locator("pre")).to_have_count(0)
        call.locator("summary").click()
        expect(call.locator("pre")).to_have_text('{\n  "at": 7\n}')
        page.locator("#m5 summary").click()
        expect(page.locator("#m5 pre")).to_have_text("needle quivers")
        self.fine(page)

    def test_alternatives_are_switched_by_their_buttons(self):
        page = self.show()
        versions = page.get_by_role("group", name="Alternatives")
        expect(versions).to_have_text("‹2/3›")
        page.get_by_role("button", name="Next alternative").click()
        expect(versions).to_have_text("‹3/3›")
        self.assertEqual(self.texts(page), ["Where is north?", "To the left.", "My left or yours?"])
        expect(page.locator("#m4 .label")).to_have_text("left")
        expect(page.get_by_role("button", name="Next alternative")).to_be_disabled()
        expect(page.locator("#said")).to_have_text("Alternative 3 of 3")
        page.get_by_role("button", name="Previous alternative").click()
        # The focus stays on the button, so that it can be pressed again.
        page.keyboard.press("Enter")
        expect(versions).to_have_text("‹1/3›")
        self.assertEqual(self.texts(page), ["Where is north?", "Up."])
        self.fine(page)

    def test_a_click_into_the_tree_shows_that_message(self):
        page = self.show()
        self.assertEqual(page.locator("#picture g[data-n] circle.near").count(), 7)
        self.assertEqual(page.locator("#picture g.on[data-n]").count(), 4)
        page.locator("#picture g[data-n='4'] circle.near").click()
        self.assertEqual(self.texts(page), ["Where is north?", "To the left.", "My left or yours?"])
        expect(page.locator("#m4")).to_be_focused()
        self.assertEqual(page.locator("#picture g.on[data-n] circle.near").count(), 3)
        self.fine(page)

    def test_the_keyboard_goes_everywhere(self):
        page = self.show()
        page.keyboard.press("ArrowDown")
        expect(page.locator("#m1")).to_be_focused()
        page.keyboard.press("ArrowDown")
        expect(page.locator("#m3")).to_be_focused()
        page.keyboard.press("ArrowLeft")
        expect(page.locator("#m2")).to_be_focused()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        expect(page.locator("#m4")).to_be_focused()
        page.keyboard.press("End")
        expect(page.locator("#m7")).to_be_focused()
        page.keyboard.press("Home")
        expect(page.locator("#m1")).to_be_focused()
        page.keyboard.press("/")
        expect(page.locator("#query")).to_be_focused()
        page.keyboard.type("hill")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")
        expect(page.locator("#m6 mark")).to_have_text("hill")
        page.keyboard.press("Escape")
        expect(page.locator("#query")).to_have_value("")
        expect(page.locator("mark")).to_have_count(0)
        expect(page.locator("#m6")).to_be_focused()
        self.fine(page)

    def test_search_finds_all_branches_and_what_is_folded(self):
        page = self.show()
        page.locator("#query").fill("left")
        expect(page.locator("#found")).to_have_text("2 found")
        page.get_by_role("button", name="Next result").click()
        expect(page.locator("#found")).to_have_text("1 of 2")
        expect(page.locator("#m4 mark")).to_have_text("left")
        page.get_by_role("button", name="Next result").click()
        expect(page.locator("#m7 mark")).to_have_text("left")
        page.locator("#query").fill("QUIVERS")
        page.locator("#query").press("Enter")
        expect(page.locator("#m5 details[open] mark")).to_have_text("quivers")
        page.locator("#query").fill("compass")
        page.locator("#query").press("Enter")
        expect(page.locator("#m3")).to_be_visible()
        # What means something in a pattern is searched for as it is.
        page.locator("#query").fill("(.*")
        expect(page.locator("#found")).to_have_text("None")
        self.fine(page)

    def test_text_is_what_was_said(self):
        """Marks of Markdown are only fainter: each character is there, and nothing else."""
        text = (
            "# A `b` **c**\n\n- **x** `` y` `` ***\n> quote **q**\n| a | b |\n```js\nlet a = '**';\n\n``\n```\nend ``` **open\n"
            "~~~\n````\n~~~ \n  ```\nnever closed\n\n"
        )
        page = self.show([(None, "user", text), (1, "assistant", "```\r\nx\r\n```\tend"), (2, "user", " \n ")], 3)
        shown = page.evaluate("[...document.querySelectorAll('.text')].map((text) => text.textContent)")
        self.assertEqual(shown, [text, "```\r\nx\r\n```\tend", " \n "])
        expect(page.locator("#m1 code.block").first).to_contain_text("let a")
        self.fine(page)

    def test_hostile_messages_are_text(self):
        messages = [(None, HOSTILE[0], HOSTILE[1])]
        for number, text in enumerate(HOSTILE, 1):
            item = {
                "model": text,
                "name": text,
                "content": [{"type": "thinking", "thinking": text + "!"}, {"type": text, "x": text}],
                "tool_calls": [{"id": text, "function": {"name": text, "arguments": text}}],
            }
            labels = [{"label": text, "created_at": 1}]
            messages.append((number, text, text, {"item": item, "labels": labels, "uid": text}))
        messages.append((1, "tool", HOSTILE[1], {"item": {"tool_call_id": HOSTILE[1]}}))
        page = self.show(messages, len(HOSTILE) + 1, HOSTILE[1], height=9000)
        self.assertEqual(page.title(), HOSTILE[1])
        shown = page.evaluate("[...document.querySelectorAll('.text')].map((text) => text.textContent)")
        self.assertEqual(shown, [HOSTILE[1], *HOSTILE])
        for summary in page.locator("summary").all():
            summary.click()
        page.locator("#query").fill("<script>")
        page.locator("#query").press("Enter")
        page.locator("article").first.hover()
        page.locator("#picture g[data-n]").last.hover()
        page.locator(f"#picture g[data-n='{len(messages)}'] circle.near").click()
        expect(page.locator("article")).to_have_count(2)
        self.assertFalse(page.evaluate("'hit' in window"))
        self.assertEqual(page.evaluate("document.scripts.length"), 2)
        self.assertEqual(page.locator("iframe, img, a, object, embed, link, form").count(), 0)
        self.fine(page)

    def test_the_policy_allows_nothing_else(self):
        """If a message were run in spite of all: no script but ours, and nowhere to send what it has read."""
        page = self.show()
        page.evaluate(
            """() => {
                const script = document.createElement('script');
                script.textContent = 'window.hit = 1';
                document.body.append(script);
                document.body.insertAdjacentHTML('beforeend', '<img src="https://example.invalid/x" onerror="window.hit = 1">');
                document.body.insertAdjacentHTML('beforeend', '<p id="styled" style="position: fixed">');
                document.body.insertAdjacentHTML('beforeend', '<base href="https://example.invalid/">');
            }"""
        )
        sent = page.evaluate("fetch('https://example.invalid/').then(() => 'sent', () => 'refused')")
        self.assertEqual(sent, "refused")
        self.assertFalse(page.evaluate("'hit' in window"))
        self.assertEqual(page.evaluate("getComputedStyle(document.getElementById('styled')).position"), "static")
        refused = " ".join(page.wrong)
        for directive in ["script-src", "img-src", "style-src", "base-uri", "connect-src"]:
            self.assertRegex(refused, f"{directive}|default-src 'none'")
        # What is reported as asked for has ended in the browser.
        asked = [url for url in page.asked if url.startswith("http")]
        self.assertEqual([refused for refused in page.refused if refused[0] in asked], [(url, "csp") for url in asked])

    def test_ten_thousand_messages(self):
        """Only what is visible is in the document, wherever the reader is."""
        messages = [(None, "user", "first")]
        for number in range(1, 10_000):
            role = "assistant" if number % 2 else "user"
            messages.append((number, role, f"message {number + 1} " + "word " * (number * 37 % 211)))
        # Alternatives with branches of their own below every hundredth.
        for number in range(100, 10_000, 100):
            messages.append((number, "assistant", f"other {number}"))
            messages.append((len(messages), "user", "and on"))
        page = self.show(messages, 10_000)

        def laid_out():
            count = page.locator("article").count()
            self.assertGreater(count, 2)
            self.assertLess(count, 60)
            self.assertLess(page.locator("#picture *").count(), 1500)

        laid_out()
        page.keyboard.press("End")
        expect(page.locator("#m10000")).to_be_in_viewport()
        laid_out()
        # Up again in steps, as somebody scrolls: no gap, no message twice, in order.
        for _ in range(30):
            page.evaluate("document.getElementById('chat').scrollTop -= 700; new Promise(requestAnimationFrame)")
            page.evaluate("new Promise(requestAnimationFrame)")
            numbers = page.evaluate("[...document.querySelectorAll('article')].map((one) => Number(one.id.slice(1)))")
            self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))
            covered = page.evaluate(
                """() => {
                    const view = document.getElementById('chat').getBoundingClientRect();
                    const all = [...document.querySelectorAll('article')].map((one) => one.getBoundingClientRect());
                    return all[0].top <= view.top && all[all.length - 1].bottom >= view.bottom;
                }"""
            )
            self.assertTrue(covered)
            laid_out()
        page.keyboard.press("/")
        page.keyboard.type("other 5000")
        page.keyboard.press("Enter")
        expect(page.locator("article mark")).to_have_text("other 5000")
        expect(page.locator("article mark")).to_be_in_viewport()
        place = page.get_by_role("group", name="Alternatives").filter(has_text="2/2")
        expect(place).to_be_visible()
        laid_out()
        dots = page.locator("#picture g[data-n] circle.near")
        dots.nth(dots.count() // 2).click()
        laid_out()
        self.fine(page)

    def test_long_messages_are_cut_until_asked_for(self):
        page = self.show([(None, "user", "x" * 100_000 + "needle")], 1)
        self.assertLess(len(self.texts(page)[0]), 10_000)
        page.get_by_role("button", name="Show all 100,006 characters").click()
        self.assertTrue(self.texts(page)[0].endswith("needle"))
        self.fine(page)

    def test_a_phone(self):
        page = self.show(width=360, height=640, has_touch=True)
        self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), 360)
        expect(page.locator("#tree")).not_to_be_in_viewport()
        page.get_by_role("button", name="Tree of all branches").tap()
        expect(page.locator("#tree")).to_be_in_viewport()
        page.locator("#picture g[data-n='2'] circle.near").tap()
        expect(page.locator("#tree")).not_to_be_in_viewport()
        expect(page.locator("#m2")).to_be_in_viewport()
        self.fine(page)

    def test_dark_and_light(self):
        brightness = "() => getComputedStyle(document.body).backgroundColor.match(/\\d+/g).reduce((a, b) => a + Number(b), 0)"
        for dark in [False, True]:
            page = self.show(dark=dark)
            before = page.evaluate(brightness)
            self.assertEqual(before < 380, dark)
            page.get_by_role("button", name="Dark or light").click()
            self.assertEqual(page.evaluate(brightness) < 380, not dark)
            self.fine(page)

    def test_a_screen_reader_finds_its_way(self):
        page = self.show()
        expect(page.get_by_role("feed", name="Conversation")).to_be_visible()
        expect(page.get_by_role("article", name="Tool")).to_have_attribute("aria-posinset", "3")
        expect(page.get_by_role("article", name="Tool")).to_have_attribute("aria-setsize", "4")
        expect(page.get_by_role("searchbox", name="Search all branches")).to_be_visible()
        expect(page.get_by_role("navigation", name="All branches")).to_be_visible()
        expect(page.get_by_role("img", name="Tree of 7 messages that end in 3 branches")).to_be_visible()
        for button in page.get_by_role("button").all():
            self.assertTrue(button.get_attribute("aria-label") or button.text_content())

    def test_threads_without_a_leaf_or_without_messages(self):
        page = self.show([], None, "")
        expect(page.locator("#list")).to_have_text("No messages yet.")
        expect(page).to_have_title("t")
        self.fine(page)
        # Nothing is selected in the database; the page shows where the conversation went on last.
        sql(self.directory / "chat.db", "SELECT branch_append('t', 'user', 'hello'); SELECT branch_switch('t', NULL);")
        page = self.browser.open(export(self.directory, "t"))
        self.addCleanup(page.close)
        self.assertEqual(self.texts(page), ["hello"])
        # Two first messages are alternatives of each other.
        sql(self.directory / "chat.db", "SELECT branch_append('t', 'user', 'good day');")
        page = self.browser.open(export(self.directory, "t"))
        self.addCleanup(page.close)
        expect(page.get_by_role("group", name="Alternatives")).to_have_text("‹2/2›")
        self.fine(page)

    def test_the_page_is_small(self):
        """At most 60 KB beyond the messages."""
        page = export(self.directory, "t", thread(BRANCHES, 6))
        messages = sum(len(json.dumps(message)) for message in BRANCHES)
        self.assertLess(page.stat().st_size - messages, 60_000)

    def test_a_real_conversation(self):
        lines = [json.loads(line) for line in (ROOT / "tests/samples/balcony.jsonl").read_text("utf-8").splitlines()]
        page = self.browser.open(export(self.directory, "balcony", lines))
        self.addCleanup(page.close)
        expect(page.locator("#facts")).to_contain_text("24 messages · 6 branches")
        # All branches, one after the other, by the tree: each message of each is there as it was said.
        for line in lines[1:]:
            page.locator(f"#picture g[data-n='{line['id']}'] circle.near").click()
            if line["role"] != "tool":
                self.assertEqual(page.locator(f"#m{line['id']} .text").text_content(), line["content"])
        self.fine(page)


if __name__ == "__main__":
    unittest.main()
