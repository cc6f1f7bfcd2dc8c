"""The built leaderboard, as 'zoo leaderboard build' makes it from the result files."""

import html

NONE = "There are no results in this installation; `zoo leaderboard build` makes a page of yours."


def leaderboard_page() -> str:
    """The page, with its own plots, tables and filters (modality, licence, bits), in a frame."""
    from zoo.eval.leaderboard import (  # pyright: ignore[reportMissingImports]
        page_html,
        published,
    )

    results = published()
    if not results:
        return NONE
    content = html.escape(page_html(results), quote=True)
    return (
        f'<iframe title="Leaderboard" srcdoc="{content}" sandbox="allow-scripts allow-downloads" '
        'style="width: 100%; height: 78vh; border: 0; background: white"></iframe>'
    )
