// Alike measures two models that are the same, in several ways, 2,000 times each, and
// prints how often one of them seems to be faster.
package main

import (
	"os"

	"example.com/overlap/docs/code/measuring"
)

func main() { measuring.Alike(os.Stdout) }
