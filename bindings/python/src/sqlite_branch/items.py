"""Items of OpenAI's Responses API as messages of a thread, and messages of other programs as items."""

from __future__ import annotations

import json
from typing import Any

CALLS = frozenset(
    [
        "tool_call",
        "function_call",
        "computer_call",
        "file_search_call",
        "web_search_call",
        "code_interpreter_call",
        "tool_search_call",
        "custom_tool_call",
        "mcp_call",
        "mcp_approval_request",
        "shell_call",
        "apply_patch_call",
    ]
)
"""The types of items that are a tool's call."""

NAMED_BY_TYPE = CALLS - {"tool_call", "function_call", "custom_tool_call", "mcp_call", "mcp_approval_request"}

ROLES = ("user", "assistant", "system", "developer")

FOREIGN = frozenset(
    [
        "childrenIds",
        "mes",
        "message",
        "messageId",
        "message_id",
        "parentId",
        "parentMessageId",
        "parentUuid",
        "parent_id",
        "payload",
        "tool_call_id",
        "tool_calls",
        "uuid",
    ]
)
"""Keys that tell a message of another program (Chat Completions, Claude, pi, Open WebUI, ...) from an item."""


def role(item: dict[str, Any]) -> str:
    """The role that the item is stored under: its own, `assistant` for calls and thoughts, `tool` for results."""
    own = item.get("role")
    if isinstance(own, str):
        return own
    return "tool" if str(item.get("type", "")).endswith(("_output", "_response")) else "assistant"


def text(item: dict[str, Any]) -> str:
    """What a person would read."""
    if "content" in item or "role" in item:
        return "\n".join(texts(item.get("content")))
    if "arguments" in item:
        return f"{tool_name(item) or ''}({item['arguments']})"
    if "output" in item:
        output = item["output"]
        return output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
    if "summary" in item:
        return "\n".join(texts(item["summary"]))
    return tool_name(item) or ""


def texts(content: Any) -> list[str]:
    """The texts of a content: itself, or those of its parts."""
    if isinstance(content, str):
        return [content]
    if not isinstance(content, list):
        return []
    parts = (part.get("text", "") if isinstance(part, dict) else part for part in content)
    return [part for part in parts if isinstance(part, str)]


def kind(item: dict[str, Any]) -> str:
    """`user`, `assistant`, or the item's type."""
    if item.get("role") in {"user", "assistant"}:
        return str(item["role"])
    return str(item.get("type") or "other")


def tool_name(item: dict[str, Any]) -> str | None:
    """The name of the tool that the item calls, with its server or namespace before it."""
    type_ = item.get("type")
    name, server = item.get("name"), item.get("server_label")
    if type_ in {"mcp_call", "mcp_approval_request"} and "server_label" in item:
        return ".".join(str(part) for part in (server, name) if part) or None
    if type_ in {"tool_search_call", "tool_search_output"}:
        return "tool_search"
    if type_ in NAMED_BY_TYPE:
        return str(type_)
    if name is None:
        return None
    namespace = item.get("namespace")
    # A tool that is loaded later has a namespace of its own name.
    return f"{namespace}.{name}" if name and namespace and namespace != name else str(name)


def read(role: str, content: str, item_json: str | None) -> dict[str, Any] | None:
    """The item that a message is: as it was added, or made from role and content for those of other programs.

    None for what cannot be one: a message without text, and a tool's result in another form.
    """
    if role == "summary":
        return {"role": "developer", "content": content}
    item = _parsed(item_json)
    # A line of a Codex session has the item inside.
    payload = item.get("payload")
    if isinstance(payload, dict) and item.get("type") == "response_item":
        return payload
    if _is_item(item):
        return item
    return {"role": role, "content": content} if role in ROLES and content else None


def read_all(messages: list[tuple[str, str | None]]) -> list[dict[str, Any]] | None:
    """The items of messages, given by role and item_json, if each was added as one; None where `read` has to say."""
    try:
        # One call for all takes a sixth of the time of one for each.
        found = json.loads("[" + ",".join([item_json or "null" for _, item_json in messages]) + "]")
    except ValueError:
        return None
    if len(found) != len(messages) or any(role == "summary" for role, _ in messages):
        return None
    return found if all(isinstance(item, dict) and _is_item(item) for item in found) else None


def _is_item(item: dict[str, Any]) -> bool:
    return ("role" in item or "type" in item) and FOREIGN.isdisjoint(item)


def _parsed(item_json: str | None) -> dict[str, Any]:
    try:
        item = json.loads(item_json or "null")
    except ValueError:
        return {}
    return item if isinstance(item, dict) else {}
