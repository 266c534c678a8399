"""What administration refuses to do, in words for the person at the terminal."""

from __future__ import annotations


class Refused(Exception):
    """The change was not made; the message says why."""


class EmailTaken(Refused):
    """Another account has this e-mail address."""

    def __init__(self, email: str) -> None:
        super().__init__(f"there is already an account for {email}")


class NoSuchAccount(Refused):
    """No account has this id or e-mail address."""

    def __init__(self, wanted: str) -> None:
        super().__init__(f"there is no account {wanted}; see `understudy accounts list`")


class NoSuchOrganization(Refused):
    """No organization has this id."""

    def __init__(self, wanted: str) -> None:
        super().__init__(f"there is no organization {wanted}; see `understudy credits show`")


class NoSuchKey(Refused):
    """No key has this id."""

    def __init__(self, wanted: str) -> None:
        super().__init__(f"there is no key {wanted}; see `understudy keys list`")


class KeyUnusable(Refused):
    """The key chosen for the first account cannot be its key."""


class BalanceTooLarge(Refused):
    """Balances and the sum of all grants stay within what can be counted exactly."""

    def __init__(self, most: int) -> None:
        super().__init__(f"an organization can be given at most {most // 1_000_000:,} credits")


class BadEmail(Refused):
    """The text is no e-mail address."""

    def __init__(self, sent: str) -> None:
        super().__init__(f"{sent!r} is not an e-mail address such as ada@example.com")


class BadName(Refused):
    """A name or label cannot be shown."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} must have 1 to 100 printable characters")
