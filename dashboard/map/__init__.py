"""The basin map: stored shapes to SVG paths once, then a month's figures drawn on them."""

from dashboard.map.scene import LAYERS, Scene, build_scene

__all__ = ["LAYERS", "Scene", "build_scene"]
