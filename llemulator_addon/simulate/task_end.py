"""The end of an agent's task: a tool or a word, as its prompt and its tools say."""

import re2

from llemulator_addon.core.prompt import Prompt, Tool
from llemulator_addon.simulate.property_values import words_of


def ends_the_task(tool: Tool) -> bool:
    """Whether a tool hands in the answer or ends the work: `final_result`, `submit`, `attempt_completion`."""
    words = words_of(tool.name)
    return (
        "final" in words
        or (bool(words) and words[0] in _ENDS and set(words[1:]) <= _OF_TASKS)
        or (bool(words) and words[-1] in _ENDED and set(words[:-1]) <= _OF_TASKS)
        or bool(_DESCRIBED.search(tool.description[:_LOOKED_AT]))
    )


def word_of_end(prompt: Prompt) -> str | None:
    """Return the word with which an answer ends the task, as the prompt asks; None where it asks for none."""
    for text in (prompt.system_text, prompt.user_text):
        for asks in (_WHEN_DONE_SAY, _SAY_WHEN_DONE):
            if (found := asks.search(text[:_LOOKED_AT])) is not None:
                return str(found.group(1))
    return None


def opening_of_end(prompt: Prompt) -> str:
    """Return the opening of the last answer of an agent that is to write `Final Answer:`; empty where it is not."""
    text = f"{prompt.system_text}\n{prompt.user_text}"[:_LOOKED_AT]
    if not _FINAL_ANSWER.search(text):
        return ""
    return f"Thought: {_LAST_THOUGHT}\nFinal Answer: " if "Thought:" in text else "Final Answer: "


_LOOKED_AT = 50_000
"""Characters of a prompt that are looked at."""
_LAST_THOUGHT = "I now know the final answer."
_ENDS = frozenset(
    {"submit", "finish", "finalize", "complete", "done", "terminate", "end", "exit", "conclude", "attempt"}
)
_ENDED = frozenset({"done", "complete", "completed", "completion", "finished", "submit", "terminate", "end"})
_OF_TASKS = frozenset(
    {"the", "task", "work", "answer", "result", "results", "solution", "conversation", "session", "run", "job",
     "output", "loop", "response", "report", "is", "and", "completion", "attempt", "mark", "agent", "episode"}
)  # fmt: skip
_DESCRIBED = re2.compile(
    r"(?i)\bends? (?:this|the) (?:conv|task|session|work|run)|\b(?:final|last) (?:answer|response|result) "
    r"(?:to|which|that|of|for)|\b(?:when|once|after|if|that) (?:you|the|your|this|all)(?: \w+){0,4} "
    r"(?:is|are|has been|have been)? ?(?:done|complete|completed|finished|accomplished)\b.{0,40}$"
)
_WORD = r"[\"'`*<\[]*\b([A-Z][A-Z_]{2,}[A-Z])\b"
_DONE = (
    r"(?i:\b(?:done|completed?|finish(?:ed)?|solved|over|satisfied|accomplished|ready|fulfilled|full satisfaction)\b)"
)
_SAY = r"(?i:\b(?:reply|respond|say|output|write|answer|print|return|add|append|emit|end (?:your \w+ )?with|type)\b)"
_WHEN = r"(?i:\b(?:when|once|after|if|as soon as)\b)"
_SAY_WHEN_DONE = re2.compile(rf"{_SAY}[^.\n]{{0,60}}?{_WORD}[^.\n]{{0,80}}?{_WHEN}[^\n]{{0,80}}?{_DONE}")
_WHEN_DONE_SAY = re2.compile(rf"{_WHEN}[^\n]{{0,80}}?{_DONE}[^\n]{{0,80}}?{_SAY}[^.\n]{{0,60}}?{_WORD}")
_FINAL_ANSWER = re2.compile(r"(?m)^\s*(?:- )?Final Answer:")
