"""What had not happened yet is removed or exchanged: the layers prefix and futures."""
