"""English words that carry no subject, and those that point back to something said before."""

import re

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

STOP = frozenset(
    """
    a about after again all also am an and any anyone are as at be because been before being but by can could did do does
    doing else even for from get gets give had has have having he her hers him his how i if in instead into is it its just
    like may me mean might mine more much must my no not of off on one ones only or other our ours out over please same
    shall she should show so some such tell than that the their theirs them then there these they this those to too under
    until up us very was we were what when where whether which while who whom whose why will with within without would yes
    you your yours explain details detail exactly okay ok thanks thank many long often know want need happens happen mean
    means case
    """.split()  # noqa: SIM905 - as prose it can be read
)
"""Words that say nothing about what a question is about."""


ASKING = frozenset(
    """
    how what which who whom whose when where why do does did have has had can could may might must should would will
    am is are was were i me my we us our you your there please any some many much need want know long often get gets got
    give find tell
    """.split()  # noqa: SIM905 - as above
)
"""Words that a question is put with. Documents hardly use them, so in a small collection they would count as rare ones."""


def subject(question: str) -> str:
    """The words of a question but for those that it is put with; all of it, if nothing is left.

    A word with a capital inside a sentence is a name: May, Will, Us.
    """
    told = (word[0] for word in _WORD.finditer(question) if word[0].lower() not in ASKING or _is_name(word))
    return " ".join(told) or question


def _is_name(word: re.Match[str]) -> bool:
    return word.start() > 0 and word[0][0].isupper() and word[0] != "I"


POINTS_BACK = frozenset(
    """
    it its itself they them their theirs themselves he him his she her hers these those this latter former
    """.split()  # noqa: SIM905 - as prose it can be read
)
"""Pronouns that stand for something named elsewhere."""

OPENERS = (
    "and", "or", "but", "also", "so", "then", "what about", "how about", "what if", "what else", "anything else", "who else",
    "where else", "why", "how so", "how come", "since when", "until when", "by when", "only", "even", "except", "otherwise",
    "same for", "the same", "more", "go on", "tell me more", "for example", "such as", "any exceptions?",
)  # fmt: skip
"""What a question begins with that goes on with the one before."""

EXPLETIVES = (
    r"(?:is|was|if|when|whether|that) it (?:is )?(?:possible|allowed|permitted|necessary|required|true|safe to|okay|ok|legal)",
    r"(?:does|will|would|can|could|may|should|if|when|that) it (?:rain|snow|matter|take|cost)s?",
)
"""An `it` that stands for nothing."""

BACK_REFERENCES = (
    r"(?:that|such) (?:one|case|\w+) ?\?*$",
    r"(?:is|was|does|did|do|will|would|can|could|should) that\b",
    r"(?:about|of|for|after|before|with|by|to|from|on|in|at|and|like|than) that\b",
    r"the (?:same|others?|other one|first|second|third|last|latter|former)\b",
    r"(?:that|this|which|another|each|either|both|any) ones?\b",
    r"do so\b",
    r"(?:there|then|instead) ?\?*$",
    r"(?:summari[sz]e|translate|explain|repeat|shorten|rephrase|elaborate on) (?:that|this|these|it)\b",
)
"""Demonstratives that point back."""

CONTRACTED = frozenset(("s", "m", "re", "ve", "ll", "d", "t"))
"""What stands behind the apostrophe of two words in one."""

_OF_WHAT = (
    r"amount|deadline|limit|number|figure|price|cost|date|reason|exceptions?|rules?"
    r"|process|procedure|steps?|form|source|wording"
)
OF_SOMETHING = (rf"the (?:exact |full |precise |current |whole |next )?(?:{_OF_WHAT})",)
"""What is always of something else, and says nothing without it."""

QUESTION_WORDS = (
    "who", "whom", "whose", "what", "which", "when", "where", "why", "how", "is", "are", "was", "were", "do", "does", "did",
    "can", "could", "may", "must", "should", "will", "would", "has", "have", "had",
)  # fmt: skip
"""What makes a sentence with a verb of a few words."""
