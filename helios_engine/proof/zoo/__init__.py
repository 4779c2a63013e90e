"""The leak zoo: plugins with bugs that real people make, and honest ones that look as bad, to test the prover on."""
