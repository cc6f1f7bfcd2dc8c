"""BigCodec: one codebook at a low bitrate, by large networks."""
