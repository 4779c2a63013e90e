"""The only folder that imports nautilus_trader: a sim venue on its matching engine and accounts."""
