"""English words of closed classes, by what they do in a question. Every other word carries a meaning of its own."""


def words_of(text: str) -> frozenset[str]:
    """The words of a list that is written as one text."""
    return frozenset(text.split())


ASKING = words_of("what which who whom whose when where why how")

BE = words_of("am is are was were be been being")
DO = words_of("do does did")
HAVE = words_of("have has had having")
DEEDS = words_of("be do have")
"""They help another verb, unless they end the sentence or follow `to`: what is it, what does it do."""

PAST = words_of("was were did had")
FUTURE = words_of("will shall")
SUPPOSED = words_of("would")
ABLE = words_of("can could")
PERHAPS = words_of("may might")
OUGHT = words_of("should ought")
MUST = words_of("must")
AUXILIARY = BE | DO | HAVE | FUTURE | SUPPOSED | ABLE | PERHAPS | OUGHT | MUST

ASKER = words_of("i we myself ourselves")
ASKER_AS_OBJECT = words_of("me us")
ASKERS_OWN = words_of("my mine our ours")
ASKED = words_of("you yourself yourselves")
ASKEDS_OWN = words_of("your yours")
ANYBODY = words_of("one oneself someone somebody anyone anybody everyone everybody people person")
PERSONS = ASKER | ASKER_AS_OBJECT | ASKERS_OWN | ASKED | ASKEDS_OWN | ANYBODY

ARTICLES = words_of("a an the those that")
"""`that` joins more often than it points; `those` stands where an article could."""

POINTING = words_of("this these following below above attached here")
"""What they point at is not in the question."""

WHOLE = words_of("all each every")
PART = words_of("some any")
QUANTITY = WHOLE | PART
"""They change what a yes or no means, and hardly what a list holds: only `all` is never the same as `some`."""

LOOSE = words_of("of in on at to into")
"""Prepositions that take each other's place or vanish: the pronunciation of, in, English; English pronunciation."""

FIRM = words_of(
    "from by for as with about against over under through during before after since until till via per than unlike across "
    "along around behind beside besides beyond despite except near off outside inside towards toward instead within"
)
"""Prepositions that say who does it to whom, in which direction, or when."""

NEGATING = words_of("not no never none nothing nobody nowhere without neither nor hardly")

BINDING = FIRM | NEGATING | ASKING | words_of("if because while whether unless although more most less least only too")
"""They belong to the word that follows, wherever both stand."""

ALIKE = words_of("and or vs versus nor")
"""What stands on both sides of them may change places."""

EMPHASIS = words_of("please just really actually ever very quite exactly")
EMPTY = EMPHASIS | words_of("and so then it its there")

_OTHERS = words_of(
    "between among he she they him her them his hers their like up out down about get go make use many much few both other "
    "best good"
)
FUNCTION = (
    AUXILIARY | PERSONS | ARTICLES | POINTING | QUANTITY | LOOSE | BINDING | ALIKE | EMPTY | _OTHERS
)  # fmt: skip
"""By their share a text is taken for English."""

OPENING = ASKING | AUXILIARY - words_of("was am will")
TELLING = (OPENING | words_of("the of and to you my your with this that from if")) - words_of("do had shall may must")
"""What a text opens with, or has one of, to be taken for English: `was`, `in`, `am`, `do` are words of other languages too."""
