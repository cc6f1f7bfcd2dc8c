"""WavTokenizer: one codebook for speech, music and sounds, decoded by way of spectra."""
