// Package messages has what require says and cairn says before any IOC runs: people search logs for these words, and programs do. Each
// is a line without its newline. The comments say which go to stderr; all others go to stdout. Module require has them in its own C; a script
// of cmd/cairn compares what it prints with these.
package messages

// Aborting is the last line, on stderr, before an IOC ends with status 1 because a module could not be loaded.
const Aborting = "Aborting startup script"

// Found says where a module was found; dir is its version's folder or the pool, with or without a slash at the end.
func Found(module, version, dir string) string {
	if dir == "" || dir[len(dir)-1] != '/' {
		dir += "/"
	}
	return "Module " + module + " version " + version + " found in " + dir
}

// AlreadyLoaded is what a second require of a module says that the loaded version satisfies.
func AlreadyLoaded(module, version string) string {
	return "Module " + module + " version " + version + " already loaded"
}

// Conflict is what it says where the loaded version does not satisfy it.
func Conflict(module, requested, loaded string) string {
	return "Conflict between requested " + module + " version " + requested + " and already loaded version " + loaded + "."
}

// OtherVersions, on stderr, is for a version that is not there of a module that is.
func OtherVersions(module, version string) string {
	return "Module " + module + " version " + version + " not available (but other versions are available)"
}

// NotAvailable, on stderr, is for a module that is in no pool; version is "" where none was asked for.
func NotAvailable(module, version string) string {
	return called(module, version) + " not available"
}

// OtherArchs, on stderr, is for a module, or a version of one, that is not there for the architecture of the IOC.
func OtherArchs(module, version, arch string) string {
	return called(module, version) + " not available for " + arch + " (but maybe for other EPICS versions or architectures)"
}

func called(module, version string) string {
	if version == "" {
		return "Module " + module
	}
	return "Module " + module + " version " + version
}
