"""EnCodec: SEANet with residual quantisation, through transformers."""
