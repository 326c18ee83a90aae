"""The backbones, by the name that recipes use."""

from studio.engine.backbones.backbone import Backbone
from studio.engine.backbones.caffenet import CaffeNet
from studio.engine.backbones.r2plus1d_18 import R2Plus1D18
from studio.engine.backbones.r3d_small import R3DSmall
from studio.engine.backbones.r3d_vcop import R3DVcop

BACKBONES: dict[str, type[Backbone]] = {
    "r3d_small": R3DSmall,
    "caffenet": CaffeNet,
    "r3d_vcop": R3DVcop,
    "r2plus1d_18": R2Plus1D18,
}
