"""The page of which posteriors, priors and objectives go together."""

from tests.distributions.pairs import (
    NOT_ALONE,
    OBJECTIVES,
    OTHER_SPACE,
    POSTERIORS,
    PRIORS,
    pairs,
    refusal,
)

FOLDER = "combinations"

_INTRODUCTION = """# Posteriors, priors and objectives

Each posterior goes with each prior of its space, and each objective with all of them,
but for what is said here. `tests/distributions/test_pairs.py` runs each cell: a pass
and its gradient where there is a mark, elsewhere the constructor's error; each
objective with each prior, too.
"""


def pages() -> dict[str, str]:
    """The path below `docs` and the text of the page."""
    text = [
        _INTRODUCTION,
        "## Posteriors and priors",
        "",
        *_of_spaces(),
        "",
        f"Elsewhere: “{OTHER_SPACE}”.",
        "",
        "## Objectives and posteriors",
        "",
        *_of_objectives(),
        "",
        'With the prior `"vamp_prior"`, '
        + " and ".join(_without_pseudo_inputs())
        + f" say: “{NOT_ALONE}”.",
        "`HierarchicalVAE` has a posterior and a prior of its own, and takes no other.",
        "",
    ]
    return {f"{FOLDER}/index.md": "\n".join(text)}


def _of_spaces() -> list[str]:
    rows = [
        [f"`{posterior.says}`", *(_mark(refusal(name, prior)) for prior in PRIORS)]
        for name, posterior in POSTERIORS.items()
    ]
    return _table(
        ["posterior", *(f"`{prior.says}`" for prior in PRIORS.values())], rows
    )


def _of_objectives() -> list[str]:
    reasons: dict[str, int] = {}
    rows = []
    for objective, says in OBJECTIVES.items():
        row = [says]
        for posterior in POSTERIORS:
            # Of a prior that nothing speaks against.
            own = next(p for q, p in pairs() if q == posterior and not refusal(q, p))
            reason = refusal(posterior, own, objective)
            if reason:
                reasons.setdefault(reason, len(reasons) + 1)
            row.append(f"({reasons[reason]})" if reason else _mark(None))
        rows.append(row)
    head = ["objective", *(f"`{q.says}`" for q in POSTERIORS.values())]
    notes = [f"({number}) “{reason}”." for reason, number in reasons.items()]
    return [*_table(head, rows), "", *"\n\n".join(notes).splitlines()]


def _without_pseudo_inputs() -> list[str]:
    return [
        says
        for objective, says in OBJECTIVES.items()
        if refusal("normal", "vamp_prior", objective)
    ]


def _mark(refused: str | None) -> str:
    return "" if refused else "✓"


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]
