"""The run again in fresh processes under other circumstances: the layer differential."""
