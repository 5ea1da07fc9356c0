"""Following a source: list > compare > fetch what is new or changed > rights and removals first, documents after."""
