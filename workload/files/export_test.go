package files

import "os"

// OnOpen puts another function in the place of that which opens files to be read. It is
// given the one that does it.
func OnOpen(b *Batch, open func(open func(string) (*os.File, error), name string) (*os.File, error)) {
	before := b.open
	b.open = func(name string) (*os.File, error) { return open(before, name) }
}

// OnCreate is OnOpen for the files that are written.
func OnCreate(b *Batch, create func(create func(string) (*os.File, error), name string) (*os.File, error)) {
	before := b.create
	b.create = func(name string) (*os.File, error) { return create(before, name) }
}

// OnSync puts another function in the place of that which brings a file to the disk.
func OnSync(b *Batch, sync func(file *os.File) error) { b.sync = sync }

// NoSync leaves it out: on some disks it takes longer than all else that a test does.
func NoSync(b *Batch) { OnSync(b, func(*os.File) error { return nil }) }

// StandardOpen is MaxOpen in a process that may open so many files.
func StandardOpen(limit uint64, known bool) int { return standardOpen(limit, known) }

// FileLimit is what this process may open.
func FileLimit() (uint64, bool) { return fileLimit() }

// Leftover is a name that a killed run may leave, and IsLeftover knows one.
func Leftover() string { return temporaryName() }

// IsLeftover says whether a killed run has left it.
func IsLeftover(name string) bool { return temporary.MatchString(name) }
