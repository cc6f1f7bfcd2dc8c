"""What every tokenizer promises (design, section 3), for every bundled card and every family.

A family takes part by one card in tests/cards, which is built with random weights.
"""

import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path

import pytest
import torch
from samples import SAMPLES

import zoo
from zoo.errors import MediaError, NotSupportedError, TokenError
from zoo.loading import load_random
from zoo.tokenizer import Tokenizer

TINY = sorted((Path(__file__).parent / "cards").glob("*.md"))
NAMES = [*map(str, TINY), *zoo.list_models(bundled=True)]
# Of decoded values in 0..1 between batched and single runs: an eighth of an 8-bit step. Random
# weights stay below 1e-5; trained ones have large activations whose rounding guidance multiplies.
TOLERANCE = 5e-4


@cache
def built(name: str) -> Tokenizer:
    return lively(load_random(name)) if name.endswith(".md") else zoo.load(name)


def lively(tok: Tokenizer) -> Tokenizer:
    """Give weights that are zero at birth (modulations) small values, or ids would not matter."""
    random = torch.Generator().manual_seed(0)
    for parameter in tok.module.parameters():
        if not parameter.any():
            parameter.data = torch.randn(parameter.shape, generator=random) * 0.3
    return tok


@pytest.fixture(params=NAMES, ids=lambda name: Path(name).stem)
def tok(request: pytest.FixtureRequest) -> Tokenizer:
    return built(request.param)


@pytest.fixture
def media(tok: Tokenizer) -> list:
    return SAMPLES[tok.modality]()


