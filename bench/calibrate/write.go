package calibrate

import (
	"fmt"
	"io"
)

// Write prints the calibration in words, a line each. The error is w's.
func (c Calibration) Write(w io.Writer) error {
	text := ""
	for i, wait := range waits {
		text += fmt.Sprintf("time.Sleep(%v) takes %s longer\n", ascii(wait), millis(c.Overshoot[i]))
	}
	text += fmt.Sprintf("%s pages a second over loopback, fetched and parsed, at most\n", count(c.Loopback))
	text += fmt.Sprintf("counting a job adds %s to it\n", short(c.Harness))
	text += fmt.Sprintf("%s cores to work with\n", digits(c.Cores))
	_, err := io.WriteString(w, text)
	return err
}
