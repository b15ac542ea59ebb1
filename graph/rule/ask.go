package rule

// Ask says of an Action that what it makes depends on when it was asked: what requirements come to in an index of packages, say.
// The first answer is recorded like any other result and counts until `cairn lock TARGET` asks again; no other option does.
// Without a recorded answer --offline and --locked are errors. None of it is keyed.
type Ask struct {
	// Question is the path of an input that holds what is asked. Where that is empty nothing is: nothing runs, and the outputs,
	// which are files, are empty. "" is for actions that always ask.
	Question string
	// File is the source file that `cairn lock` writes the first output's bytes to, relative to the workspace; "" for none.
	File string
}
