package workflow

// RegistryKit gives the files, by path, that print the tasks of all packages of an environment: in a folder of their own, `python registry.py
// args.json` writes the folder out, as a task_package does.
func RegistryKit(out string) (map[string]string, error) {
	return registryFiles(registryArgs{Out: out, Watch: []string{}, Path: []string{}, Adapter: "adapter", Generation: "auto", Installed: true})
}
