package rule

// Layer is a small folder that hangs on the machine it is used on, such as a virtual environment's pyvenv.cfg and its link to
// the interpreter. It is made anew wherever it is used and is part of no digest, so that what lies beside it can be the same
// for everybody. What it is made from is keyed, with the placeholders of HostTool unexpanded.
type Layer struct {
	Path  string // the folder, in the action's tree
	Files []LayerFile
}

// LayerFile is one entry of a Layer. In Text and Link, placeholders of HostTool stand for programs of the host, those of
// HostToolDir for the folders that these lie in.
type LayerFile struct {
	Path string // below the layer
	Text string // the content of a file
	Link string // or what a link leads to: a program of the host, or a path in the action's tree
}

// HostPackages gives the name, among Spawn.HostTools, of what an interpreter of Python finds installed on the host: names, versions and
// digests of its packages are then keyed.
func HostPackages(python string) string { return python + " packages" }

// HostToolDir gives the placeholder that stands for the folder of a program of the host, in a Layer.
func HostToolDir(name string) string { return HostTool("/" + name) }
