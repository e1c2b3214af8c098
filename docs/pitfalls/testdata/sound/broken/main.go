//go:build pitfall

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println("lost", 1, os.Getenv("OF"))
	os.Exit(3)
}
