from stoa.adapters.engines.structures import Table, listing, records, table


def test_a_table_keeps_its_columns_and_says_each_row_with_them() -> None:
    found = table(["| Level | Lead |", "|---|---|", "| S1 | **Duty** officer |", "| S2 | - |", "| | |"], "Levels")
    assert found.columns == ("Level", "Lead")
    assert found.rows == (("S1", "Duty officer"), ("S2", ""))
    assert found.said == ("Level: S1; Lead: Duty officer", "Level: S2")


def test_a_part_of_a_table_without_its_header_has_no_columns() -> None:
    assert table(["| S1 | Duty officer |"], "") == Table("", (), (("S1", "Duty officer"),), ("S1; Duty officer",))


def test_lines_with_the_same_fields_are_a_table() -> None:
    found = records(["room: B-214; owner: Reed", "room: B-215; owner: Osman"], "")
    assert found.columns == ("room", "owner")
    assert found.rows == (("B-214", "Reed"), ("B-215", "Osman"))


def test_lines_with_other_fields_each_stand_alone() -> None:
    found = records(["room: B-214; owner: Reed", "site: Oldhaven; rooms: 12"], "")
    assert found.columns == ()
    assert found.said == ("room: B-214; owner: Reed", "site: Oldhaven; rooms: 12")


def test_a_list_keeps_its_numbers_wherever_it_was_cut() -> None:
    found = listing(["3. Sign", "   the form.", "4) Send it."], "", "Steps")
    assert found.items == ("Sign the form.", "Send it.")
    assert found.numbers == (3, 4)
    assert listing(["- one", "- two"], "Bring:", "").said == ("Bring: one", "Bring: two")
    assert listing(["- one"], "", "").numbers == (None,)
