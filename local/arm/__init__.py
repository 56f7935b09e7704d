"""A simulator of Azure Resource Manager that the real Azure SDK clients talk to.

`server.running` starts it inside a process, `python -m local.arm` as one of its own. It imports nothing of the
rest of the project, so that a mistake of the product is never shared by what the product is tested against.
"""
