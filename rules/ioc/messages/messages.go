// Package messages has the words that require prints, in one place: people search logs for them, and programs do. Each is a line
// without its newline. The comments say which go to stderr; all others go to stdout.
package messages

// Aborting is the last line, on stderr, before an IOC ends with status 1 because a module could not be loaded.
const Aborting = "Aborting startup script"

// AfterInit is what a require says once the IOC runs; it does nothing then, and the IOC goes on.
const AfterInit = "Modules can only be loaded before iocInit"

// Found says where a module was found; dir is its version's folder or the pool, with or without a slash at the end.
func Found(module, version, dir string) string {
	if dir == "" || dir[len(dir)-1] != '/' {
		dir += "/"
	}
	return "Module " + module + " version " + version + " found in " + dir
}

// Depends says that a module's .dep names another; version is "" where the line has none.
func Depends(module, dependency, version string) string {
	if version == "" {
		return "Module " + module + " depends on " + dependency
	}
	return "Module " + module + " depends on " + dependency + " " + version
}

// LoadingLibrary comes before a library is opened.
func LoadingLibrary(file string) string { return "Loading library " + file }

// NoLibrary is for a module of databases alone, which is no fault.
func NoLibrary(module string) string { return "Module " + module + " has no library" }

// Loaded comes after a library was opened and its version was looked at.
func Loaded(module, version string) string { return "Loaded " + module + " version " + version }

// LoadingDbd comes before a module's dbd file is read.
func LoadingDbd(file string) string { return "Loading dbd file " + file }

// Calling comes before a module's registration runs: function is "<m>_registerRecordDeviceDriver".
func Calling(function string) string { return "Calling function " + function }

// LoadingRecords comes before the PVs that publish a module's version are made.
func LoadingRecords(module string) string { return "Loading module info records for " + module }

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

// FoundOnly, on stderr, is for a library whose own version is not the one of the folder that it lies in.
func FoundOnly(module, requested, found string) string {
	return "Requested " + module + " version " + requested + " not available, found only " + found + "."
}

func called(module, version string) string {
	if version == "" {
		return "Module " + module
	}
	return "Module " + module + " version " + version
}
