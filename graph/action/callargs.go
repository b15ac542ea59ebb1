package action

import (
	"encoding/json"
	"maps"
	"slices"
)

// describeArgs walks the Args of a Call into s: where they are a JSON object, its parts by their names, so that what is another can be
// said by name, and else as a whole (so is an object that has a part of that name). Objects whose parts are the same bytes are the same object
// to who decodes them.
func describeArgs(args []byte, s Sink) {
	var parts map[string]json.RawMessage
	if len(args) == 0 || args[0] != '{' || json.Unmarshal(args, &parts) != nil || parts["args"] != nil {
		s.Option("args", string(args))
		return
	}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		s.Option(name, string(parts[name]))
	}
}
