"""Every plugin that comes with Helios, and broken ones, under the kit that their authors are given."""
