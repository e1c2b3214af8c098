//go:build pitfall

// A program with a child, and a connection of each to the address in MEET, which
// closes when they are gone. Neither ends by itself. With the argument `leave` the
// program does, and leaves its child behind.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
)

func main() {
	role := os.Args[len(os.Args)-1]
	conn, err := net.Dial("tcp", os.Getenv("MEET"))
	must(err)
	if role == "child" {
		fmt.Println("met")
		io.Copy(io.Discard, conn)
		return
	}
	child := exec.Command(os.Args[0], "child")
	met, err := child.StdoutPipe()
	must(err)
	must(child.Start())
	io.ReadFull(met, make([]byte, len("met")))
	if role != "leave" {
		io.Copy(io.Discard, conn)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
