"""Where targets stand over a site."""
import numpy as np
from astropy import units as u
from astropy.coordinates import AltAz, EarthLocation, SkyCoord
from astropy.time import Time
from astropy.utils import iers
from pydantic import BaseModel, Field

iers.conf.auto_download = False  # the table that is installed will do
iers.conf.auto_max_age = None


class Site(BaseModel):
    name: str
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    height: float = 0


class Target(BaseModel):
    name: str
    ra: float = Field(ge=0, lt=360)
    dec: float = Field(ge=-90, le=90)


class Seen(BaseModel):
    target: Target
    altitude: float
    azimuth: float


NORTH = Site(name="north", latitude=52.91, longitude=6.87, height=16)

TARGETS = [
    Target(name="Cassiopeia A", ra=350.85, dec=58.815),
    Target(name="Crab Nebula", ra=83.633, dec=22.014),
    Target(name="M31", ra=10.685, dec=41.269),
    Target(name="Sagittarius A*", ra=266.417, dec=-29.008),
]


def look(site: Site, targets: list[Target], at) -> list[Seen]:
    """Gives the targets, the highest first, as they stand over the site at a time."""
    place = EarthLocation(lat=site.latitude * u.deg, lon=site.longitude * u.deg, height=site.height * u.m)
    there = SkyCoord(ra=[t.ra for t in targets] * u.deg, dec=[t.dec for t in targets] * u.deg)
    seen = there.transform_to(AltAz(obstime=Time(at), location=place))
    highest = np.argsort(-seen.alt.deg)
    return [Seen(target=targets[i], altitude=seen.alt.deg[i], azimuth=seen.az.deg[i]) for i in highest]
