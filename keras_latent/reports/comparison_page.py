"""The page and the table of a comparison, as texts."""

import base64
import csv
import hashlib
import io
import math
from collections.abc import Sequence
from importlib import resources
from typing import Any

from keras_latent.reports.column import Column
from keras_latent.reports.comparison import Comparison, Group, by_name

_DIRECTIONS = {
    1: ("↑", "more is better"),
    -1: ("↓", "less is better"),
    0: ("", "to be read beside the others"),
}
"""Of a column's `better`, its sign and what that says."""


def comparison_page(comparison: Comparison) -> str:
    """Render a comparison.

    Every text is escaped: names may hold what HTML would take for its own.

    Args:
        comparison: What it has come to.

    Returns:
        A document of HTML with one script, which sorts, that loads nothing.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("keras_latent.reports"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    templates = resources.files("keras_latent.reports") / "templates"
    script = (templates / "sort.js").read_text(encoding="utf-8")
    # No other script runs in the page, whatever a name may hold.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    columns, groups = comparison.columns, comparison.groups
    return environment.get_template("compare.html").render(
        title=comparison.title,
        facts=comparison.facts,
        columns=columns,
        column_groups=comparison.column_groups,
        directions=_DIRECTIONS,
        first_names=[named[0].name for named in comparison.column_groups.values()],
        rows=_group_rows(groups, columns),
        single_rows=_single_rows(groups, columns),
        pictures=comparison.pictures,
        saw_all=comparison.saw_all,
        script=script,
        script_hash=digest,
    )


def comparison_table(comparison: Comparison) -> str:
    """The numbers as CSV: one row a model, and two a group of several."""
    columns = [column.name for column in comparison.columns]
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(["name", "group", "variant", "seed", "row", *columns])
    for group in comparison.groups:
        for row in group.rows:
            numbers = by_name(row)
            one = row.one
            seed = "" if one.seed is None else one.seed
            writer.writerow(
                [one.name, one.group, group.variant, seed, "model"]
                + [numbers.get(name, "") for name in columns]
            )
        if len(group.rows) > 1:
            for place, kind in enumerate(("mean", "standard deviation")):
                values = [group.spreads.get(name) for name in columns]
                writer.writerow(
                    [group.name, group.name, group.variant, "", kind]
                    + ["" if value is None else value[place] for value in values]
                )
    return written.getvalue()


def _group_rows(
    groups: Sequence[Group], columns: Sequence[Column]
) -> list[dict[str, Any]]:
    best = {column.name: _best(groups, column) for column in columns}
    return [
        {
            "name": group.name,
            "variant": group.variant,
            "count": len(group.rows),
            "cells": [
                _cell(*spread, spread.mean == best[column.name])
                if (spread := group.spreads.get(column.name))
                else None
                for column in columns
            ],
        }
        for group in groups
    ]


def _single_rows(
    groups: Sequence[Group], columns: Sequence[Column]
) -> list[dict[str, Any]]:
    """The models of groups of several; none if there is no such group."""
    return [
        {
            "name": row.one.name,
            "variant": group.variant,
            "count": 1,
            "cells": [
                _cell(by_name(row)[column.name], None, False)
                if column.name in by_name(row)
                else None
                for column in columns
            ],
        }
        for group in groups
        if len(group.rows) > 1
        for row in group.rows
    ]


def _best(groups: Sequence[Group], column: Column) -> float | None:
    """The best mean of a column, where there are several to choose from."""
    means = [
        spread.mean
        for group in groups
        if (spread := group.spreads.get(column.name)) and math.isfinite(spread.mean)
    ]
    if not column.better or len(means) < 2:
        return None
    return max(means) if column.better > 0 else min(means)


def _cell(mean: float, deviation: float | None, is_best: bool) -> dict[str, Any]:
    text = f"{mean:.4g}"
    return {
        "value": repr(mean),
        "text": text,
        "spread": "" if deviation is None else f"± {deviation:.2g}",
        "is_best": is_best,
    }
