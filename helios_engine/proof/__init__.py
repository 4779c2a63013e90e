"""The prover: it tries to make the pipeline see the future, and says which part did."""
