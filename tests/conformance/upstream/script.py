"""The model of the scripted upstream: what it says to what, by rules that anybody can read. A test double, and no model.

It does what the outside suites ask of a good model: it calls the tool that it is told to, with arguments of the tool's schema;
it answers in the schema that is asked for; it repeats, counts and remembers a name; it stops where it must.
"""

import hashlib
import json
import re
from dataclasses import replace

from tests.conformance.upstream.exchange import Call, Prompt, Reply, Tool, tokens
from tests.conformance.upstream.samples import Words, sample

_BOTH = re.compile(r"\bin ([A-Z]\w+) and (?:in )?([A-Z]\w+)")
_KEYS = re.compile(r"'(\w+)'")
_SUM = re.compile(r"(\d+)\s*([*+])\s*(\d+)")
_THOUGHT = "The question is read, its parts are put in order, and the answer follows from them."


def reply_to(prompt: Prompt) -> Reply:
    """The same answer to the same prompt, always."""
    reasoning = _THOUGHT if prompt.reasons else ""
    calls = _calls(prompt)
    if calls:
        return Reply(calls=calls, reasoning=reasoning, ended="calls")
    if prompt.schema is not None:
        text = json.dumps(sample(prompt.schema, Words(_asked(prompt))), ensure_ascii=False)
    elif prompt.json_mode:
        keys = _KEYS.findall(_asked(prompt)) or ["answer"]
        text = json.dumps({key: f"some {key}" for key in keys})
    else:
        text = _say(prompt)
    return _cut(Reply(text=text, reasoning=reasoning), prompt)


def _asked(prompt: Prompt) -> str:
    return next((turn.text for turn in reversed(prompt.turns) if turn.role == "user"), "")


def _calls(prompt: Prompt) -> tuple[Call, ...]:
    """None after a tool has answered, unless a call is demanded."""
    if not prompt.tools or prompt.choice == "none":
        return ()
    text = _asked(prompt)
    if prompt.choice == "auto":
        tool = next((tool for tool in prompt.tools if _is_about(text, tool)), None)
        if tool is None or prompt.turns[-1].role == "tool":
            return ()
    elif prompt.choice == "required":
        tool = next((tool for tool in prompt.tools if _is_about(text, tool)), prompt.tools[0])
    else:
        tool = next(tool for tool in prompt.tools if tool.name == prompt.choice)
    both = _BOTH.search(text)
    texts = [f"in {place}" for place in both.groups()] if both and prompt.parallel else [text]
    return tuple(
        Call(_call_id(prompt, position), tool.name, sample(tool.parameters, Words(each)))
        for position, each in enumerate(texts)
    )  # fmt: skip


def _is_about(text: str, tool: Tool) -> bool:
    """Whether a telling word of the tool's name stands in the text."""
    return any(word in text.lower() for word in tool.name.lower().split("_") if len(word) > 3)


def _call_id(prompt: Prompt, position: int) -> str:
    return "call_" + hashlib.sha256(f"{position} {prompt}".encode()).hexdigest()[:24]


def _say(prompt: Prompt) -> str:
    asked = _asked(prompt)
    everything = "\n".join(turn.text for turn in prompt.turns)
    last = prompt.turns[-1]
    if last.role == "tool":
        return f"The tool says: {last.text}" if not last.attachments else "The tool gave a small picture of one colour."
    kinds = {kind for turn in prompt.turns for kind in turn.attachments}
    if kinds:
        return f"That is a small {' and '.join(sorted(kinds))}, as far as I can tell."
    if said := re.search(r"reply (?:briefly )?with(?: exactly)? [\"']?([\w .-]+?)[\"']?\.?$", asked, re.IGNORECASE):
        return said[1]
    if re.search(r"one word", everything, re.IGNORECASE):
        return "Hello."
    if re.search(r"exactly 3 words", asked):
        return "Hello there, friend."
    if (named := re.search(r"my name is (\w+)", everything, re.IGNORECASE)) and re.search(
        r"what is my name", asked, re.IGNORECASE
    ):
        return named[1]
    if counted := re.search(r"count from (\d+) to (\d+)", asked, re.IGNORECASE):
        return ", ".join(map(str, range(int(counted[1]), int(counted[2]) + 1)))
    if found := _SUM.search(asked):
        left, right = int(found[1]), int(found[3])
        return f"{found[0]} = {left * right if found[2] == '*' else left + right}"
    if re.search(r"repeat only the number", asked, re.IGNORECASE):
        return "four"
    return f"You said: {asked}" if asked.strip() else "Hello, how can I help you?"


def _cut(reply: Reply, prompt: Prompt) -> Reply:
    """At the first stop sequence, and at the limit, whichever comes first."""
    ends = [(reply.text.find(stop), stop) for stop in prompt.stop if stop and stop in reply.text]
    if ends:
        at, stop = min(ends)
        reply = replace(reply, text=reply.text[:at], stopped_by=stop)
    pieces = tokens(reply.text)
    left = None if prompt.most_tokens is None else max(0, prompt.most_tokens - reply.reasoning_tokens)
    if left is not None and len(pieces) > left:
        reply = replace(reply, text="".join(pieces[:left]), stopped_by=None, ended="length")
    return reply
