"""The whole page: its tabs, its looks, its limits."""

from typing import Any

import gradio as gr
from gradio.themes import Soft

from zoo import __version__

from .audio_tab import audio_tab
from .compare_tab import compare_tab
from .edit_tab import edit_tab
from .image_tab import image_tab
from .leaderboard_tab import leaderboard_page
from .limits import LIMITS
from .video_tab import video_tab

TITLE = "tokenizer zoo"
HEAD = f"""# {TITLE}
Drop a picture, a sound or a video, and see what the tokens keep. Tokenizers marked as bundled work \
at once; others are downloaded when you choose them."""
AT_ONCE = 2  # requests that compute at the same time; the others wait in line
WAITING = 64
KEPT_SECONDS = 3600  # that files stay in the cache
CSS = """
.gradio-container {max-width: 1280px !important; margin: auto}
#image-figures, #audio-figures, #video-figures {min-height: 2.5em}
@media (max-width: 640px) {
  .gradio-container {padding: 8px !important; overflow-x: hidden}
  #compare-table {max-width: calc(100vw - 48px); overflow-x: auto}
}
"""


def build() -> gr.Blocks:
    """The page, not yet running; no weights are loaded before somebody asks for them."""
    with gr.Blocks(title=TITLE, delete_cache=(KEPT_SECONDS, KEPT_SECONDS)) as page:
        gr.Markdown(HEAD)
        with gr.Tabs():
            with gr.Tab("Image", id="image"):
                image_tab()
            with gr.Tab("Compare", id="compare"):
                compare_tab()
            with gr.Tab("Edit ids", id="edit"):
                edit_tab()
            with gr.Tab("Audio", id="audio"):
                audio_tab()
            with gr.Tab("Video", id="video"):
                video_tab()
            with gr.Tab("Leaderboard", id="leaderboard") as board:
                place = gr.HTML("", elem_id="leaderboard-page")
                board.select(leaderboard_page, None, place, api_name="leaderboard_page")
        gr.Markdown(
            f"tokenizer zoo {__version__}. Uploads: at most {LIMITS.megabytes:g} MB, "
            f"{LIMITS.megapixels:g} megapixels, {LIMITS.sound_seconds:g} s of sound, "
            f"{LIMITS.video_seconds:g} s of video; they are deleted after an hour at the latest."
        )
    return page.queue(max_size=WAITING, default_concurrency_limit=AT_ONCE)


def launch_options() -> dict[str, Any]:
    """How the page is served: its theme, its style, the largest upload."""
    return {
        "theme": Soft(),
        "css": CSS,
        "max_file_size": f"{LIMITS.megabytes:g}mb",
        "footer_links": ["api", "settings"],
        "show_error": True,
    }