def some_prefixes(tok: Tokenizer) -> list[int]:
    known = list(tok.prefixes)
    return sorted({known[0], known[len(known) // 2], known[-1]}) if known else []


def fast(tok: Tokenizer) -> dict[str, object]:
    """Options that make decode quick, where a family has them."""
    return {"steps": 2} if any(option.name == "steps" for option in tok.options) else {}


def same(a: zoo.Media, b: zoo.Media, tolerance: float = 0.0) -> bool:
    pairs = zip(a.items, b.items, strict=True)
    return all(x.shape == y.shape and (x - y).abs().max() <= tolerance for x, y in pairs)


# ids


def test_tokens_fit_their_spec(tok: Tokenizer, media: list) -> None:
    tokens = tok.encode(media)
    assert len(tokens) == len(media)
    assert tokens.spec == tok.spec
    assert tokens.space == tok.space
    assert tokens.codes.dtype == torch.int64
    for slot, size in enumerate(tok.vocab_sizes):
        ids = tokens.codes[:, slot]
        assert ids.max() < size
    assert tokens.made_by["checkpoint"] == tok.name
    if tok.positions is not None:
        assert tokens.lengths.tolist() == tok.count(media) == [tok.positions] * len(media)


def test_an_items_ids_are_those_it_gets_alone(tok: Tokenizer, media: list) -> None:
    together = tok.encode(media)
    alone = [tok.encode(item) for item in media]
    assert together == zoo.Tokens.cat(alone)
    assert together == tok.encode(media, batch_size=1)
    assert tok.encode(media[::-1]) == together[list(range(len(media)))[::-1]]


def test_encoding_a_prefix_equals_cutting_it(tok: Tokenizer, media: list) -> None:
    full = tok.encode(media)
    for k in some_prefixes(tok):
        assert tok.encode(media, prefix=k) == full.prefix(k)


def test_bits_grow_with_the_prefix(tok: Tokenizer, media: list) -> None:
    full = tok.encode(media[0])
    bits = [float(full.prefix(k).bits()) for k in some_prefixes(tok)]
    assert bits == sorted(set(bits))
    if tok.positions is not None:
        assert bits == pytest.approx([tok.prefixes[k] for k in some_prefixes(tok)])


def test_ids_survive_a_language_model(tok: Tokenizer, media: list) -> None:
    tokens = tok.encode(media[:2])
    top = 1000 + sum(tok.vocab_sizes)
    streams = tokens.ids(offset=1000, begin=top, end=top + 1)
    back = tok.from_ids(streams, offset=1000, begin=top, end=top + 1)
    assert torch.equal(back.codes, tokens.codes)


def test_a_file_of_tokens_decodes_the_same(tok: Tokenizer, media: list, tmp_path: Path) -> None:
    tokens = tok.encode(media[:2])
    for packed in (False, True):
        tokens.save(tmp_path / "a file.safetensors", packed=packed)
        read = zoo.Tokens.load(tmp_path / "a file.safetensors")
        assert read == tokens
        assert read.origin == tokens.origin
    assert same(tok.decode(read, **fast(tok)), tok.decode(tokens, **fast(tok)))


# media


def test_decoding_gives_back_the_part_the_model_saw(tok: Tokenizer, media: list) -> None:
    tokens = tok.encode(media)
    decoded = tok.decode(tokens, **fast(tok))
    assert len(decoded) == len(media)
    for item, origin in zip(decoded.items, tokens.origin, strict=True):
        assert origin is not None
        if tok.modality == "image":
            assert origin.rect is not None
            assert tuple(item.shape[1:]) == origin.rect[2:]
        elif tok.modality == "video":
            assert origin.rect is not None
            assert tuple(item.shape[2:]) == origin.rect[2:]
            assert len(item) == origin.out_samples
        elif tok.modality == "audio":
            assert item.shape[1] == origin.out_samples
        assert bool(torch.isfinite(item).all())
        assert float(item.min()) >= (-1 if tok.modality == "audio" else 0)
        assert float(item.max()) <= 1
    native = tok.decode(tokens, native=True, **fast(tok))
    if tok.output_size is not None:
        assert {tuple(item.shape[-2:]) for item in native.items} == {tok.output_size}


def test_the_view_is_what_the_model_sees(tok: Tokenizer, media: list) -> None:
    view = tok.view(media)
    assert torch.equal(tok.encode(view).codes, tok.encode(media).codes)
    if tok.input_size is not None:
        assert {tuple(item.shape[-2:]) for item in view.items} == {tok.input_size}


def test_every_kind_of_prefix_decodes_in_one_batch(tok: Tokenizer, media: list) -> None:
    ks = some_prefixes(tok)
    if not ks:
        pytest.skip("this family has no prefixes")
    full = tok.encode([media[0]] * len(ks))
    mixed = tok.decode(full.prefix(ks), **fast(tok))
    alone = [tok.decode(full[i].prefix(k), **fast(tok)) for i, k in enumerate(ks)]
    for i, one in enumerate(alone):
        assert same(mixed[i], one, TOLERANCE)


def test_ids_matter_to_decoding(tok: Tokenizer, media: list) -> None:
    tokens = tok.encode(media[0])
    other = tok.tokens(
        (tokens.codes + 1) % torch.tensor(tok.vocab_sizes)[:, None],
        grid=tokens.grid,
        **dict(tokens.extras),
    )
    decoded = tok.decode(tokens, native=True, **fast(tok))
    assert not same(decoded, tok.decode(other, native=True, **fast(tok)))


def test_noise_depends_on_the_items_seed_alone(tok: Tokenizer, media: list) -> None:
    tokens = tok.encode(media[:3])
    base = tok.decode(tokens, seed=[5, 6, 7], **fast(tok))
    assert same(base, tok.decode(tokens, seed=[5, 6, 7], **fast(tok)))
    for i, seed in enumerate((5, 6, 7)):
        assert same(base[i], tok.decode(tokens[i], seed=seed, **fast(tok)), TOLERANCE)
    if not tok.deterministic_decode:
        assert not same(base[0], tok.decode(tokens[0], seed=8, **fast(tok)), TOLERANCE)


def test_ids_from_anywhere_decode_at_the_models_size(tok: Tokenizer, media: list) -> None:
    tokens = tok.encode(media[0])
    made = tok.tokens(tokens.codes.tolist(), grid=tokens.grid, **dict(tokens.extras))
    native = tok.decode(tokens, native=True, **fast(tok))
    assert same(tok.decode(made, **fast(tok)), native)


# errors


def test_foreign_and_impossible_ids_are_refused(tok: Tokenizer, media: list) -> None:
    tokens = tok.encode(media[0])
    with pytest.raises(TokenError, match="code space"):
        tok.decode(tokens.replace(space="someone:else"))
    codes = tokens.codes.clone()
    codes[0, 0, 0] = tok.vocab_sizes[0]
    with pytest.raises(TokenError):
        tok.tokens(codes)
    with pytest.raises(TokenError, match="expected Tokens"):
        tok.decode(tokens.codes)
    with pytest.raises(TokenError):
        tok.encode(media[0], prefix=10**6)


def test_unknown_options_are_named(tok: Tokenizer, media: list) -> None:
    with pytest.raises(NotSupportedError, match="no option 'qualty'"):
        tok.encode(media[0], qualty=3)
    with pytest.raises(NotSupportedError, match="no option 'qualty'"):
        tok.decode(tok.encode(media[0]), qualty=3)
    for option in tok.options:
        assert option.doc
        if option.low is not None:
            verb = tok.encode if option.verb == "encode" else tok.decode
            argument = media[0] if option.verb == "encode" else tok.encode(media[0])
            with pytest.raises(NotSupportedError, match=option.name):
                verb(argument, **{option.name: option.kind(option.low - 1)})


def test_wrong_seeds_noise_and_batch_sizes_are_refused(tok: Tokenizer, media: list) -> None:
    tokens = tok.encode(media[:2])
    for seed in (None, 1.5, "ab", 2**70, [1], [1.5, 2.5]):
        with pytest.raises(NotSupportedError, match="seed"):
            tok.decode(tokens, seed=seed)
    for noise in (torch.zeros(1, 2), torch.zeros(3, 2), torch.full((2, 1), torch.nan), "x"):
        with pytest.raises(NotSupportedError, match="noise"):
            tok.decode(tokens, noise=noise)
    for size in (0, -1, 1.5):
        with pytest.raises(NotSupportedError, match="batch_size"):
            tok.encode(media[:2], batch_size=size)
    given = tok.decode(tokens, seed=torch.tensor([1, 2]), **fast(tok))
    assert same(given, tok.decode(tokens, seed=[1, 2], **fast(tok)))


def test_a_bad_item_is_named(tok: Tokenizer, media: list, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="item 2 of 2"):
        tok.encode([media[0], tmp_path / "missing.png"])
    with pytest.raises(MediaError):
        tok.encode([])


# the object


def test_it_leaves_no_trace_in_global_state(tok: Tokenizer, media: list) -> None:
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    tok.decode(tok.encode(media[0]), **fast(tok))
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32


def test_calls_are_reentrant(tok: Tokenizer, media: list) -> None:
    expected = [tok.encode(item) for item in media]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(tok.encode, media)) == expected
        decode = partial(tok.decode, **fast(tok))
        together = list(pool.map(decode, expected))
    for one, tokens in zip(together, expected, strict=True):
        assert same(one, decode(tokens), TOLERANCE)


def test_it_pickles_by_name(
    tok: Tokenizer, media: list, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    copy = pickle.loads(pickle.dumps(tok))
    original = tok if tok.card.bundled else load_random(tok.card.path)  # not the lively one
    assert copy.encode(media[0]) == original.encode(media[0])
    assert copy.space == tok.space
    assert len(pickle.dumps(tok)) < 2000
    prepared = pickle.loads(pickle.dumps(tok.prepare))(media[0])
    assert torch.equal(prepared.tensor, tok.prepare(media[0]).tensor)


def test_vectors_and_features_have_their_shapes(tok: Tokenizer, media: list) -> None:
    tokens = tok.encode(media[:2])
    for kind in tok.vector_kinds:
        found = tok.vectors(tokens, kind)
        assert found.tensor.shape[:2] == found.mask.shape
        assert len(found.tensor) == 2
    for kind in tok.feature_kinds:
        found = tok.features(media[0], kind)
        assert found.tensor.shape[:2] == found.mask.shape
        assert bool(torch.isfinite(found.tensor).all())
    with pytest.raises(NotSupportedError):
        tok.vectors(tokens, "no such kind")


def test_loading_for_one_verb_is_enough_for_it(tok: Tokenizer, media: list) -> None:
    if not tok.card.bundled:
        pytest.skip("random weights are not loaded from files")
    encoder, decoder = zoo.load(tok.name, only="encode"), zoo.load(tok.name, only="decode")
    tokens = encoder.encode(media[0])
    assert tokens == tok.encode(media[0])
    assert same(decoder.decode(tokens, **fast(tok)), tok.decode(tokens, **fast(tok)))
    with pytest.raises(NotSupportedError, match="only='encode'"):
        encoder.decode(tokens)
    with pytest.raises(NotSupportedError, match="only='decode'"):
        decoder.encode(media[0])
    count = [sum(p.numel() for p in t.module.parameters()) for t in (tok, encoder, decoder)]
    assert max(count[1:]) < count[0]
