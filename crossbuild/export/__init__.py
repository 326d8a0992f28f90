"""The way back into Yocto: proven wheels as a layer's recipes or as opkg's packages.

Beside them, as a layer of its own, what an SDK lacks to build such wheels.
"""
