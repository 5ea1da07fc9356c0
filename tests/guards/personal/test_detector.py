import pytest

from stoa.guards.personal.detector import BROAD, DEFAULT, KINDS, PersonalData

# One value of each kind that is looked for by default, in a sentence; the values are made up, their check digits are right.
VALUES = {
    "EMAIL_ADDRESS": ("Write to ", "jo.o'neill+news@mail.example.co.uk"),
    "PHONE_NUMBER": ("Ring ", "+46 (0)8 928 571 38"),
    "CREDIT_CARD": ("card ", "4454 7945 1139 0933"),
    "IBAN_CODE": ("to ", "DE89 3704 0044 0532 0130 00"),
    "CRYPTO": ("pay ", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    "US_BANK_ROUTING": ("routing number ", "021000021"),
    "BANK_ACCOUNT": ("account number: ", "12345678"),
    "US_SSN": ("it is ", "054-28-6917"),
    "US_ITIN": ("ITIN ", "912-70-1234"),
    "UK_NINO": ("mine: ", "AB 12 34 56 C"),
    "UK_NHS": ("NHS number ", "943 476 5919"),
    "DE_TAX_ID": ("Steuer-ID ", "86 095 742 719"),
    "NL_BSN": ("BSN ", "111222333"),
    "ES_NIF": ("el ", "12345678Z"),
    "ES_NIE": ("el ", "X1234567L"),
    "FR_NIR": ("le ", "2 55 08 14 168 025 38"),
    "IT_FISCAL_CODE": ("è ", "RSSMRA85T10A562S"),
    "PL_PESEL": ("PESEL ", "44051401359"),
    "BE_NATIONAL_NUMBER": ("nr ", "93.05.18-223.61"),
    "FI_PERSONAL_IDENTITY_CODE": ("on ", "131052-308T"),
    "SE_PERSONNUMMER": ("är ", "811218-9876"),
    "DK_CPR_NUMBER": ("CPR ", "211062-5629"),
    "BR_CPF": ("é ", "529.982.247-25"),
    "CN_RESIDENT_ID": ("is ", "11010519491231002X"),
    "IN_AADHAAR": ("is ", "2345 6789 0124"),
    "IN_PAN": ("is ", "ABCPE1234F"),
    "AU_TFN": ("TFN ", "123 456 782"),
    "AU_MEDICARE": ("Medicare ", "2123 45670 1"),
    "CA_SIN": ("SIN ", "046 454 286"),
    "SG_NRIC_FIN": ("is ", "S1234567D"),
    "ZA_ID": ("ID ", "8001015009087"),
    "PASSPORT": ("passport no. ", "C01X00T47"),
    "DRIVER_LICENSE": ("my driver's license is ", "D123-4567-8901"),
    "IP_ADDRESS": ("from ", "2001:db8:85a3::8a2e:370:7334"),
    "MAC_ADDRESS": ("at ", "00:1B:44:11:3A:B7"),
    "URL_WITH_USER": ("see ", "https://bob:pw7@host.example/x"),
    "DATE_OF_BIRTH": ("date of birth: ", "12 March 1985"),
    "MEDICAL_RECORD_NUMBER": ("MRN: ", "A-1234567"),
    "HEALTH_INSURANCE_NUMBER": ("insurance policy ", "XYZ123456789"),
    "US_NPI": ("NPI ", "1234567893"),
    "MEDICAL_LICENSE": ("DEA ", "AB1234563"),
}
# The same with a digit changed, or without the words that give them their meaning.
NEAR_MISSES = [
    "card 4454 7945 1139 0934", "to DE88 3704 0044 0532 0130 00", "pay bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
    "pay 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
    "routing number 021000022", "it is 666-28-6917", "it is 054-00-6917",
    "mine: BG 12 34 56 C",
    "NHS number 9434765918", "Steuer-ID 86 095 742 718", "BSN 111222334", "el 12345678A", "el X1234567A",
    "le 2 55 08 14 168 025 39",
    "è RSSMRA85T10A562T", "PESEL 44051401358", "nr 93.05.18-223.62", "on 131052-308U", "är 811218-9875",
    "é 529.982.247-26", "is 110105194912310021",
    "is 2345 6789 0125", "TFN 123 456 783", "SIN 046 454 287", "is S1234567A",
    "NPI 1234567894", "from 300.1.2.3", "version 1.2.3", "at 12:30:45",
    "127.0.0.1", "255.255.255.0", "44051401359",
    "user@host", "a@b",
    "the number to call in 1990-1995", "call on 2026-11-21",
    "call 24.12.2025", "ISBN 978-3-16-148410-0", "2024-05-06", "10.5281/zenodo.1234567", "3.14159265358979",
    "The account is empty.", "passport control", "C01X00T47",
    "https://host.example/a?b=c", "git@github.com:a/b is not mail to write",
]  # fmt: skip
default = PersonalData()
everything = PersonalData(KINDS)


def found(text: str, detector: PersonalData = everything) -> list[tuple[str, str]]:
    return [(finding.kind, text[finding.start : finding.end]) for finding in detector.find(text)]


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_is_found_whole(kind: str) -> None:
    before, value = VALUES[kind]
    assert found(f"{before}{value}, please.", default) == [(kind, value)]
    assert found(f"Größe … {before}{value}\n", default) == [(kind, value)]


def test_every_kind_looked_for_by_default_is_tried_here() -> None:
    assert set(VALUES) == DEFAULT == KINDS - BROAD


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_value_with_a_wrong_check_digit_or_without_its_words_passes(text: str) -> None:
    assert found(text, PersonalData(DEFAULT - {"EMAIL_ADDRESS"})) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("My name is Siiri", "Siiri"), ("my name's Anna-Lena de Vries.", "Anna-Lena de Vries"),
        ("Dear Mr. O'Brien, hello", "O'Brien"),
        ("Hi Freddy, how are you?", "Freddy"), ("Name: Toshimi Arata\nPhone: 1", "Toshimi Arata"),
        ("ask Dr. Cettina Fanucci?", "Cettina Fanucci"),
        ("Best regards,\nŠárka Ottová", "Šárka Ottová"), ("I saw Kate M Begum there", "Kate M Begum"),
        ("my wife Jelena is ill", "Jelena"),
        ("Mein Name ist Jürgen Groß", "Jürgen Groß"), ("What's your name? Pauline Geisler", "Pauline Geisler"),
        ("Laura Carvalho's dog", "Laura Carvalho"), ("Наш директор Сергей Иванов", "Сергей Иванов"),
    ],
)  # fmt: skip
def test_a_name_is_found_by_what_announces_it_or_by_a_given_name(text: str, name: str) -> None:
    assert ("PERSON", name) in found(text)


