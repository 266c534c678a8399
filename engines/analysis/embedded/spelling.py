"""Finds the known word that a misspelt one is one slip away from.

Words are compared by what is left when one letter is dropped, the symmetric deletes of Wolf Garbe's SymSpell:
the time for a word depends on its own length only, however many words are known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_SHORTEST = 6
_LONGEST = 24


class Index:
    """Known stems, to be found by words that are spelt almost like them."""

    def __init__(self, stems: Iterable[str]) -> None:
        self._stems: dict[str, list[str]] = {}
        for stem in sorted(stems):
            if len(stem) >= _SHORTEST - 2:
                for rest in dropped(stem):
                    self._stems.setdefault(rest, []).append(stem)

    def nearest(self, word: str, stem: str) -> str | None:
        """The known stem with one letter missing, too many, changed or swapped; the first letter must be right."""
        if not (_SHORTEST <= len(word) <= _LONGEST and word.isalpha()):
            return None
        close = (known for rest in dropped(stem) for known in self._stems.get(rest, ()) if one_slip(stem, known))
        return min(close, default=None)


def dropped(word: str) -> Iterator[str]:
    """The word, and what is left of it without each of its letters but the first.

    A word of more than 24 letters is left alone: of one without end this would be the square of its length.
    """
    yield word
    if len(word) <= _LONGEST:
        for at in range(1, len(word)):
            yield word[:at] + word[at + 1 :]


def one_slip(one: str, other: str) -> bool:
    """Whether two words differ by one letter added, dropped or changed, or by two neighbours swapped."""
    if one[:1] != other[:1] or abs(len(one) - len(other)) > 1:
        return False
    shorter, longer = sorted((one, other), key=len)
    at = next((i for i, letter in enumerate(shorter) if letter != longer[i]), len(shorter))
    if len(shorter) < len(longer):
        return shorter[at:] == longer[at + 1 :]
    swapped = longer[:at] + longer[at : at + 2][::-1] + longer[at + 2 :]
    return shorter[at + 1 :] == longer[at + 1 :] or shorter == swapped
