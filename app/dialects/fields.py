"""What can be wrong with a field, as the half-sentence behind its name."""

from __future__ import annotations

from app.errors import BadField

FIELD_RULES = {
    "required": "is required",
    "minimum": "must be greater than or equal to {limit}",
    "maximum": "must be less than or equal to {limit}",
    "minLength": "cannot be empty",
    "maxLength": "cannot be longer than {limit} characters",
    "minItems": "must have at least {limit} item{plural}",
    "maxItems": "cannot have more than {limit} item{plural}",
    "pattern": "must match {limit}",
    "utf8": "is not valid UTF-8",
    "exclusive": "cannot be sent together with {limit}",
}


def field_reason(error: BadField) -> str:
    """What is wrong with a field, as the half-sentence behind its name."""
    if error.rule == "type":
        return f"must be {_kind(error.limit)}"
    if error.rule == "enum":
        return f"must be one of {_listed(error.limit)}"
    plural = "" if error.limit == 1 else "s"
    return FIELD_RULES.get(error.rule, "is invalid").format(limit=error.limit, plural=plural)


def _kind(limit: object) -> str:
    kinds = [str(kind) for kind in limit if kind != "null"] if isinstance(limit, list) else ["valid"]
    return " or ".join(f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}" for kind in kinds)


def _listed(limit: object) -> str:
    return ", ".join(str(option) for option in limit if option is not None) if isinstance(limit, list) else str(limit)
