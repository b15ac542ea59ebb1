package dbd

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	at := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s is another:\n%s", name, got)
	}
}

// The forms are those of headers that ship with EPICS, which testdata/script/rule_ioc_module_dbd_wheels.txtar compares with; this shows ours.
func TestGenerated(t *testing.T) {
	f := folder{"counterRecord.dbd": `
menu(counterMODE) {
  choice(counterMODE_Up, "Up")
  choice(counterMODE_Down, "Down */ \"there\"")
}
recordtype(counter) {
  %#include <epicsTypes.h>
  %
  %struct counterRecord;
  field(NAME, DBF_STRING) { size(61) prompt("Record Name") }
  field(MODE, DBF_MENU) { menu(counterMODE) prompt("Up /* or */ down") }
  field(NOT, DBF_ULONG)
  field(FLNK, DBF_FWDLINK) { prompt("Link") }
  field(PTR, DBF_NOACCESS) { extra("struct averyveryverylongnameofastruct *ptr") prompt("Private") }
}
device(counter, INST_IO, devCounter, "counter")
device(ai, INST_IO, devAiCounter, "counter")
device(ao, INST_IO, devAiCounter, "counter")
driver(drvCounter)
link(count, lnkCount)
registrar(counterRegister)
function(counterSub)
variable(counterDebug)
variable(counterScale, double)
`}
	p, _ := Parse("counterRecord.dbd", []byte(f["counterRecord.dbd"]))
	db, ps := Expand([]*File{p}, Options{})
	if ps != nil {
		t.Fatal(ps)
	}
	golden(t, "counterRecord.h", RecordHeader(db.RecordTypes[0], db.Declared(), "counterRecord.dbd"))
	golden(t, "menu-a.h", MenuHeader(db.Menus, "menu-a.dbd"))
	golden(t, "registration.c", Registration(db, "counter"))
	var needs strings.Builder
	for _, n := range db.Needs() {
		needs.WriteString(n.Symbol + " " + n.Range.String() + " " + n.Says + " " + n.Export + "\n")
	}
	golden(t, "needs.txt", []byte(needs.String()))
}

// An empty registration is one all the same: require calls it.
func TestEmptyRegistration(t *testing.T) {
	got := string(Registration(&Database{}, "m"))
	for _, want := range []string{"int m_registerRecordDeviceDriver(struct dbBase *pdbbase)", "iocshRegister(&command, call)"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if strings.Contains(got, "[] = {\n        };") || strings.Contains(got, "registerDevices") {
		t.Errorf("an empty list:\n%s", got)
	}
}

// The tables are those that makeBpt of EPICS 7.0.8.1 makes of the same files.
func TestBreakpoints(t *testing.T) {
	squares := "0 1.01 2.04 3.09 4.16 5.25 6.36 7.49 8.64 9.81 11 12.21 13.44 14.69 15.96 17.25 18.56 19.89 21.24 22.61 24"
	for _, tt := range []struct{ name, in, want string }{
		{"to the last entry", "! squares\n\"sq\" 0 0 20 4095 0.1 0 20 1\n" + squares, "0.000000 0.000000, 1085.175000 6.000000, 2293.200000 12.000000, 3857.831250 19.000000, 4095.000000 20.000000"},
		{"a part of it, from between two entries", "\"sq\" 2.5 100 15 2000 0.05 0 20 1\n! more\n" + squares, "100.000000 2.500000, 737.214845 7.000000, 1347.906027 11.000000, 2169.492680 16.000000"},
		{"commas", "sq 0 0 2 10 1 0 2 1\n0, 1, 2\n", "0.000000 0.000000, 10.000000 2.000000"},
	} {
		f, ps := Breakpoints("bptsq.data", []byte(tt.in))
		if ps != nil {
			t.Fatalf("%s: %v", tt.name, ps)
		}
		var points []string
		for _, p := range f.Items[0].Body {
			points = append(points, p.Args[0].Text+" "+p.Args[1].Text)
		}
		if got := strings.Join(points, ", "); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
	for in, want := range map[string]string{
		"":                                   "bptsq.data:1: Unexpected end of the file; The first line starts with the table's name.",
		"\"sq\" 0 0 20 x":                    "bptsq.data:1: Unexpected `x`; Here stands a number: its raw value.",
		"\"sq\" 0 0 2 10 1 0 2 1\n0 1":       "bptsq.data:1: There are 2 values, and the first line speaks of 3",
		"\"sq\" 0 0 2 10 1 0 2 1\n0 1 y":     "bptsq.data:2: Unexpected `y`; After the first line stand raw values alone.",
		"\"sq\" 0 0 2 10 1 0 2 1\n0 1 1":     "bptsq.data:1: The values do not rise; Entry 3 is not above the one before it.",
		"\"sq\" 0 0 2 10 1 2 0 1\n0 1 2":     "bptsq.data:1: The entries go nowhere; The last engineering value is above the first, and the step is above 0.",
		"\"sq\" 0 0 9 10 1 0 2 1\n0 1 2":     "bptsq.data:1: The table does not lie within its entries",
		"\"sq\" 0 0 2 10 0 0 2 1\n0 1 2":     "bptsq.data:1: The error and the range of raw values have to be above 0",
		"\"sq\" 0 0 2 10 1 0 1e300 1\n0 1 2": "bptsq.data:1: There are 3 values, and the first line speaks of more than 100000",
	} {
		if _, ps := Breakpoints("bptsq.data", []byte(in)); len(ps) != 1 || ps[0].Error() != want {
			t.Errorf("%q: %v\nwant %s", in, ps, want)
		}
	}
}

func FuzzBreakpoints(f *testing.F) {
	f.Add([]byte("\"sq\" 0 0 2 10 1 0 2 1\n0 1 2"))
	f.Add([]byte("! c\nsq -1 0 2 10 .1 -2 2 .5\n0 1 2 3 4 5 6 7 8"))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, ps := Breakpoints("x.data", b)
		if ps.HasErrors() {
			return
		}
		db, ps := Expand([]*File{file}, Options{})
		if ps.HasErrors() {
			t.Fatal(ps)
		}
		if _, ps := Parse("x.dbd", Write(db)); ps != nil {
			t.Fatal(ps)
		}
	})
}
