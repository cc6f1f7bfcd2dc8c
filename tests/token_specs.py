"""Specs as cards write them, one of each kind of tokenizer."""

SCALES = (1, 5, 21, 57, 121, 221, 365, 561, 817)

SPECS = {
    "flextok": {
        "order": "prefix",
        "vocab_sizes": [64000],
        "positions": 256,
        "prefixes": {"axis": "position", "unit": "tokens", "sizes": "1..256"},
    },
    "tokenflow": {
        "order": "scales",
        "vocab_sizes": [32768],
        "prefixes": {"axis": "position", "unit": "scales", "sizes": list(SCALES)},
    },
    "seed": {"order": "prefix", "vocab_sizes": [8192], "positions": 32},
    "snac": {
        "order": "time",
        "vocab_sizes": {"size": 4096, "slots": 7},
        "prefixes": {"axis": "slot", "unit": "levels", "sizes": [1, 3, 7]},
        "slots": ["coarse", "mid 1", "mid 2", "fine 1", "fine 2", "fine 3", "fine 4"],
        "hop": 2048,
        "sample_rate": 24000,
        "crop": 1,
    },
    "encodec-48k": {
        "order": "time",
        "vocab_sizes": {"size": 1024, "slots": 16},
        "prefixes": {"axis": "slot", "unit": "codebooks", "sizes": [2, 4, 8, 16]},
        "extras": [
            {
                "name": "scale",
                "dtype": "float32",
                "axes": ["item", "segment"],
                "neutral": 1.0,
                "bits": 32,
            }
        ],
        "hop": 320,
        "sample_rate": 48000,
        "crop": 150,
        "segment": 150,
        "segment_hop": 47520,
    },
    "tempme": {
        "order": "raster",
        "vocab_sizes": [8192],
        "positions": 97,
        "holes": True,
        "extras": [
            {
                "name": "source_map",
                "dtype": "int32",
                "axes": ["item", "frame", "row", "column"],
                "neutral": 0,
                "bits": 7,
            }
        ],
    },
}
