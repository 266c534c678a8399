"""The memory for finished pictures: what it gives back, what it lets go, and what it never mistakes."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from engines.memory import Memory, Same

KB = 1024


def test_what_is_kept_is_given_back() -> None:
    """The very object, and nothing for a key that was never kept."""
    memory, value = Memory(100 * KB), bytes(10)

    assert memory.keep("a", value, 10) is value
    assert memory.get("a") is value
    assert memory.get("b") is None


def test_who_was_not_asked_for_the_longest_goes_first() -> None:
    """With room for two, the third drives out the one that is used less."""
    memory = Memory(25 * KB)
    memory.keep("old", 1, 10 * KB)
    memory.keep("used", 2, 10 * KB)
    memory.get("old")
    memory.keep("new", 3, 10 * KB)

    assert [memory.get(key) for key in ("old", "used", "new")] == [1, None, 3]


def test_a_large_value_drives_out_as_many_as_it_takes() -> None:
    """All values together never need more than was allowed."""
    memory = Memory(40 * KB)
    for key in "abc":
        memory.keep(key, key, 10 * KB)
    memory.keep("large", "large", 25 * KB)

    assert [memory.get(key) for key in ("a", "b", "c", "large")] == [None, None, "c", "large"]


def test_what_would_never_fit_drives_nothing_out() -> None:
    """A value larger than the whole memory is handed through; a memory of no bytes keeps nothing."""
    memory = Memory(10 * KB)
    memory.keep("small", 1, KB)

    assert memory.keep("huge", 2, 11 * KB) == 2
    assert [memory.get("small"), memory.get("huge")] == [1, None]
    assert Memory(0).once("a", lambda: 3, lambda _: 0) == 3
    assert Memory(0).get("a") is None


def test_many_empty_values_are_bounded_too() -> None:
    """Each entry counts for something, or endless small ones would fill the memory."""
    memory = Memory(10 * KB)
    for key in range(1000):
        memory.keep(key, key, 0)

    assert sum(memory.get(key) is not None for key in range(1000)) == 10


def test_the_first_of_two_equal_ones_stays() -> None:
    """Who makes it again is given what others have already, so that there is one object for all."""
    memory = Memory(10 * KB)
    first, second = [1], [1]

    assert memory.keep("a", first, KB) is first
    assert memory.keep("a", second, KB) is first


def test_a_thing_is_made_once() -> None:
    """The second time it is remembered."""
    memory = Memory(10 * KB)
    made: list[int] = []

    def make() -> bytes:
        made.append(1)
        return b"thing"

    assert memory.once("a", make, len) is memory.once("a", make, len)
    assert made == [1]


def test_two_who_make_it_at_the_same_time_get_one() -> None:
    """Neither waits for the other, and both are given the same object."""
    memory, both = Memory(10 * KB), threading.Barrier(2)

    def make() -> object:
        both.wait(30)
        return object()

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(memory.once, "a", make, lambda _: 0) for _ in range(2)]

    assert asked[0].result() is asked[1].result()


def test_an_array_is_known_by_what_it_is_and_not_by_what_is_in_it() -> None:
    """The same array is found again; an equal one is another."""
    array, equal = np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8)
    memory = Memory(10 * KB)
    memory.keep(("blurred", Same(array)), 1, 0)

    assert memory.get(("blurred", Same(array))) == 1
    assert memory.get(("blurred", Same(equal))) is None
    assert Same(array) != "array"


def test_a_key_keeps_no_array_alive_and_is_no_other_arrays() -> None:
    """An array that comes to lie where one was that is gone is not taken for it."""
    array = np.zeros(100_000, np.uint8)
    key = Same(array)
    del array
    gc.collect()
    others = [np.zeros(100_000, np.uint8) for _ in range(50)]

    assert all(key != Same(other) for other in others)
