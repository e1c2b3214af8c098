//go:build !unix

package cost

func resetRSS() error { return unsupported("reset of the peak resident memory") }

func peakRSSOf(int) (int64, error) { return 0, unsupported("peak resident memory of another process") }

func peakRSS() (int64, error) { return 0, unsupported("peak resident memory") }
