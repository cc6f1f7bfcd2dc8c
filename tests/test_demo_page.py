"""The demo end to end: as an API, and in a real Chromium."""

import gc
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from demo_server import CHROMIUM, served
from samples import picture

import zoo
from zoo.media.sample import sample_sound

gradio = pytest.importorskip("gradio", reason="the demo's packages are not installed")
pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # of the web server and the browser's driver
]
MODEL = "flextok-tiny"
SOON = 60_000  # milliseconds that a busy machine may take


@pytest.fixture(scope="module", autouse=True)
def nothing_left() -> Iterator[None]:
    """Servers, clients and the browser's driver leave event loops: taken away here, in silence."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(3):
            gc.collect()


@pytest.fixture(scope="module")
def address(nothing_left: None) -> Iterator[str]:
    with served() as place:
        yield place


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("with a space")
    for name, seed in (("a", 3), ("b", 12)):
        picture(90, 70, seed).save(folder / f"{name}.png")
    zoo.read(sample_sound()).save(folder / "voice.wav")
    (folder / "notes.txt").write_text("neither picture nor sound")
    (folder / "false.png").write_text("no picture")
    return {path.name: path for path in folder.iterdir()}


def client(address: str) -> Any:
    from gradio_client import Client

    return Client(address, verbose=False)


def given(path: Path) -> Any:
    from gradio_client import handle_file

    return handle_file(str(path))


def test_the_api_encodes_once_and_decodes_again(address: str, files: dict[str, Path]) -> None:
    session = client(address)
    text = session.predict(given(files["a.png"]), MODEL, api_name="/encode_picture")[-1]
    assert "**64** ids" in text
    text = session.predict(4, api_name="/decode_picture")[-1]
    assert "**4** ids · **64** bits" in text
    text = session.predict(given(files["voice.wav"]), "codec-tiny", api_name="/encode_sound")[-2]
    assert "8 kbit/s" in text
    assert "**the same**" in session.predict(2, api_name="/stream_sound")


def test_errors_are_messages(address: str, files: dict[str, Path]) -> None:
    from gradio_client.exceptions import AppError

    session = client(address)
    with pytest.raises(AppError, match="not an image"):
        session.predict(given(files["false.png"]), MODEL, api_name="/encode_picture")
    with pytest.raises(AppError, match="Upload a picture first"):
        session.predict(4, api_name="/decode_picture")
    with pytest.raises(AppError, match="safetensors"):
        session.predict(given(files["notes.txt"]), api_name="/decode_file")
    with pytest.raises(AppError, match=r"Bundled checkpoints work without network"):
        session.predict(given(files["a.png"]), "seed-2", api_name="/encode_picture")


def test_tokens_go_to_a_file_and_come_back(
    address: str, files: dict[str, Path], tmp_path: Path
) -> None:
    session = client(address)
    table = session.predict(given(files["a.png"]), [MODEL], 512, api_name="/compare")[1]
    assert table["data"][0][:3] == [MODEL, "32", 32]
    path = session.predict(MODEL, api_name="/tokens_of")
    tokens = zoo.Tokens.load(path)
    assert tokens == zoo.load(MODEL).encode(files["a.png"]).prefix(32)
    text = session.predict(given(Path(path)), api_name="/decode_file")[0]
    assert f"of **{MODEL}**, 511 bits" in text


def test_two_users_never_share_tokens(address: str, files: dict[str, Path]) -> None:
    def one(name: str) -> list[str]:
        session = client(address)
        first = session.predict(given(files[name]), MODEL, api_name="/encode_picture")[-1]
        return [first, *(session.predict(k, api_name="/decode_picture")[-1] for k in (1, 8, 64))]

    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(one, ("a.png", "b.png")))
    assert together == [one("a.png"), one("b.png")]
    assert together[0][0] == together[0][3] != together[1][3]


@pytest.fixture(scope="module")
def browser(nothing_left: None) -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def opened(browser: Any, address: str, width: int = 1280) -> Any:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_default_timeout(SOON)
    page.goto(address)
    page.wait_for_selector("#image-input")
    return page


def says(page: Any, place: str, text: str) -> None:
    page.wait_for_function(
        "([place, text]) => document.querySelector(place)?.innerText.includes(text)",
        arg=[place, text],
    )


@pytest.mark.browser
def test_a_person_uploads_slides_and_is_told_what_is_wrong(
    browser: Any, address: str, files: dict[str, Path]
) -> None:
    page = opened(browser, address)
    page.set_input_files("#image-input input[type=file]", files["a.png"])
    says(page, "#image-figures", "64 ids")
    page.focus("#image-count input[type=range]")
    for _ in range(3):  # by keyboard
        page.keyboard.press("ArrowLeft")
    says(page, "#image-figures", "61 ids")
    page.fill("#image-count input[type=number]", "4")
    page.keyboard.press("Enter")
    says(page, "#image-figures", "4 ids")
    page.set_input_files("#image-input input[type=file]", [])
    page.locator("#image-input").get_by_label("Clear").or_(
        page.locator("#image-input").get_by_label("Remove Image")
    ).first.click()
    page.set_input_files("#image-input input[type=file]", files["false.png"])
    page.get_by_text("not an image").first.wait_for()
    page.close()


@pytest.mark.browser
def test_a_person_compares_takes_tokens_away_and_brings_them_back(
    browser: Any, address: str, files: dict[str, Path], tmp_path: Path
) -> None:
    page = opened(browser, address)
    page.get_by_role("tab", name="Compare").click()
    page.set_input_files("#compare-input input[type=file]", files["b.png"])
    page.wait_for_selector("#compare-input img")
    page.click("#compare-go")
    says(page, "#compare-table", MODEL)
    page.wait_for_function("document.querySelector('#compare-which input')?.value")
    page.wait_for_timeout(1000)  # nothing on the page tells when a button has its file
    with page.expect_download() as download:
        page.click("#compare-download")
    path = tmp_path / "tokens.safetensors"
    download.value.save_as(path)
    assert zoo.Tokens.load(path).made_by["checkpoint"] in zoo.list_models(bundled=True)
    page.set_input_files("#compare-upload input[type=file]", path)
    page.get_by_text("1 item(s) of").wait_for()
    page.close()


@pytest.mark.browser
def test_a_person_hears_a_sound_and_sees_the_leaderboard(
    browser: Any, address: str, files: dict[str, Path]
) -> None:
    page = opened(browser, address)
    page.get_by_role("tab", name="Audio").click()
    page.set_input_files("#audio-input input[type=file]", files["voice.wav"])  # as if recorded
    says(page, "#audio-figures", "kbit/s")
    page.click("#audio-stream")
    says(page, "#audio-chunks", "the same")
    page.get_by_role("tab", name="Leaderboard").click()
    frame = page.frame_locator("#leaderboard-page iframe")
    frame.get_by_text("Leaderboard").first.wait_for()
    page.close()


@pytest.mark.browser
def test_it_fits_a_phone(browser: Any, address: str, files: dict[str, Path]) -> None:
    page = opened(browser, address, width=390)
    page.set_input_files("#image-input input[type=file]", files["a.png"])
    says(page, "#image-figures", "64 ids")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


@pytest.mark.browser
def test_two_people_at_once_see_their_own(
    browser: Any, address: str, files: dict[str, Path]
) -> None:
    pages = [opened(browser, address) for _ in range(2)]
    for page, name in zip(pages, ("a.png", "b.png"), strict=True):
        page.set_input_files("#image-input input[type=file]", files[name])
    texts = []
    for page in pages:
        says(page, "#image-figures", "64 ids")
        texts.append(page.inner_text("#image-figures"))
    tok = zoo.load(MODEL)
    for text, name in zip(texts, ("a.png", "b.png"), strict=True):
        from zoo.demo.pictures import encode, rebuild

        assert f"{rebuild(encode(str(files[name]), tok.name)).figures.psnr:.1f} dB" in text
    for page in pages:
        page.close()


@pytest.mark.browser
def test_ids_are_chosen_by_clicking_them(browser: Any, address: str) -> None:
    page = opened(browser, address)
    page.get_by_role("tab", name="Edit ids").click()
    page.click("#edit-start")
    says(page, "#edit-said", "Encoded")
    sheet = page.locator("#edit-ids-B img")
    for row, column in ((1, 2), (7, 7), (1, 2), (0, 3)):  # the first one twice: not chosen
        # gradio drops a click on a picture that has not arrived: it has no size yet
        page.wait_for_function(
            "(img => img?.complete && img.naturalWidth > 0)(document.querySelector('#edit-ids-B img'))"
        )
        box = sheet.bounding_box()
        place = {"x": (column + 0.5) * box["width"] / 8, "y": (row + 0.5) * box["height"] / 8}
        before = page.input_value("#edit-ranges textarea, #edit-ranges input")
        sheet.click(position=place)
        page.wait_for_function(
            "before => document.querySelector('#edit-ranges textarea, #edit-ranges input').value !== before",
            arg=before,
        )
    assert page.input_value("#edit-ranges textarea, #edit-ranges input") == "3, 63"
    page.click("#edit-swap")
    says(page, "#edit-said", "2 ids swapped")
    page.close()
