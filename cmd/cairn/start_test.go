package main

import "testing"

// What every start of cairn pays before a command does anything.
func BenchmarkNewApp(b *testing.B) {
	for b.Loop() {
		newApp()
	}
}
