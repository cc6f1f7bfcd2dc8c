"""EnCodec: SEANet with residual quantisation."""
