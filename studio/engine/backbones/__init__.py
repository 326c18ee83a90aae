"""The backbones, by the name that recipes use."""

from studio.engine.backbones.alexnet_vcop import AlexNetVcop
from studio.engine.backbones.backbone import Backbone
from studio.engine.backbones.c3d_vcop import C3DVcop
from studio.engine.backbones.caffenet import CaffeNet, CaffeNetPlain
from studio.engine.backbones.r2plus1d_vcop import R2Plus1DVcop
from studio.engine.backbones.r3d_small import R3DSmall
from studio.engine.backbones.r3d_vcop import R3DVcop
from studio.engine.backbones.torchvision_18 import MC318, R3D18, R2Plus1D18
from studio.engine.backbones.vgg_m import VGGM

BACKBONES: dict[str, type[Backbone]] = {
    "r3d_small": R3DSmall,
    "caffenet": CaffeNet,
    "caffenet_plain": CaffeNetPlain,
    "alexnet_vcop": AlexNetVcop,
    "vgg_m": VGGM,
    "c3d_vcop": C3DVcop,
    "r3d_vcop": R3DVcop,
    "r2plus1d_vcop": R2Plus1DVcop,
    "r3d_18": R3D18,
    "mc3_18": MC318,
    "r2plus1d_18": R2Plus1D18,
}
