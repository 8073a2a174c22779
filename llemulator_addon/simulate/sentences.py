# ruff: noqa: E501 - a sentence reads best on one line
"""Sentences that hold for about any topic, so that they can stand together in any text.

In a sentence `{topic}` is what the request is about, `{word}` one of its telling words, and `[this|that]` one of
several ways to say it.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from llemulator_addon.core.chance import Chance

SentenceKind = Literal["why", "core", "example", "caution", "tip", "closing"]


def sentence_about(topic: str, chance: Chance) -> str:
    """Return one sentence about a topic."""
    return say(chance.one(_SINGLE), "this" if topic.startswith("“") else topic, chance)


def title_about(topic: str, chance: Chance) -> str:
    """Return a few words that could stand above a text about a topic."""
    return say(chance.one(_TITLES), _headline(topic), chance)


def say(sentence: str, topic: str, chance: Chance, words: Sequence[str] = ()) -> str:
    """Say a sentence: choose among its ways, fill in, and begin with a capital."""
    text = ""
    for number, part in enumerate(sentence.split("[")):
        ways, closed, rest = part.partition("]")
        text += chance.one(ways.split("|")) + rest if number and closed else part
    word = chance.one(words) if words else topic
    for sign in (". ", "! ", "? "):
        text = text.replace(f"{sign}{{topic}}", f"{sign}{_capital(topic)}")
    return _capital(text.replace("{topic}", topic).replace("{word}", word))


def _capital(text: str) -> str:
    at = next((at for at, character in enumerate(text) if character.isalnum()), 0)
    return text[:at] + text[at : at + 1].upper() + text[at + 1 :]


def _headline(topic: str) -> str:
    words = topic.strip("“”…").split()
    short = [word if word.lower() in _SMALL and at else _capital(word) for at, word in enumerate(words[:6])]
    while len(short) > 1 and short[-1].lower() in _SMALL:
        short.pop()
    if short and short[0] in {"A", "An", "The", "Your"} and len(short) > 1:
        short = [_capital(short[1]), *short[2:]]
    return " ".join(short)


_SMALL = frozenset({"a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with", "that"})

_TITLES = (
    "{topic}",
    "{topic}: [A Short Guide|The Essentials|First Steps|An Overview]",
    "A [Closer|Fresh|Practical|Quick] Look at {topic}",
    "[Understanding|Exploring|Getting Started with] {topic}",
)

OPENINGS: Mapping[str, tuple[str, ...]] = {
    "greeting": (
        "Hello! [It's good to hear from you.|Nice to meet you.|Thanks for stopping by.] I can [answer questions, explain ideas and draft texts|help you plan, write, compare and decide|write code, tidy up notes and think things through], and I am glad to go into detail where that helps. [How can I help you today?|What would you like to work on?|What's on your mind?]",
        "Hi there! I'm [doing well, thank you|happy to help|ready when you are]. Whether it is [a question, a plan or a piece of code|a letter, a list or a hard decision], we can go through it together, one step at a time. [What can I do for you?|What are you working on today?|Where shall we begin?]",
    ),
    "remark": (
        "[Thanks for sharing that.|Got it.|Understood.] About {topic}: there are a few things that are [worth knowing|good to keep in mind|easy to overlook].",
        "You said {topic}, and [that is a good place to begin|there is more to it than one might think|I have a few thoughts on that].",
    ),
    "deed": (
        "[Happy to help!|Good plan.|Certainly!] {topic} [is easier than it looks|becomes manageable|goes well] once it is broken into a few clear steps.",
        "There are several good ways to approach {topic}, and [the simplest one|the one below] works for most people.",
        "The short version: prepare well, start small, and check your progress often. Here is how that applies to {topic}.",
    ),
    "code": (
        "[Sure!|Certainly!|Here you go.] Below is [a compact|a small|a readable] starting point for {topic}, with a few notes on how it works.",
        "[Here's one way to do it.|This is a common task.] The idea behind {topic} is to keep each step small and easy to test.",
    ),
    "choice": (
        "[Good question!|It depends on what you need.] With {topic}, both sides have real strengths, so it helps to compare them on the points that matter to you.",
        "There is no single winner here. The right answer for {topic} follows from your goals, your time and what you already know.",
    ),
    "list": (
        "[Here are a few ideas|Here is a short selection|These are good places to begin] for {topic}, from the simplest to the more ambitious.",
        "There is plenty to choose from when it comes to {topic}. These are the ones that [people come back to|I would try first|tend to work well].",
    ),
    "writing": (
        "[Here's a draft|Here is a first version|This is one take] of {topic} that you can adapt to your own voice.",
        "Here is {topic}, kept [simple and warm|short and clear|light in tone], so that it is easy to change later.",
    ),
    "subject": (
        "[Great question!|Good question.|Let's take a look.] {topic} is best understood by starting with the basic idea and adding detail as it is needed.",
        "In short, {topic} [brings together|rests on|grows out of] a few simple ideas that are easy to follow once they are seen side by side.",
        "There is a lot to say about {topic}, but [the essentials fit in a few lines|a handful of points cover most of it].",
    ),
}

SENTENCES: Mapping[SentenceKind, tuple[str, ...]] = {
    "why": (
        "[People often come to|Most people first meet] {topic} with a practical question, and that is a good way to start.",
        "It matters because small decisions made early tend to shape everything that follows.",
        "The main reason to care about {topic} is that it [saves time|pays off|makes other things easier] in the long run.",
        "{topic} is interesting for how [quickly the basics can be learned|much depends on the situation|many fields it touches].",
        "Much of the confusion around {topic} comes from mixing up what is essential with what is merely customary.",
        "[A little|Some] background helps: the ideas behind {topic} were shaped by people solving everyday problems.",
        "Once the purpose is clear, the details of {topic} fall into place [much more easily|almost by themselves].",
        "[Think of it as|It can be seen as] a balance between doing things quickly and doing them well.",
        "There is also a human side to it: habits, expectations and patience count for as much as knowledge.",
        "The good news is that you do not need to master everything about {topic} before you see results.",
    ),
    "core": (
        "At its heart, {topic} comes down to three things: a clear goal, a sensible order of steps, and honest feedback.",
        "The first thing to look at is the starting point, because it decides which options are realistic.",
        "Each part can be examined on its own, which makes the whole far less intimidating.",
        "A useful way to think about {topic} is to ask what would change if one piece were taken away.",
        "In practice, {topic} [follows a rhythm|works in cycles]: try something, look at the outcome, and adjust.",
        "The details vary from case to case, but the underlying pattern stays remarkably stable.",
        "Details such as {word} deserve attention, since they [set the tone for the rest|often decide the outcome].",
        "When the parts work together, the result is [more than their sum|surprisingly robust|easy to build on].",
        "It helps to separate what you can control from what you can only observe.",
        "Some of it can be planned in advance, while the rest is best left to experience.",
        "Good tools make {topic} easier, yet they cannot replace a clear idea of what you want.",
        "The order matters more than the speed: a step that is skipped early usually has to be repeated later.",
        "Over time, the individual steps become second nature and leave room for finer points.",
        "There is usually more than one right answer, so it is worth writing down why you chose yours.",
        "A task that looks complicated at first is mostly a set of simple choices made one after another.",
        "Measuring even one thing regularly gives a far better picture than guessing many.",
    ),
    "example": (
        "For example, someone new to {topic} might spend the first [week|hour|afternoon] only on the basics and still end up ahead.",
        "Imagine two people with the same goal: one starts at once, the other plans for a moment; the second usually finishes first.",
        "A simple example shows the idea: [change one thing at a time, and note what happens|begin with the smallest version that works].",
        "Consider a typical [Monday morning|busy week|weekend project], when time is short and attention is divided: a short checklist helps more than a long manual.",
        "In one common case, a ten-minute review at the start prevents [several hours|a whole day] of rework at the end.",
        "A friend who is good at this once put it plainly: make it work, make it clear, and only then make it better.",
        "Picture a small team that meets once a week to talk about {topic}; within a month, the same questions stop coming up.",
    ),
    "caution": (
        "[One thing to watch out for|A common mistake] is trying to do everything at once.",
        "Be careful with advice that sounds universal, because {topic} depends on circumstances more than on rules.",
        "It is tempting to skip the preparation, but that is where most problems begin.",
        "If something does not work, resist the urge to change several things at the same time.",
        "Costs are easy to underestimate, especially those that come back every month.",
        "Old habits return under pressure, so it is worth keeping the process simple.",
        "Not every source on {topic} is up to date; [check the date|look for a second opinion] before you rely on it.",
        "Perfection is rarely needed, and waiting for it can cost more than a small mistake.",
    ),
    "tip": (
        "A short written note after each attempt is worth more than a perfect memory.",
        "Set a modest goal first, and raise it once the routine feels comfortable.",
        "[Ask someone with experience|Find a second pair of eyes]: ten minutes of conversation can replace days of searching.",
        "Keep what works, and be quick to drop what does not.",
        "If you have only [fifteen minutes|half an hour], spend them on the part of {topic} that you understand least.",
        "Leave a little slack in the plan, because something always takes longer than expected.",
        "Celebrate small progress; it is what keeps {topic} enjoyable.",
        "Try explaining {topic} to somebody else, which quickly shows what is still unclear.",
        "A quiet environment and a clear desk make a bigger difference than most people expect.",
        "Review the results after [a week|a few days], when the first excitement has settled.",
    ),
    "closing": (
        "If you tell me a little more about your situation, I can make this more specific.",
        "Would you like me to go deeper into any of these points?",
        "Let me know which part of {topic} interests you most, and we can continue from there.",
        "I hope this gives you a good starting point.",
        "With these points in mind, {topic} should feel a good deal more approachable.",
        "Take it one step at a time, and feel free to come back with questions.",
    ),
}

_SINGLE = (
    "{topic} [rewards|calls for] a clear goal and a little patience.",
    "A good first step with {topic} is to start small and build from there.",
    "The essentials of {topic} can be understood in a short time.",
    "With {topic}, the main thing is a sensible order of steps.",
    "Small improvements in {topic} add up over time.",
    "Experience shows that {topic} goes best with regular feedback.",
    "{topic} depends on the situation more than on fixed rules.",
    "Careful preparation makes {topic} much easier.",
    "It helps to look at {topic} from more than one side.",
    "The main idea behind {topic} is simple, and the details follow from it.",
)

POINTS: tuple[tuple[str, str], ...] = (
    ("Start with the goal", "Write down in one sentence what a good result would look like."),
    ("Know your starting point", "List what you already have, and what is still missing."),
    ("Prepare", "Gather what you need beforehand, so that nothing interrupts you later."),
    ("Begin small", "Choose a version that can be finished [today|in one sitting], and complete it."),
    ("Work in order", "Finish one step before the next one begins; it is faster in the end."),
    ("Check early", "Look at the first results while changes are still cheap."),
    ("Ask for feedback", "Another view will show you what you no longer see yourself."),
    ("Adjust", "Change one thing at a time, and keep what helps."),
    ("Keep notes", "A few words about what worked save time on the next attempt."),
    ("Mind the timing", "Some things improve when they are left alone for a while."),
    ("Set a budget", "Decide in advance how much time and money {topic} may take."),
    ("Keep it simple", "Leave out everything that does not serve the goal."),
    ("Build a routine", "Ten minutes each day achieve more than one long session a month."),
    ("Share the result", "Showing your work to others makes the next round better."),
    ("Look ahead", "Think about how the result will be used a year from now."),
    ("Rest", "A break brings back the attention that {topic} deserves."),
)

HEADINGS: tuple[tuple[str, tuple[SentenceKind, ...]], ...] = (
    ("[The basics|What it is about|Overview]", ("core", "why")),
    ("[Why it matters|Background]", ("why", "core")),
    ("[How it works|A closer look]", ("core", "core", "example")),
    ("[An example|In practice]", ("example", "core")),
    ("[What to watch out for|Common pitfalls]", ("caution", "caution", "tip")),
    ("[Practical tips|Getting better at it]", ("tip", "tip", "example")),
    ("[Making a plan|A simple plan]", ("core", "tip")),
    ("[Questions people ask|Common questions]", ("why", "example", "core")),
    ("[Time and effort|What it takes]", ("caution", "core")),
    ("[Working with others|A second opinion]", ("tip", "example")),
    ("[Keeping it going|In the long run]", ("why", "caution", "core")),
    ("[Next steps|Where to go from here]", ("tip", "core", "why")),
    ("[In short|To sum up]", ("why", "tip")),
)
