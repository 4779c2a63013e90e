"""The leak zoo: plugins with the bugs that real people make, and honest ones that look as bad, to test the prover on."""
