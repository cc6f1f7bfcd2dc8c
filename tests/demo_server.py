"""The demo's page, served for a test."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


@contextmanager
def served() -> Iterator[str]:
    """Its address; all that it writes goes into a folder of its own."""
    from zoo.demo.page import build, launch_options

    with tempfile.TemporaryDirectory() as folder:
        ours = {
            "GRADIO_TEMP_DIR": folder,
            "GRADIO_ANALYTICS_ENABLED": "False",
            "HF_HUB_OFFLINE": "1",
        }
        before = {name: os.environ.get(name) for name in ours}
        os.environ |= ours
        page = build()
        try:
            _, address, _ = page.launch(prevent_thread_lock=True, quiet=True, **launch_options())
            yield address
        finally:
            page.close(verbose=False)
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
