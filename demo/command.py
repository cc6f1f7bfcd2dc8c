"""``zoo demo``: a page in the browser that shows what tokens keep of pictures, sounds and videos."""

import argparse
from collections.abc import Sequence

from zoo.errors import NotSupportedError


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the page until it is interrupted."""
    parser = argparse.ArgumentParser(prog="zoo demo", description=__doc__, allow_abbrev=False)
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0: for other machines too")
    parser.add_argument("--port", type=int, help="the first free one from 7860 by default")
    parser.add_argument("--share", action="store_true", help="a public address, through Gradio")
    parser.add_argument("--open", action="store_true", help="open it in a browser")
    args = parser.parse_args(argv)
    try:
        from .page import build, launch_options
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "gradio":
            raise
        raise NotSupportedError(
            "zoo demo needs the package gradio: pip install 'tokenizer-zoo[demo]'"
        ) from error
    build().launch(
        server_name=args.host,
        server_port=args.port,
        share=args.share,
        inbrowser=args.open,
        **launch_options(),
    )
    return 0
