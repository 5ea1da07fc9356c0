"""Terms as text: read back as what they were, by N-Triples and by SPARQL, whatever they hold."""

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.adapters.triples.written import lines_of, term_of
from stoa.domain.triples import Iri, Triple, Value

texts = st.text(st.sampled_from("au\\U0\"'\n\r\t{}.;#<>é☃😀 2"), max_size=20) | st.text(max_size=20)


@given(text=texts)
def test_a_string_is_itself_however_it_is_read(text: str) -> None:
    """Signs that XML cannot carry are told by the one that stands for them."""
    lines = lines_of([Triple(Iri("x:a"), Iri("x:b"), Value(text))])
    wanted = "".join("\ufffd" if (ord(sign) < 32 and sign not in "\n\r\t") or sign == "\x7f" else sign for sign in text)
    store = ox.Store()
    store.update(f"INSERT DATA {{ GRAPH <x:g> {{ {lines.decode()} }} }}")
    for (quad,) in (list(ox.parse(lines, ox.RdfFormat.N_TRIPLES)), list(store)):
        assert isinstance(quad.object, ox.Literal)
        assert quad.object.value == wanted


@pytest.mark.parametrize("iri", ["", "0", "a b:c", "x:a>b", "x:a\\u0041", "x:{", 'x:"', "//no", "x:\ud800"])
def test_what_is_no_absolute_iri_is_refused(iri: str) -> None:
    with pytest.raises(ValueError, match="absolute IRI"):
        term_of(Iri(iri))
    with pytest.raises(ValueError, match="absolute IRI"):
        term_of(Value("x", iri)) if iri else term_of(Iri(iri))
