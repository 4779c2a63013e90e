"""Order books followed level by level, and the features made of them."""
