"""How much a chat request asks of a model, guessed from its text: a level from 0 to 1 for the strategy `complexity`.

Points are added and cut off at 1:

length of all text     up to 0.25, from 500 to 16,000 characters, each doubling the same
turns                  0.02 for each message after the third, up to 0.10
code                   0.20 for a fence, or two lines that look like source
mathematics            0.15 for formulas
several questions      0.10 for two, 0.20 for three or more question marks or numbered points in the last message
words for reasoning    0.25 for one, 0.50 for two or more in the last message; in English, German, French, Spanish, Italian,
                       Portuguese, Dutch, Polish, Russian, Chinese and Japanese
tools, a JSON schema   0.15

So with two targets a request to prove and explain something, to compare things and weigh them, or to find what is wrong with
code goes to the larger one (0.5 and more); a greeting, a question of one fact or a short translation to the smaller one. It is
a guess: what the smaller one cannot answer goes to the next (`escalates`).
"""

import re
from math import log2

import msgspec

_SHORT, _LONG = 500, 16_000
_LOOKED_INTO = 20_000
"""Characters at the beginning of a text in which signs are looked for."""
_SHORT_ANSWER = 240

_CODE = re.compile(
    r"^\s*(?:def |class |import |function |public |private |#include|SELECT .* FROM |for ?\(|return )", re.MULTILINE
)
_MATH = re.compile(r"\$\$|\\(?:frac|sum|int|begin\{|lim|sqrt)|[∑∫√∂∀∃≤≥]|\b\w\^\{?\d|\d\s*[*/^]\s*\(")
_POINTS = re.compile(r"[?？]|^\s*(?:\d{1,2}[.)]|[-*•]|[a-h]\))\s+\S", re.MULTILINE)
_REASONING = re.compile(
    r"\b(?:explain why|reason(?:ing)?|prove|proof|derive|analy[sz]e|analysis|compare|contrast|trade-?offs?|step[- ]by[- ]step"
    r"|evaluate|critique|design|architect\w*|optimi[sz]e|debug|refactor|root cause|justify|strategy|implications"
    r"|begründe\w*|beweis\w*|analysier\w*|vergleich\w*|herleit\w*|schritt für schritt|bewerte\w*|entwirf|abwäg\w*|optimier\w*"
    r"|pourquoi|démontre\w*|prouve\w*|analyse[rz]?|compare[rz]?|étape par étape|évalue\w*|justifie\w*"
    r"|por qué|demuestra|analiza\w*|compara\w*|paso a paso|evalúa|razona\w*|justifica\w*"
    r"|dimostra\w*|analizza\w*|confronta\w*|passo dopo passo|valuta|perché"
    r"|por que|demonstre|analise|passo a passo|avalie"
    r"|bewijs|analyseer|vergelijk|stap voor stap|beoordeel"
    r"|udowodnij|przeanalizuj|porównaj|krok po kroku|uzasadnij)\b"
    r"|докажи|проанализируй|сравни|пошагово|обоснуй|证明|分析|比较|逐步|为什么|推导|評価|証明|比較|段階的|なぜ",
    re.IGNORECASE,
)
_NO_ANSWER = re.compile(
    r"^\W*(?:(?:i['’]?m sorry|sorry|unfortunately|i apologi[sz]e)\b.{0,40}\b(?:can(?:no|['’])?t|unable|not able|don['’]?t)"
    r"|i (?:can(?:no|['’])?t|am unable|am not able|do(?: not|n['’]t) know|am not sure)|i['’]?m (?:unable|not able|not sure)"
    r"|(?:es tut mir leid|leider)\b.{0,40}\b(?:kann|weiß)|ich (?:weiß (?:es |das )?nicht|kann (?:das |dies |ihnen |dir )?nicht)"
    r"|(?:je suis désolée?|désolée?)\b.{0,40}\bne|je ne (?:sais|peux) pas"
    r"|lo siento\b.{0,40}\bno|no (?:lo )?sé\b|no puedo)",
    re.IGNORECASE | re.DOTALL,
)


class _Part(msgspec.Struct):
    text: str | None = None


class _Message(msgspec.Struct):
    content: str | list[_Part] | None = None

    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text or "" for part in self.content)
        return self.content or ""


class _Format(msgspec.Struct):
    type: str | None = None


class _Request(msgspec.Struct):
    messages: list[_Message] = []
    tools: list[msgspec.Raw] | None = None
    response_format: _Format | None = None


_request = msgspec.json.Decoder(_Request).decode


def complexity(body: bytes) -> float:
    """The level of a chat request in OpenAI's form. 0.5 for a body that cannot be read: somebody else refuses it."""
    try:
        request = _request(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return 0.5
    texts = [message.text() for message in request.messages]
    last = texts[-1][:_LOOKED_INTO] if texts else ""
    level = _of_length(sum(map(len, texts)))
    level += min(0.10, 0.02 * max(0, len(texts) - 3))
    if "```" in last or len(_CODE.findall(last)) >= 2:
        level += 0.20
    if _MATH.search(last):
        level += 0.15
    points = len(_POINTS.findall(last))
    level += 0.20 if points >= 3 else 0.10 if points == 2 else 0.0
    words = len({found.lower() for found in _REASONING.findall(last)})
    level += 0.50 if words >= 2 else 0.25 if words == 1 else 0.0
    if request.tools or (request.response_format is not None and request.response_format.type == "json_schema"):
        level += 0.15
    return min(level, 1.0)


def escalates(finish_reason: str | None, text: str | None, refusal: str | None) -> bool:
    """Whether a whole answer of a smaller model is none: refused, cut off by length, empty, or short and saying that it cannot.

    A call of tools is an answer without text; a content filter would stop a larger model, too.
    """
    if finish_reason in ("tool_calls", "function_call", "content_filter"):
        return False
    if refusal or finish_reason == "length":
        return True
    said = (text or "").strip()
    return not said or (len(said) <= _SHORT_ANSWER and _NO_ANSWER.match(said) is not None)


def _of_length(characters: int) -> float:
    if characters <= _SHORT:
        return 0.0
    return min(0.25, 0.25 * log2(characters / _SHORT) / log2(_LONG / _SHORT))
