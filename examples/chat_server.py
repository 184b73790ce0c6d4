"""A chat server behind the interface of Chat Completions that keeps every branch: docs/chat-server.md.

    python3 examples/chat_server.py chat.db --port 8000 [--upstream https://host/v1]

A client's base URL is http://127.0.0.1:8000/chats/NAME/v1, with any NAME. The conversation, with all its branches, is at
http://127.0.0.1:8000/chats/NAME. Python's standard library is all that this needs, and a Python that loads extensions.
"""

import argparse
import json
import os
import re
import sqlite3
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def connect(options):
    """One connection for each request: SQLite's own locks keep requests that come at once apart."""
    db = sqlite3.connect(options.database, timeout=30, isolation_level=None)
    db.enable_load_extension(True)
    db.load_extension(options.extension)
    return db


def toy(request):
    """A model that knows one thing: what was said last."""
    said = request["messages"][-1]["content"]
    if isinstance(said, list):
        said = " ".join(part.get("text", "[" + part["type"] + "]") for part in said)
    return {
        "model": "toy",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": f"You said: {said}"}}],
        "usage": {"prompt_tokens": len(request["messages"]), "completion_tokens": 1, "total_tokens": len(request["messages"]) + 1},
    }


def upstream(url, request, key):
    """A real model, behind the same interface."""
    headers = {"Content-Type": "application/json", "Authorization": key or ""}
    asked = urllib.request.Request(url + "/chat/completions", json.dumps(request).encode(), headers)
    with urllib.request.urlopen(asked, timeout=600) as answer:
        return json.load(answer)


class Chat(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        chat = re.fullmatch(r"/chats/([^/]+)/v1/chat/completions", self.path)
        if not chat:
            return self.fail(404, "no such address")
        thread = chat.group(1)
        if not self.headers["Content-Length"]:
            self.close_connection = True
            return self.fail(411, "a request needs its Content-Length")
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        db = connect(self.server.options)
        try:
            # Both in one transaction: between them another request could make its own end the current leaf.
            db.execute("BEGIN IMMEDIATE")
            # The whole history comes with each request. What is new of it is stored; the end becomes the current leaf.
            (leaf,) = db.execute("SELECT branch_put(?, ?)", (thread, body)).fetchone()
            # What goes to the model: with summaries, and without calls that were never answered.
            (context,) = db.execute("SELECT branch_export(?, 'openai')", (thread,)).fetchone()
            db.execute("COMMIT")
        except sqlite3.Error as error:
            return self.fail(400, str(error))
        finally:
            db.close()
        asked = json.loads(body)
        request = {**asked, **json.loads(context), "model": asked.get("model"), "stream": False}
        request.pop("stream_options", None)
        url = self.server.options.upstream
        # No connection is held while the model thinks.
        try:
            answer = upstream(url, request, self.headers["Authorization"]) if url else toy(request)
        except (OSError, ValueError) as error:
            # What was asked is stored, and will be found when the client asks again.
            return self.fail(502, f"the model's server: {error}")
        message = answer["choices"][0]["message"]
        item = json.dumps({**message, "usage": answer.get("usage"), "model": answer.get("model")})
        db = connect(self.server.options)
        # Below what was asked, whatever other requests have made of the current leaf: asked again, it is an alternative.
        sql = "SELECT branch_fork(?, 'assistant', ?, ?)"
        (stored,) = db.execute(sql, (leaf, message.get("content") or "", item)).fetchone()
        db.close()
        answer = {"id": f"message-{stored}", "object": "chat.completion", "created": int(time.time()), **answer}
        if asked.get("stream"):
            self.stream(answer)
        else:
            self.reply(200, "application/json", json.dumps(answer))

    def do_GET(self):
        chat = re.fullmatch(r"/chats/([^/]+)", self.path)
        if not chat:
            return self.fail(404, "no such address")
        db = connect(self.server.options)
        try:
            (page,) = db.execute("SELECT branch_export(?, 'html')", (chat.group(1),)).fetchone()
            self.reply(200, "text/html; charset=utf-8", page)
        except sqlite3.Error as error:
            self.fail(404, str(error))
        finally:
            db.close()

    def stream(self, answer):
        """The answer as a stream of one piece: clients that want one get what they expect."""
        message = dict(answer["choices"][0]["message"])
        for number, call in enumerate(message.get("tool_calls") or []):
            call["index"] = number
        chunk = {**answer, "object": "chat.completion.chunk"}
        chunk["choices"] = [{"index": 0, "delta": message, "finish_reason": answer["choices"][0].get("finish_reason")}]
        self.reply(200, "text/event-stream", f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n")

    def fail(self, status, why):
        self.reply(status, "application/json", json.dumps({"error": {"message": why, "type": "invalid_request_error"}}))

    def reply(self, status, kind, text):
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def main():
    words = argparse.ArgumentParser(description="A chat server that keeps every branch.")
    words.add_argument("database")
    words.add_argument("--port", type=int, default=8000, help="0 takes any that is free")
    words.add_argument("--upstream", help="the base URL of a real model; without one, a toy answers")
    words.add_argument("--extension", default=os.path.join("dist", "branch"))
    options = words.parse_args()
    db = connect(options)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("SELECT branch_migrate()").fetchone()
    db.close()
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Chat)
    server.options = options
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
