"""Where things are: targets of katpoint's catalogue, directions by astropy. Nothing is fetched."""
import astropy.units as u
import katpoint
from astropy.coordinates import AltAz, EarthLocation, SkyCoord
from astropy.time import Time
from astropy.utils import iers

iers.conf.auto_download = False
iers.conf.iers_degraded_accuracy = "ignore"  # a forecast of the earth's rotation that has run out costs less than an arcsecond

SITE = katpoint.Antenna("site, -30:42:39.8, 21:26:38.0, 1086, 13.5")

# Calibrators that never set here, as katpoint writes targets.
CATALOGUE = katpoint.Catalogue(antenna=SITE)
CATALOGUE.add([
    "PKS 0252-712, radec, 02:52:46.2, -71:04:35",
    "PKS 0410-752, radec, 04:08:48.5, -75:07:19",
    "PKS 1610-771, radec, 16:17:49.3, -77:17:18",
])


def now():
    return Time.now()


def direction(name, at):
    """The direction of a target at a time (astropy's, or text in UTC): azimuth and elevation in degrees."""
    place = EarthLocation.from_geodetic(21.443889 * u.deg, -30.711056 * u.deg, 1086 * u.m)
    ra, dec = CATALOGUE[name].radec(Time(at).unix, SITE)
    seen = SkyCoord(ra * u.rad, dec * u.rad).transform_to(AltAz(obstime=Time(at), location=place))
    return float(seen.az.deg), float(seen.alt.deg)


def highest(at):
    """The target that stands highest."""
    return max((t.name for t in CATALOGUE), key=lambda name: direction(name, at)[1])


def table(name, at, seconds, step=1.0):
    """Where a target is in the seconds after a time: (seconds, azimuth, elevation) for Dish.track."""
    start = Time(at)
    return [(n * step, *direction(name, start + n * step * u.s)) for n in range(int(seconds / step) + 1)]
