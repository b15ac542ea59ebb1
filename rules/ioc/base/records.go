package base

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cairn-build/cairn/graph/diag"
	"github.com/cairn-build/cairn/rules/ioc/dbd"
)

// recordFiles gives the headers and dbd files of record types and menus as the IOC that runs has them: runtime is its expanded dbd file, and
// files are the dbd files of the same base or of another version, by name, which say how menus and record types are spread over files. A
// device support that is compiled with another version's header writes beyond records: between versions, record types get new fields.
//
// The files that come back take the place of those with the same names. dropped are names of files of record types that the runtime does not have. It is
// an error where the fields that all record types share are others, as headers that are not made from dbd files stand on them.
func recordFiles(runtime []byte, files map[string][]byte) (dbds, headers map[string][]byte, dropped []string, err error) {
	db, err := expandDbd("softIocPVA.dbd", runtime, nil)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := sameCommon(db, files["dbCommon.dbd"]); err != nil {
		return nil, nil, nil, err
	}
	dbds, headers = map[string][]byte{}, map[string][]byte{}
	placed := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		menus, record, ok := definedIn(name, files[name])
		if !ok {
			continue
		}
		var text bytes.Buffer
		var have []dbd.Menu
		for _, m := range menus {
			if d := db.Menu(m); d != nil && !placed[m] {
				have = append(have, *d)
				placed[m] = true
				text.Write(dbd.WriteMenu(*d))
			}
		}
		base := strings.TrimSuffix(name, ".dbd")
		if record == "" {
			if len(have) > 0 {
				dbds[name], headers[base+".h"] = text.Bytes(), dbd.MenuHeader(have, name)
			}
			continue
		}
		t := db.RecordType(record)
		if t == nil {
			dropped = append(dropped, name)
			continue
		}
		placed["recordtype "+record] = true
		text.Write(dbd.WriteRecordType(*t))
		dbds[name], headers[base+".h"] = text.Bytes(), dbd.RecordHeader(*t, have, name)
	}
	for _, m := range db.Menus {
		if !placed[m.Name] {
			dbds[m.Name+".dbd"], headers[m.Name+".h"] = dbd.WriteMenu(m), dbd.MenuHeader([]dbd.Menu{m}, m.Name+".dbd")
		}
	}
	for _, t := range db.RecordTypes {
		if !placed["recordtype "+t.Name] {
			name := t.Name + "Record.dbd"
			dbds[name], headers[t.Name+"Record.h"] = dbd.WriteRecordType(t), dbd.RecordHeader(t, nil, name)
		}
	}
	return dbds, headers, dropped, nil
}

// expandDbd reads a dbd file and what it includes of files.
func expandDbd(name string, data []byte, files map[string][]byte) (*dbd.Database, error) {
	f, ds := dbd.Parse(name, data)
	if ds.HasErrors() {
		return nil, ds
	}
	db, ds := dbd.Expand([]*dbd.File{f}, dbd.Options{Include: func(name, _ string) (dbd.Include, bool) {
		b, ok := files[name]
		return dbd.Include{Place: name, Data: b}, ok
	}})
	if ds.HasErrors() {
		return nil, ds
	}
	return db, nil
}

// definedIn gives the menus and the record type that a file of a base defines, false for one that defines other things: there those of base.dbd
// are included.
func definedIn(name string, data []byte) (menus []string, record string, ok bool) {
	f, ds := dbd.Parse(name, data)
	if ds.HasErrors() || name == "dbCommonRecord.dbd" {
		return nil, "", false
	}
	for _, it := range f.Items {
		switch {
		case len(it.Args) == 0:
		case it.Word == "menu":
			menus = append(menus, it.Args[0].Text)
		case it.Word == "recordtype":
			record = it.Args[0].Text
		}
	}
	return menus, record, len(menus) > 0 || record != ""
}

// sameCommon says whether the record types of db begin with the fields of dbCommon.dbd.
func sameCommon(db *dbd.Database, common []byte) error {
	want, err := expandDbd("dbCommon.dbd", append(append([]byte("recordtype(dbCommon) {\n"), common...), "\n}\n"...), nil)
	if err != nil {
		return err
	}
	fields := want.RecordTypes[0].Fields
	for _, t := range db.RecordTypes {
		for i, f := range fields {
			if len(t.Fields) <= i || !sameField(t.Fields[i], f) {
				return diag.List{{Code: "other-base", Summary: "Headers and programs are of bases that do not go together",
					Detail: fmt.Sprintf("All record types have the field %s, and %s of the IOC that runs has it otherwise, or not. Choose versions that are nearer to each other.", f.Name, t.Name)}}
			}
		}
	}
	return nil
}

// sameField says whether two fields take the same place in memory.
func sameField(a, b dbd.Field) bool {
	return a.Name == b.Name && a.Type == b.Type && a.Attrs["size"] == b.Attrs["size"] && a.Attrs["extra"] == b.Attrs["extra"]
}
