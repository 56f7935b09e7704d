"""The steps: a thin function each, which gives a body its ports and turns what happens into data."""
