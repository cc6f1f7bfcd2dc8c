"""SpeechTokenizer: a speech codec whose first codebook carries what is said."""
