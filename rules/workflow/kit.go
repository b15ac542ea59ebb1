package workflow

import "encoding/json"

// RegistryKit gives the files, by path, that print the tasks of all packages of an environment: in a folder of their own, `python registry.py
// args.json` writes the folder out, as a task_package does.
func RegistryKit(out string) (map[string]string, error) {
	args, err := json.Marshal(registryArgs{Out: out, Watch: []string{}, Path: []string{}, Adapter: "adapter", Generation: "auto", Installed: true})
	if err != nil {
		return nil, err
	}
	files := map[string]string{"registry.py": registrySource, "shape.py": shapeSource, "args.json": string(args)}
	for p, text := range adapterFiles() {
		files["adapter/"+p] = text
	}
	return files, nil
}
