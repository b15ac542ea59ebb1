package python

import (
	"fmt"

	"github.com/cairn-build/cairn/graph/rule"
)

// uvVersion is the uv that installs wheels. Its files are static programs on Linux, and are fetched like any other wheel; their
// digests are those that the index of Python packages gives.
const uvVersion = "0.13.8"

// uvWheel is the file of uv for one machine.
type uvWheel struct{ tags, sha256 string }

var uvWheels = map[rule.Platform]uvWheel{
	{OS: "linux", Arch: "x86_64"}:  {"musllinux_1_1_x86_64", "29451c60f5e8b07403e0a175d5229efc36b0289b34143ff4aaa499a5dd52553a"},
	{OS: "linux", Arch: "aarch64"}: {"manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64", "0b3e8b1a4f5e405e31e2ff33de8af4744831e9f7338539671efbd8c3c94e791d"},
	{OS: "darwin", Arch: "x86_64"}: {"macosx_10_12_x86_64", "b7124ca1956ec2e476a1003ea5715a15f0266afaec37f4dc9c6972ba8183e6d1"},
	{OS: "darwin", Arch: "arm64"}:  {"macosx_11_0_arm64", "62b6943c7fd64fac6854f780bea6e0359e5a5bc3241f83ee357bb38276afac49"},
}

// fetchUV declares the fetch of uv, and gives the tree with it and the program's path.
func fetchUV(c *rule.Context) (tree rule.Artifact, program string, ok bool) {
	version, file, sum, ok := UV(c.Host)
	if !ok {
		c.Problem("", "no-uv", fmt.Sprintf("No environment can be installed on %s", c.Host), "There is no uv for it that cairn knows.")
		return rule.Artifact{}, "", false
	}
	tree = c.OutputTree("", "uv")
	c.Declare(rule.Action{Mnemonic: "Fetch", Outputs: []rule.Artifact{tree}, Fetch: &rule.Fetch{
		Fetcher: "registry", SHA256: sum, Unpack: "zip",
		Params: map[string]string{"index": "pypi", "package": "uv", "version": version, "file": file},
	}})
	return tree, tree.Path + "/uv-" + version + ".data/scripts/uv", true
}

// UV gives the file of the package index that holds uv for a machine, for those who want to have it at hand.
func UV(p rule.Platform) (version, file, sha256 string, ok bool) {
	w, ok := uvWheels[p]
	return uvVersion, "uv-" + uvVersion + "-py3-none-" + w.tags + ".whl", w.sha256, ok
}
