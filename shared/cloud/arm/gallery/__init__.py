"""What a copy touches: a gallery, an image definition, its versions."""