@pytest.mark.parametrize(
    "text",
    ["My name is not important", "Dear Sir or Madam", "Hi there, Monday is fine", "Dear Customer Support", "Hello World",
     "In March June rains",
     "The River Thames", "New York Times", "this is the end", "Thanks\nPlease reply", "Virginia Beach"],
)  # fmt: skip
def test_what_is_no_name_passes(text: str) -> None:
    assert [kind for kind, _ in found(text) if kind == "PERSON"] == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("He lives at 221 Baker Street, London", "221 Baker Street"), ("in der Musterstraße 12a", "Musterstraße 12a"),
        ("in Via Garibaldi 71", "Via Garibaldi 71"), ("au 12 rue de la Paix", "12 rue de la Paix"),
        ("Calle Mayor 5", "Calle Mayor 5"),
        ("P.O. Box 242", "P.O. Box 242"),
        ("to 1600 Pennsylvania Avenue, Apt 4, Washington 20500",
         "1600 Pennsylvania Avenue, Apt 4, Washington 20500"),
    ],
)  # fmt: skip
def test_an_address_is_found(text: str, address: str) -> None:
    assert ("STREET_ADDRESS", address) in found(text)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("He just turned 69", "AGE", "69"), ("a 21 year old man", "AGE", "21 year old"), ("ZIP: 85921", "ZIP_CODE", "85921"),
        ("SW1A 1AA", "ZIP_CODE", "SW1A 1AA"), ("back from New Zealand soon", "LOCATION", "New Zealand"),
        ("a Croatian place", "NRP", "Croatian"),
        ("I work for Aunt Bertha", "ORGANIZATION", "Aunt Bertha"),
        ("Streetcred Software Inc. is", "ORGANIZATION", "Streetcred Software Inc."),
        ("Mrs. Baker", "TITLE", "Mrs."), ("on 2006-04-07 09:00:27", "DATE_TIME", "2006-04-07 09:00:27"),
        ("at https://www.UEarly.se/", "DOMAIN_NAME", "https://www.UEarly.se/"),
    ],
)  # fmt: skip
def test_the_broad_kinds_are_found_when_asked_for(text: str, kind: str, value: str) -> None:
    assert (kind, value) in found(text)
    assert found(text, default) == []


def test_only_the_kinds_asked_for_are_found() -> None:
    assert found("a@b.example and 054-28-6917", PersonalData(["US_SSN"])) == [("US_SSN", "054-28-6917")]


def test_what_scores_less_than_asked_for_passes() -> None:
    assert found("I met Johanna", PersonalData(["PERSON"])) == []
    assert found("I met Johanna", PersonalData(["PERSON"], least_score=0.3)) == [("PERSON", "Johanna")]


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match="kinds: 'SHOE_SIZE' is not a kind of personal data; known are AGE, "):
        PersonalData(["SHOE_SIZE"])


@pytest.mark.parametrize("score", [0, 1.1, -1])
def test_a_score_out_of_range_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match="least_score"):
        PersonalData(least_score=score)


def test_nothing_asked_for_finds_nothing() -> None:
    assert found("a@b.example", PersonalData([])) == []
