package main

import (
	"fmt"
	"os"
)

// The program's whole output, as the chapter has it.
func Example() {
	fmt.Println(run(os.Stdout))
	// Output:
	// /page/7             "Page 7", error: <nil>
	// /page/7             "Page 7", error: <nil>
	// /page/8?status=429  "", error: get /page/8?status=429: status 429 Too Many Requests, retry after 1
	// /page/500           "", error: get /page/500: status 404 Not Found
	// requests       4
	// peak in flight 1
	// duplicates     1
	// no such page   1
	// status         map[200:2 404:1 429:1]
	// order          [/page/7 /page/7 /page/8]
	// <nil>
}
