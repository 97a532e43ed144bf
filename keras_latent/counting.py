"""Numbers of things in words."""


def counted(number: int, noun: str) -> str:
    """A number with what is counted, in the plural where it isn't one.

    Args:
        number: How many.
        noun: What, in the singular; its plural ends in "s".

    >>> counted(1, "epoch"), counted(2000, "image")
    ('1 epoch', '2,000 images')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
