//go:build !unix

package cost

func resetRSS() error { return unsupported("reset of the peak resident memory") }

func peakRSS() (int64, error) { return 0, unsupported("peak resident memory") }
