"""Microsoft.Compute: images, sizes, quotas, virtual machines and what runs inside them."""
