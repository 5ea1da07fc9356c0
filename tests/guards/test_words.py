import pytest

from stoa.guards.words import DenyList, Toxicity, languages

everything = Toxicity(languages(), least="mild")


def found(text: str) -> list[str]:
    return [text[finding.start : finding.end] for finding in everything.find(text)]


@pytest.mark.parametrize(
    "text",
    ["f*ck", "f**k", "motherf*ck*r", "f.u.c.k", "f u c k", "f-u-c-k", "fuuuuck", "FUCK", "sh!t", "5h1t", "b1tch", "a$$hole"],
)
def test_disguises_are_seen_through(text: str) -> None:
    assert found(f"oh {text}, no") == [text]


@pytest.mark.parametrize(
    "text",
    ["Scunthorpe United", "an assassin in class", "Matsushita", "a cockpit", "shiitake mushrooms", "Dick van Dyke",
     "the A55", "Penistone", "kill the process", "kill -9 4711", "execute the job", "master/slave replication",
     "abort the transaction", "a bastion host", "therapist", "Essex and Sussex", "M*A*S*H", "****", "4 5 5",
     "snigger", "Spicy", "Chinkara",
     "document", "5417", "Fucking_variable_x1y"],
)  # fmt: skip
def test_words_that_only_contain_such_and_technical_talk_pass(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "go kill yourself"), ("de", "So ein Arschloch!"), ("fr", "Quel connard, celui-là"), ("es", "hijo de puta"),
     ("it", "che stronzo"), ("nl", "wat een klootzak"), ("pt", "filho da puta")],
)  # fmt: skip
def test_every_language_has_its_list(language: str, text: str) -> None:
    assert Toxicity([language]).find(text)
    others = languages() - {language}
    assert not Toxicity(others).find(text) or language in ("es", "pt")


def test_the_score_says_how_bad_it_is() -> None:
    assert [finding.score for finding in everything.find("damn, shit, kill yourself")] == [0.4, 0.7, 1.0]


def test_what_is_milder_than_asked_for_passes() -> None:
    assert [finding.score for finding in Toxicity(least="severe").find("damn, shit, kill yourself")] == [1.0]


def test_umlauts_are_found_in_both_cases() -> None:
    assert found("SCHEISSE, Scheiße, ARSCHLÖCHER") == ["SCHEISSE", "Scheiße", "ARSCHLÖCHER"]


def test_a_language_without_a_list_is_named() -> None:
    with pytest.raises(ValueError, match="no list for 'xx'; there are de, en"):
        Toxicity(["en", "xx"])


def test_an_unknown_severity_is_named() -> None:
    with pytest.raises(ValueError, match="'bad' is no severity"):
        Toxicity(least="bad")  # pyright: ignore[reportArgumentType]


def test_own_words_and_phrases_are_found_in_disguise_too() -> None:
    own = DenyList(["Project Falcon", "persimmon"])
    text = "project  falcon, p3rs1mm0n, persimmons"
    assert [text[f.start : f.end] for f in own.find(text)] == ["project  falcon", "p3rs1mm0n"]


def test_own_expressions_are_found_by_character() -> None:
    own = DenyList(expressions=[r"[ÄÖ]X-\d{3}", "(?i)internal only"])
    text = "ä ÄX-123 and INTERNAL only"
    assert [text[f.start : f.end] for f in own.find(text)] == ["ÄX-123", "INTERNAL only"]
    assert {finding.kind for finding in own.find(text)} == {"DENIED"}


def test_a_wrong_expression_is_named_with_the_reason() -> None:
    with pytest.raises(ValueError, match=r"expressions\[1\]: 'a\(b' is not a regular expression of RE2: missing \)"):
        DenyList(expressions=["a", "a(b"])


def test_an_expression_that_matches_everything_is_refused() -> None:
    with pytest.raises(ValueError, match="matches the empty text"):
        DenyList(expressions=["a*"])


def test_a_word_without_letters_is_refused() -> None:
    with pytest.raises(ValueError, match=r"words\[0\]: '--' has no letter"):
        DenyList(["--"])


def test_an_empty_list_finds_nothing() -> None:
    assert DenyList().find("anything") == []
