"""SNAC: a codec whose levels run at different rates."""
