"""How many examples Hypothesis tries: all of them in `make test`, some of them in `make check`.

`make test` chooses the profile by `--hypothesis-profile=thorough` and runs every property again.
"""

from hypothesis import settings

_ALL = 100


def register_profiles() -> None:
    settings.register_profile("thorough", deadline=None, max_examples=_ALL)  # a loaded machine is no failure
    settings.register_profile("house", deadline=None, max_examples=_ALL // 4)
    settings.load_profile("house")


def examples(number: int) -> int:
    """Of so many that are to be tried, those for now; at least one."""
    return max(1, number * settings().max_examples // _ALL)
