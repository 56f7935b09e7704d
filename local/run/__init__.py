"""`make run`: the whole service on one machine, and an import to watch.

`python -m local.run` starts what stands in for Azure and the Functions host, then does what a client does over HTTP.
"""
