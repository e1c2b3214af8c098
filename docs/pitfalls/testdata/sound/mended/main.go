//go:build pitfall

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println("lost", 0, os.Getenv("OF"))
	os.Exit(0)
}
