//go:build pitfall

// Three pages are saved on a disk that is full.
package main

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

//region save

func save(page int) error {
	return fmt.Errorf("page %d: the disk is full", page)
}

func saveAndLose() {
	var wg sync.WaitGroup
	for page := range 3 {
		wg.Go(func() { save(page + 1) })
	}
	wg.Wait()
}

func saveAndKeep() error {
	errs := make([]error, 3)
	var wg sync.WaitGroup
	for page := range errs {
		wg.Go(func() { errs[page] = save(page + 1) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func saveAndPanic() {
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := save(1); err != nil {
			panic(err)
		}
	})
	wg.Wait()
}

//endregion

func main() {
	if len(os.Args) > 1 {
		saveAndPanic()
	}
	saveAndLose()
	fmt.Println("all pages are saved")
	fmt.Println("or rather:", saveAndKeep())
}
